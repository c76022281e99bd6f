package transcript

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// answer is what a server of these tests says.
type answer struct {
	status int
	body   string
}

// startServer starts a server that gives the answers one after the other, and
// the last one again and again.
func startServer(t *testing.T, answers ...answer) *Player {
	t.Helper()
	var (
		mu   sync.Mutex
		next int
	)
	return startHandler(t, func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		a := answers[min(next, len(answers)-1)]
		next++
		mu.Unlock()
		writeAnswer(w, a)
	})
}

func startHandler(t *testing.T, h http.HandlerFunc) *Player {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return &Player{BaseURL: srv.URL + "/scim/", Token: "secret"}
}

func writeAnswer(w http.ResponseWriter, a answer) {
	if a.body != "" {
		w.Header().Set("Content-Type", "application/scim+json;charset=utf-8")
	}
	if a.status == http.StatusCreated {
		w.Header().Set("Location", "/scim/Users/1")
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

// parse makes a transcript of steps.
func parse(t *testing.T, steps ...string) *Transcript {
	t.Helper()
	tr, err := Parse("test", []byte(`{"steps":[`+strings.Join(steps, ",")+`]}`))
	require.NoError(t, err)
	return tr
}

// messages returns the failures without the parts that don't matter to a test.
func messages(failures []*Failure) []string {
	var all []string
	for _, f := range failures {
		all = append(all, fmt.Sprintf("step %d: want %s; got %s", f.Step, f.Want, f.Got))
	}
	return all
}

// wire plays a transcript against a bare socket and returns each request as it
// came in, since net/http hides on both sides what it adds and drops.
func wire(t *testing.T, tr *Transcript) []string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	requests := make(chan []string, 1)
	go func() {
		var all []string
		defer func() { requests <- all }()
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		r := bufio.NewReader(conn)
		for range tr.Steps {
			text, err := readRequest(r)
			all = append(all, text)
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n")
		}
	}()
	p := &Player{BaseURL: "http://" + l.Addr().String() + "/scim", Token: "secret", Vars: map[string]string{"user.id": "a/b ä"}}
	failures := p.Play(t.Context(), tr)
	require.NoError(t, l.Close())
	require.Empty(t, messages(failures))
	return <-requests
}

// readRequest reads a request whose body, if any, is announced by length.
func readRequest(r *bufio.Reader) (string, error) {
	var text strings.Builder
	length := 0
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return text.String(), err
		}
		if strings.HasPrefix(line, "Host: ") {
			continue // differs from run to run
		}
		_, _ = fmt.Sscanf(line, "Content-Length: %d", &length)
		if line == "\r\n" {
			break
		}
		text.WriteString(strings.TrimSuffix(line, "\r\n") + "\n")
	}
	body := make([]byte, length)
	_, err := io.ReadFull(r, body)
	text.Write(body)
	return text.String(), err
}

func TestRequestsOnTheWire(t *testing.T) {
	tr := parse(t,
		`{"method":"GET","path":"/Users","expect":{"status":[204]}}`,
		`{"method":"GET","path":"/Users","query":"","headers":{"User-Agent":""},"expect":{"status":[204]}}`,
		`{"method":"GET","path":"/Users/{{user.id}}","query":"filter=a+eq+%22{{user.id}}%22&b=%2f&",
			"headers":{"User-Agent":"Okta SCIM Client 1.0.0","Connection":"Keep-Alive","Accept-Encoding":"gzip,deflate"},"expect":{"status":[204]}}`,
		`{"method":"GET","path":"/Schemas/urn:ietf:params:scim:schemas:core:2.0:User","headers":{"ADSCIMVersion":"6.0"},"expect":{"status":[204]}}`,
		`{"method":"POST","path":"/Users","headers":{"Authorization":"Bearer {{token}}","Content-Type":"application/json"},
			"body": { "z":1.0, "a": "{{user.id}}\u00e9", "z":2, "b":[ {}, "<&>" ] }, "expect":{"status":[204]}}`,
		`{"method":"DELETE","path":"/Users/1","body":null,"expect":{"status":[204]}}`,
		`{"method":"POST","path":"/Users","expect":{"status":[204]}}`,
	)
	want := []string{
		"GET /scim/Users HTTP/1.1\n",
		"GET /scim/Users? HTTP/1.1\nuser-agent: \n",
		"GET /scim/Users/a%2Fb%20%C3%A4?filter=a+eq+%22a%2Fb+%C3%A4%22&b=%2f& HTTP/1.1\n" +
			"User-Agent: Okta SCIM Client 1.0.0\nAccept-Encoding: gzip,deflate\nConnection: Keep-Alive\n",
		"GET /scim/Schemas/urn:ietf:params:scim:schemas:core:2.0:User HTTP/1.1\nADSCIMVersion: 6.0\n",
		"POST /scim/Users HTTP/1.1\nContent-Length: 56\nAuthorization: Bearer secret\nContent-Type: application/json\n" +
			`{"z":1.0,"a":"a/b ä\u00e9","z":2,"b":[{},"<&>"]}`,
		"DELETE /scim/Users/1 HTTP/1.1\nContent-Length: 4\nnull",
		"POST /scim/Users HTTP/1.1\nContent-Length: 0\n",
	}
	want[4] = strings.Replace(want[4], "56", fmt.Sprint(len(`{"z":1.0,"a":"a/b ä\u00e9","z":2,"b":[{},"<&>"]}`)), 1)
	assert.Empty(t, cmp.Diff(want, wire(t, tr)))
}

func TestCapturedValuesReachLaterSteps(t *testing.T) {
	var got []string
	p := startHandler(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, r.Method+" "+r.URL.RequestURI()+" "+string(body))
		writeAnswer(w, answer{201, `{"id":"a\"/b","members":[{"value":"a\"/b"}],"list":{"a\"/b":1}}`})
	})
	failures := p.Play(t.Context(), parse(t,
		`{"method":"POST","path":"/Users","body":{},"capture":{"u.id":"/id"},"expect":{"status":[201]}}`,
		`{"method":"PATCH","path":"/Users/{{u.id}}","query":"f={{u.id}}","body":{"v":"x {{u.id}}"},"expect":{"status":[201],"assert":[
			{"ptr":"/id","eq":"{{u.id}}"},
			{"ptr":"/list/{{u.id}}","eq":1},
			{"ptr":"/members","setEqBy":"value","eq":["{{u.id}}"]},
			{"ptr":"/members","anyMatch":{"value":"{{u.id}}"}}]}}`,
	))
	assert.Empty(t, messages(failures))
	assert.Equal(t, []string{
		`POST /scim/Users {}`,
		`PATCH /scim/Users/a%22%2Fb?f=a%22%2Fb {"v":"x a\"/b"}`,
	}, got)
}

func TestCaptureOfWhatIsNotThere(t *testing.T) {
	for _, tt := range []struct{ body, got string }{
		{`{}`, "nothing there"}, {`{"id":7}`, "7"}, {`{"id":""}`, `""`}, {`{"id":null}`, "null"},
	} {
		p := startServer(t, answer{200, tt.body})
		failures := p.Play(t.Context(), parse(t,
			`{"method":"GET","path":"/a","capture":{"u.id":"/id"},"expect":{"status":[200]}}`,
			`{"method":"GET","path":"/b/{{u.id}}","expect":{"status":[200]}}`,
			`{"method":"GET","path":"/c","expect":{"status":[404]}}`,
		))
		assert.Equal(t, []string{
			"step 1: want a string at /id, for {{u.id}}; got " + tt.got,
			"step 2: want a request to send; got no value for {{u.id}}",
		}, messages(failures), "the third step must not be played")
	}
}

func TestErrorRepliesAreNotCaptured(t *testing.T) {
	p := startServer(t, answer{409, scimError(409)})
	failures := p.Play(t.Context(), parse(t,
		`{"method":"POST","path":"/a","capture":{"u.id":"/id"},"expect":{"status":[201]}}`))
	assert.Equal(t, []string{"step 1: want status 201; got status 409"}, messages(failures))
}

func TestPlaceholdersWithoutAValue(t *testing.T) {
	p := startServer(t, answer{200, `{"a":1}`})
	for name, step := range map[string]string{
		"path":   `{"method":"GET","path":"/{{nope}}","expect":{"status":[200]}}`,
		"query":  `{"method":"GET","path":"/a","query":"{{nope}}","expect":{"status":[200]}}`,
		"header": `{"method":"GET","path":"/a","headers":{"X":"{{nope}}"},"expect":{"status":[200]}}`,
		"body":   `{"method":"GET","path":"/a","body":"{{nope}}","expect":{"status":[200]}}`,
		"eq":     `{"method":"GET","path":"/a","expect":{"status":[200],"assert":[{"ptr":"/a","eq":"{{nope}}"}]}}`,
		"ptr":    `{"method":"GET","path":"/a","expect":{"status":[200],"assert":[{"ptr":"/{{nope}}","eq":1}]}}`,
		"space":  `{"method":"GET","path":"/a","query":"{{ token }}","expect":{"status":[200]}}`,
	} {
		failures := p.Play(t.Context(), parse(t, step))
		if assert.Len(t, failures, 1, name) {
			assert.Contains(t, failures[0].Got, "no value for {{", name)
		}
	}
}

func TestRequestsThatCantBeMade(t *testing.T) {
	p := startServer(t, answer{200, `{}`})
	failures := p.Play(t.Context(), parse(t, `{"method":"G T","path":"/a","expect":{"status":[200]}}`))
	require.Len(t, failures, 1)
	assert.Contains(t, failures[0].Got, "invalid method")

	// A variable in place of a whole value would have to be JSON itself.
	tr := parse(t, `{"method":"GET","path":"/a","expect":{"status":[200]}}`)
	tr.Steps[0].Body = []byte(`{`)
	failures = p.Play(t.Context(), tr)
	require.Len(t, failures, 1)
	assert.Contains(t, failures[0].Got, "unexpected end of JSON")
}

func TestRunnerSuppliedValues(t *testing.T) {
	names := []string{
		"token", "badToken", "randomGuid", "randomEmail", "randomUsername", "randomUsernameCaps", "randomInvalidUser",
		"randomGivenName", "randomFamilyName", "lastWatermark", "currentTime", "app", "testUserEmail", "testGroup",
	}
	one, two := newVariables("secret", nil), newVariables("secret", nil)
	for _, name := range names {
		assert.NotEmpty(t, one[name], name)
		if strings.HasPrefix(name, "random") || name == "badToken" {
			assert.NotEqual(t, one[name], two[name], name)
		}
	}
	assert.Equal(t, "secret", one["token"])
	assert.NotEqual(t, "secret", one["badToken"])
	assert.Equal(t, strings.ToUpper(one["randomUsername"]), one["randomUsernameCaps"])
	assert.NotEqual(t, one["randomUsername"], one["randomUsernameCaps"])
	assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, one["randomGuid"])
	assert.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$`, one["lastWatermark"])
	assert.Less(t, one["currentTime"], one["lastWatermark"])

	over := newVariables("secret", map[string]string{"app": "mine", "more": "x"})
	assert.Equal(t, "mine", over["app"])
	assert.Equal(t, "x", over["more"])
}

// TestRandomValuesStayWithinATranscript looks at them from the server.
func TestRandomValuesStayWithinATranscript(t *testing.T) {
	var seen []string
	p := startHandler(t, func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.URL.Query().Get("u"))
		writeAnswer(w, answer{200, `{}`})
	})
	step := `{"method":"GET","path":"/a","query":"u={{randomEmail}}","expect":{"status":[200]}}`
	tr := parse(t, step, step)
	require.Empty(t, p.Play(t.Context(), tr))
	require.Empty(t, p.Play(t.Context(), tr))
	require.Len(t, seen, 4)
	assert.Contains(t, seen[0], "@example.com")
	assert.Equal(t, seen[0], seen[1])
	assert.NotEqual(t, seen[0], seen[2])
}

func scimError(status int) string {
	return fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"%d","detail":"d"}`, status)
}

func TestStatus(t *testing.T) {
	step := `{"method":"GET","path":"/a","expect":{"status":[200,404],"assert":[{"ptr":"/n","eq":0}]}}`
	for _, tt := range []struct {
		answer answer
		want   []string
	}{
		{answer{200, `{"n":0}`}, nil},
		{answer{200, `{"n":1}`}, []string{"step 1: want /n eq 0; got 1"}},
		// The assertion is about the 200.
		{answer{404, scimError(404)}, nil},
		{answer{500, scimError(500)}, []string{"step 1: want status 200 or 404; got status 500"}},
		// No body, no assertion; but it is not a 204 that was asked for.
		{answer{204, ``}, []string{"step 1: want status 200 or 404; got status 204"}},
	} {
		p := startServer(t, tt.answer)
		assert.Equal(t, tt.want, messages(p.Play(t.Context(), parse(t, step))))
	}
}

func TestAssertionsOnAnExpectedError(t *testing.T) {
	p := startServer(t, answer{401, scimError(401)})
	failures := p.Play(t.Context(), parse(t, `{"method":"GET","path":"/a","expect":{"status":[401],"assert":[
		{"ptr":"/status","eq":"401"},{"ptr":"/detail","eq":"other"}]}}`))
	assert.Equal(t, []string{`step 1: want /detail eq "other"; got "d"`}, messages(failures))
}

func TestAssertionsAreSkippedOn204(t *testing.T) {
	p := startServer(t, answer{204, ``})
	failures := p.Play(t.Context(), parse(t,
		`{"method":"PATCH","path":"/a","expect":{"status":[200,204],"assert":[{"ptr":"/n","eq":0}]}}`))
	assert.Empty(t, messages(failures))
}

func TestRulesForEveryReply(t *testing.T) {
	const (
		media = "step 1: want Content-Type application/scim+json; got "
		urn   = "step 1: want a SCIM error, /schemas contains urn:ietf:params:scim:api:messages:2.0:Error; got "
	)
	scim := http.Header{"Content-Type": {"application/scim+json"}}
	for name, tt := range map[string]struct {
		status int
		header http.Header
		body   string
		want   []string
	}{
		"good":                {200, scim, `{}`, nil},
		"charset":             {200, http.Header{"Content-Type": {"application/SCIM+json; charset=utf-8"}}, `{}`, nil},
		"plain JSON":          {200, http.Header{"Content-Type": {"application/json"}}, `{}`, []string{media + `"application/json"`}},
		"no type":             {200, http.Header{"Content-Type": nil}, `{}`, []string{media + `""`}},
		"empty":               {200, scim, ``, []string{"step 1: want a JSON body; got an empty one"}},
		"not JSON":            {200, scim, `<p>`, []string{"step 1: want a JSON body; got invalid character '<' looking for beginning of value"}},
		"created, unlocated":  {201, scim, `{}`, []string{"step 1: want a Location header, as for every 201; got none"}},
		"error":               {404, scim, scimError(404), nil},
		"error, empty":        {404, scim, ``, []string{"step 1: want a JSON body; got an empty one"}},
		"error, text":         {404, http.Header{"Content-Type": {"text/plain"}}, `404`, []string{media + `"text/plain"`, urn + "nothing there", `step 1: want a SCIM error, /status eq "404"; got nothing there`}},
		"error, other status": {404, scim, scimError(400), []string{`step 1: want a SCIM error, /status eq "404"; got "400"`}},
		"error, number":       {404, scim, strings.Replace(scimError(404), `"404"`, `404`, 1), []string{`step 1: want a SCIM error, /status eq "404"; got 404`}},
		"error, list":         {404, scim, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"status":"404"}`, []string{urn + `["urn:ietf:params:scim:api:messages:2.0:ListResponse"]`}},
		"error, odd detail":   {404, scim, strings.Replace(scimError(404), `"d"`, `["d"]`, 1), []string{`step 1: want a SCIM error whose /detail is a string; got ["d"]`}},
	} {
		t.Run(name, func(t *testing.T) {
			p := startHandler(t, func(w http.ResponseWriter, _ *http.Request) {
				for name, values := range tt.header {
					w.Header()[name] = values
				}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			})
			failures := p.Play(t.Context(), parse(t, fmt.Sprintf(
				`{"method":"GET","path":"/a","expect":{"status":[%d]}}`, tt.status)))
			assert.Equal(t, tt.want, messages(failures))
		})
	}
}

func TestFailureError(t *testing.T) {
	long := `{"n":"` + strings.Repeat("ä", maxShown) + `"}`
	p := startServer(t, answer{200, long})
	failures := p.Play(t.Context(), parse(t,
		`{"method":"GET","path":"/Users","query":"a=b","expect":{"status":[200],"assert":[{"ptr":"/m","eq":1}]}}`))
	require.Len(t, failures, 1)
	text := failures[0].Error()
	assert.Contains(t, text, "test.json: step 1: GET /Users?a=b: want /m eq 1; got nothing there\n\tbody: {\"n\":\"ää")
	assert.Contains(t, text, fmt.Sprintf("… (%d bytes)", len(long)))
	assert.Less(t, len(text), maxShown+200)
	assert.NotContains(t, text, "\uFFFD", "cut within a character")

	failures[0].Body = ""
	assert.NotContains(t, failures[0].Error(), "body")
}

func TestNoReply(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := startServer(t, answer{200, `{}`})
	failures := p.Play(ctx, parse(t,
		`{"method":"GET","path":"/a","expect":{"status":[200]}}`,
		`{"method":"GET","path":"/b","expect":{"status":[200]}}`))
	require.Len(t, failures, 1, "the second step must not be played")
	assert.Equal(t, "a reply", failures[0].Want)
	assert.Contains(t, failures[0].Got, "context canceled")
}

func TestReplyThatBreaksOff(t *testing.T) {
	p := startHandler(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"a":`)
	})
	failures := p.Play(t.Context(), parse(t, `{"method":"GET","path":"/a","expect":{"status":[200]}}`))
	require.Len(t, failures, 1)
	assert.Contains(t, failures[0].Got, "reading the reply")
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	p := startHandler(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/a") {
			http.Redirect(w, r, "/scim/b", http.StatusTemporaryRedirect)
			return
		}
		writeAnswer(w, answer{200, `{}`})
	})
	p.Client = &http.Client{}
	failures := p.Play(t.Context(), parse(t, `{"method":"POST","path":"/a","body":{},"expect":{"status":[200]}}`))
	assert.Equal(t, []string{
		"step 1: want status 200; got status 307", "step 1: want a JSON body; got an empty one",
	}, messages(failures))
	assert.Nil(t, p.Client.CheckRedirect, "the caller's client must stay as it is")
}

func TestCompressedReplies(t *testing.T) {
	var zipped, deflated bytes.Buffer
	zw := gzip.NewWriter(&zipped)
	_, _ = io.WriteString(zw, `{"n":1}`)
	require.NoError(t, zw.Close())
	fw := zlib.NewWriter(&deflated)
	_, _ = io.WriteString(fw, `{"n":1}`)
	require.NoError(t, fw.Close())

	for _, tt := range []struct {
		encoding, body string
		want           string
	}{
		{"gzip", zipped.String(), ""},
		{"deflate", deflated.String(), ""},
		{"identity", `{"n":1}`, ""},
		{"br", "?", `Content-Encoding "br"`},
		{"gzip", "no", "EOF"},
	} {
		p := startHandler(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", tt.encoding)
			writeAnswer(w, answer{200, tt.body})
		})
		failures := p.Play(t.Context(), parse(t, `{"method":"GET","path":"/a","headers":{"Accept-Encoding":"gzip,deflate"},
			"expect":{"status":[200],"assert":[{"ptr":"/n","eq":1}]}}`))
		if tt.want == "" {
			assert.Empty(t, messages(failures), tt.encoding)
			continue
		}
		if assert.Len(t, failures, 1, tt.encoding) {
			assert.Contains(t, failures[0].Got, tt.want)
		}
	}
}

func TestOwnTransport(t *testing.T) {
	p := startServer(t, answer{200, `{}`})
	calls := 0
	p.Client = &http.Client{Transport: roundTripFunc(func(r *http.Request) (*http.Response, error) {
		calls++
		return http.DefaultTransport.RoundTrip(r)
	})}
	assert.Empty(t, messages(p.Play(t.Context(), parse(t, `{"method":"GET","path":"/a","expect":{"status":[200]}}`))))
	assert.Equal(t, 1, calls)
}

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestSeedUsers(t *testing.T) {
	names := map[string]bool{}
	p := startHandler(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		names[string(body)] = true
		assert.Equal(t, "POST /scim/Users", r.Method+" "+r.URL.Path)
		assert.Equal(t, "Bearer secret", r.Header.Get("Authorization"))
		writeAnswer(w, answer{201, `{"id":"1"}`})
	})
	require.NoError(t, p.SeedUsers(t.Context(), 11))
	assert.Len(t, names, 11, "each user has a name of its own")

	p = startServer(t, answer{409, scimError(409)})
	assert.ErrorContains(t, p.SeedUsers(t.Context(), 1), "status 409")
	require.NoError(t, p.SeedUsers(t.Context(), 0))

	p.BaseURL = "http://[::1"
	assert.ErrorContains(t, p.SeedUsers(t.Context(), 1), "seeding")
	p.BaseURL = "http://127.0.0.1:1"
	assert.ErrorContains(t, p.SeedUsers(t.Context(), 1), "seeding")
}
