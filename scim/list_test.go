package scim_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/scim"
)

func TestPaging(t *testing.T) {
	s := newServer(t, func(c *scim.Config) { c.MaxResults = 10 })
	for i := range 15 {
		s.user(fmt.Sprintf("u%02d", i))
	}
	for _, c := range []struct {
		id, query               string
		total, start, per, size int
	}{
		{"P-3.4.2-04", "count=5", 15, 1, 5, 5},
		{"P-3.4.2-06", "startIndex=6&count=5", 15, 6, 5, 5},
		{"P-3.4.2-07", "startIndex=11&count=10", 15, 11, 5, 5},
		{"P-3.4.2.4-02", "startIndex=0&count=5", 15, 1, 5, 5},
		{"P-3.4.2.4-02 negative", "startIndex=-3&count=5", 15, 1, 5, 5},
		{"P-3.4.2.4-04", "count=-1", 15, 1, 0, 0},
		{"P-3.4.2.4-05", "count=0", 15, 1, 0, 0},
		{"P-3.4.2.4-06", "", 15, 1, 10, 10},
		{"P-3.4.2.4-07", "count=5000", 15, 1, 10, 10},
		{"P-3.4.2.4-08", "startIndex=100&count=5", 15, 100, 0, 0},
		{"case-insensitive", "startindex=2&COUNT=1", 15, 2, 1, 1},
		{"url-tolerance", "count=5&", 15, 1, 5, 5},
		{"P-3.4.2-02", "aadOptscim062020&foo=bar&count=1", 15, 1, 1, 1},
	} {
		t.Run(c.id, func(t *testing.T) {
			s.t = t
			r := s.get("/Users?" + c.query).total(c.total)
			assert.Equal(t, []any{listURN}, r.doc["schemas"])
			assert.EqualValues(t, c.start, r.doc["startIndex"])
			assert.EqualValues(t, c.per, r.doc["itemsPerPage"])
			assert.Len(t, r.doc["Resources"], c.size)
		})
	}
	s.t = t
	s.get("/Users?count=abc").fails(400, "invalidValue") // P-3.4.2.4-09
	s.get("/Users?startIndex=1.5").fails(400, "invalidValue")
	seen := map[string]bool{} // P-3.4.2.4-11
	for start := 1; start <= 15; start += 4 {
		for _, id := range s.get(fmt.Sprintf("/Users?startIndex=%d&count=4", start)).values("Resources", "id") {
			assert.False(t, seen[id])
			seen[id] = true
		}
	}
	assert.Len(t, seen, 15)
}

func TestListedLikeRead(t *testing.T) { // P-3.4.2-09
	s := newServer(t)
	a := s.create("/Users", `{"userName":"a","emails":[{"value":"a@x","type":"work"}],"`+enterpriseURN+`":{"department":"D"}}`)
	s.group("G", a)
	listed := s.get("/Users").total(1)
	assert.Equal(t, s.get("/Users/"+a).doc, listed.doc["Resources"].([]any)[0])
}

func TestSorting(t *testing.T) {
	s := newServer(t)
	for _, u := range []string{`{"userName":"b","title":"x"}`, `{"userName":"A","title":"Y","emails":[{"value":"z@x"},{"value":"a@x","primary":true}]}`,
		`{"userName":"c","emails":[{"value":"b@x"}],"` + enterpriseURN + `":{"department":"D"}}`} {
		s.create("/Users", u)
	}
	for query, want := range map[string]string{
		"sortBy=userName":                         "A b c",
		"sortBy=userName&sortOrder=ascending":     "A b c",
		"sortBy=userName&sortOrder=Descending":    "c b A",
		"sortBy=title":                            "b A c", // P-3.4.2.3-05
		"sortBy=title&sortOrder=descending":       "c A b",
		"sortBy=emails.value":                     "A c b", // P-3.4.2.3-03
		"sortBy=emails":                           "A c b",
		"sortBy=" + enterpriseURN + ":department": "c b A",
		"sortBy=meta.created":                     "b A c",
		"sortBy=USERNAME&startIndex=2&count=1":    "b",
	} {
		t.Run(query, func(t *testing.T) {
			s.t = t
			assert.Equal(t, want, strings.Join(s.get("/Users?"+query).is(200).values("Resources", "userName"), " "))
		})
	}
	s.t = t
	s.get("/Users?sortBy=name").fails(400, "invalidPath")                   // P-3.4.2.3-04
	s.get("/Users?sortBy=shoeSize").fails(400, "invalidPath")               // AM-29
	s.get("/Users?sortBy=userName&sortOrder=up").fails(400, "invalidValue") // P-3.4.2.3-09
	s.get("/Groups?sortBy=members.value").fails(400, "invalidPath")         // no group holds members
	s.get("/Users?sortBy="+url.QueryEscape(enterpriseURN)).fails(400, "invalidPath")
}

// TestStoreWithoutFilters: what a store can't do, the handler does; it never ignores.
func TestStoreWithoutFilters(t *testing.T) {
	s := newServer(t, func(c *scim.Config) {
		c.Users = noFilters{c.Users}
		c.MaxScan = 5
	})
	for _, name := range []string{"c", "a", "b"} {
		s.user(name)
	}
	assert.Equal(t, []string{"a"}, s.find("/Users", `userName eq "A"`).total(1).values("Resources", "userName"))
	assert.Equal(t, []string{"b", "c"}, s.get("/Users?sortBy=userName&startIndex=2").total(3).values("Resources", "userName"))
	s.find("/Users", `userName eq "nobody"`).total(0)
	for i := range 3 {
		s.user(fmt.Sprint(i))
	}
	s.find("/Users", `userName eq "a"`).fails(400, "tooMany")
	s.get("/Users").total(6)
}

func TestFilterErrors(t *testing.T) {
	for filter, strictOnly := range map[string]bool{
		``: false, ` `: false, // P-3.4.2.2-04
		`userName`: false, `userName eq`: false, `eq "x"`: false, `title pr "x"`: false, // P-3.4.2.2-05
		`userName eq bjensen`: true, `userName eq 'bjensen'`: false, `userName == "bjensen"`: false, `(userName eq "x"`: false, // P-3.4.2.2-28
		`userName eq "x")`: false, `userName eq "x" and`: false, `emails[type eq "work"`: false, `userName eq "unterminated`: false,
		`userName regex "b.*"`: false,                           // P-3.4.2.2-35
		`active gt false`:      false, `active ge false`: false, // P-3.4.2.2-21
		`x509Certificates.value lt "AAAA"`: false, // P-3.4.2.2-23
		`emails[userName eq "x"]`:          false, // P-3.4.2.2-25
		`emails[value[x eq 1]]`:            false, // P-3.4.2.2-27
		`name eq "Barbara"`:                false, // P-3.4.2.2-31
		`shoeSize eq 42`:                   false, // P-3.4.2.1-07
		`active eq "yes"`:                  false, // P-3.4.2.2-40
		`active eq "True"`:                 true,  // string-booleans
		strings.Repeat("(", 10_000) + `title pr` + strings.Repeat(")", 10_000): false, // P-3.4.2.2-46
	} {
		t.Run(filter[:min(len(filter), 40)], func(t *testing.T) {
			newServer(t, strict).find("/Users", filter).fails(400, "invalidFilter")
			if !strictOnly {
				newServer(t).find("/Users", filter).fails(400, "invalidFilter")
				return
			}
			newServer(t).find("/Users", filter).total(0)
		})
	}
}

func TestProjection(t *testing.T) {
	s := newServer(t)
	id := s.create("/Users", `{"userName":"u","nickName":"n","name":{"givenName":"G","familyName":"F"},"emails":[{"value":"a@x","type":"work"}],
		"`+enterpriseURN+`":{"department":"D","costCenter":"C"}}`)
	for query, want := range map[string][]string{
		"attributes=userName":                             {"id", "schemas", "userName"},           // P-3.9-02
		"attributes=userName,%20EMAILS":                   {"emails", "id", "schemas", "userName"}, // P-3.9-08
		"attributes=userName&attributes=emails":           {"emails", "id", "schemas", "userName"},
		"attributes=nope":                                 {"id", "schemas"}, // P-3.9-07
		"attributes=department":                           {"id", "schemas"}, // P-3.10-01
		"attributes=" + enterpriseURN + ":department":     {"id", "schemas", enterpriseURN},
		"attributes=" + userURN + ":name.givenName":       {"id", "name", "schemas"},
		"excludedAttributes=id,schemas,emails,name,meta":  {"id", "nickName", "schemas", enterpriseURN, "userName"},  // P-3.4.2.5-03
		"excludedAttributes=" + enterpriseURN + ",emails": {"id", "meta", "name", "nickName", "schemas", "userName"}, // P-3.9-06
	} {
		t.Run(query, func(t *testing.T) {
			s.t = t
			one := s.get("/Users/" + id + "?" + query).is(200)
			var names []string
			for name := range one.doc {
				names = append(names, name)
			}
			slices.Sort(names)
			slices.Sort(want)
			assert.Equal(t, want, names)
			assert.Equal(t, one.doc, s.get("/Users?" + query).doc["Resources"].([]any)[0])
		})
	}
	s.t = t
	r := s.get("/Users/" + id + "?attributes=name.givenName,emails.value")
	assert.Equal(t, map[string]any{"givenName": "G"}, r.doc["name"])
	assert.Equal(t, []any{map[string]any{"value": "a@x"}}, r.doc["emails"])                                                                     // P-3.9-05
	s.get("/Users/"+id+"?attributes=userName&excludedAttributes=emails").fails(400, "invalidValue")                                             // P-3.9-04
	require.NotContains(t, s.do("POST", "/Users?excludedAttributes=emails", `{"userName":"v","emails":[{"value":"x"}]}`).is(201).doc, "emails") // P-3.9-01
}
