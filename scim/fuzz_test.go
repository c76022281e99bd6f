package scim_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
)

// FuzzHandler: no request makes a panic or a 500, in either dialect, and every error
// is a SCIM error.
func FuzzHandler(f *testing.F) {
	for _, seed := range [][3]string{
		{"GET", "/Users?filter=userName eq \"a\"&sortBy=userName&attributes=name.givenName", ""},
		{"POST", "/Users", `{"userName":"x","emails":[{"value":"a","primary":"True"}]}`},
		{"PATCH", "/Users/{id}", `{"Operations":[{"op":"Add","path":"emails[type eq \"work\"].value","value":"x"}]}`},
		{"PATCH", "/Groups/{g}", `{"Operations":[{"op":"Remove","path":"members","value":[{"value":"{id}"}]}]}`},
		{"PUT", "/Groups/{g}", `{"displayName":"g","members":[]}`},
		{"POST", "/.search", `{"filter":"members eq \"x\"","cursor":""}`},
		{"POST", "/Bulk", `{"Operations":[{"method":"POST","path":"/Users","bulkId":"a","data":{"userName":"bulkId:a"}}]}`},
		{"DELETE", "/Users/{id}", ""},
		{"GET", "/Users?cursor=abc&count=-1", ""},
		{"GET", "/Schemas/urn:x?filter=a", ""},
	} {
		f.Add(seed[0], seed[1], seed[2], false)
		f.Add(seed[0], seed[1], seed[2], true)
	}
	f.Fuzz(func(t *testing.T, method, path, body string, strict bool) {
		req, err := http.NewRequest("POST", "http://example.com/", strings.NewReader(body))
		require.NoError(t, err)
		path, query, _ := strings.Cut(path, "?")
		req.Method, req.URL = method, &url.URL{Path: path, RawQuery: query}
		req.Header.Set("Authorization", "Bearer t")
		store := memstore.New()
		c := scim.Config{
			BaseURL: "https://example.com", Auth: scim.StaticToken("t", scim.Scope{}), Users: store, Groups: store,
			MaxBulkOperations: 10, Logger: slog.New(slog.DiscardHandler),
		}
		if strict {
			c.Settings = scim.Fixed(scim.Settings{Dialect: scim.Strict()})
		}
		h, err := scim.New(c)
		require.NoError(t, err)
		fill := func(path, body string) string {
			r := httptest.NewRequest("POST", path, strings.NewReader(body))
			r.Header.Set("Authorization", "Bearer t")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			location := w.Header().Get("Location")
			return location[strings.LastIndexByte(location, '/')+1:]
		}
		id := fill("/Users", `{"schemas":["`+userURN+`"],"userName":"ann","name":{"givenName":"A"},"emails":[{"value":"a@x","type":"home"}]}`)
		g := fill("/Groups", `{"schemas":["`+groupURN+`"],"displayName":"g","members":[{"value":"`+id+`"}]}`)
		place := strings.NewReplacer("{id}", id, "{g}", g)
		req.URL.Path = place.Replace(req.URL.Path)
		req.Body = http.NoBody
		if body != "" {
			req = req.Clone(t.Context())
			req.Body = &readCloser{strings.NewReader(place.Replace(body))}
		}

		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		if w.Code >= 400 {
			require.Contains(t, w.Body.String(), errorURN)
		}
		require.NotEqual(t, http.StatusInternalServerError, w.Code, w.Body)
	})
}

type readCloser struct{ *strings.Reader }

func (*readCloser) Close() error { return nil }
