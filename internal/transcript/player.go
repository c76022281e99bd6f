package transcript

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	// timeout is how long Okta waits for a reply. Other clients are less
	// patient, but this is not a measurement.
	timeout = 60 * time.Second

	// maxReply bounds what is read of a reply, so that a server that never
	// ends one makes a failure and not a crash.
	maxReply = 16 << 20

	// maxShown bounds what an error shows of a reply.
	maxShown = 600
)

// A Player plays transcripts against a server. It may be used by several
// goroutines at once.
type Player struct {
	// BaseURL is the server's SCIM base URL, with or without a slash at the
	// end.
	BaseURL string

	// Token is the value of {{token}}.
	Token string

	// Vars are values of placeholders, in place of the player's own or in
	// addition to them. May be nil.
	Vars map[string]string

	// Client sends the requests. Its CheckRedirect is not used, because
	// redirects are never followed. If it has no Transport, or is nil, one is
	// used that adds no header. Any other one should have compression
	// disabled, or it asks for it where the transcript does not.
	Client *http.Client
}

// A Failure is something that a server did not do as the sender of a request
// expects.
type Failure struct {
	Transcript string
	Step       int // from 1
	Method     string
	Path       string // as sent, with the query
	Want       string
	Got        string
	Body       string // of the reply, shortened; empty if there was none
}

// Error returns the failure on one line, and the reply's body on a second.
func (f *Failure) Error() string {
	s := fmt.Sprintf("%s.json: step %d: %s %s: want %s; got %s",
		f.Transcript, f.Step, f.Method, f.Path, f.Want, f.Got)
	if f.Body != "" {
		s += "\n\tbody: " + f.Body
	}
	return s
}

// Play plays a transcript and returns all that went wrong, in order. It goes on
// after a failure for as long as the next request can be sent: one that needs
// a value that could not be captured ends the play.
//
// The server must be as [Transcript.Needs] says.
func (p *Player) Play(ctx context.Context, t *Transcript) []*Failure {
	client, done := p.client()
	defer done()
	r := &run{
		base:   strings.TrimSuffix(p.BaseURL, "/"),
		client: client,
		vars:   newVariables(p.Token, p.Vars),
	}
	for i := range t.Steps {
		r.current = Failure{Transcript: t.Name, Step: i + 1, Method: t.Steps[i].Method, Path: t.Steps[i].Path}
		if !r.play(ctx, &t.Steps[i]) {
			break
		}
	}
	return r.failures
}

// SeedUsers creates n users, for transcripts that want a server with some.
func (p *Player) SeedUsers(ctx context.Context, n int) error {
	client, done := p.client()
	defer done()
	for range n {
		body := fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"seed-%s@example.com","active":true}`, randomText())
		req, err := http.NewRequestWithContext(ctx, http.MethodPost,
			strings.TrimSuffix(p.BaseURL, "/")+"/Users", strings.NewReader(body))
		if err != nil {
			return fmt.Errorf("transcript: seeding: %w", err)
		}
		req.Header.Set("Authorization", "Bearer "+p.Token)
		req.Header.Set("Content-Type", mediaType)
		resp, err := send(client, req)
		if err != nil {
			return fmt.Errorf("transcript: seeding: %w", err)
		}
		if resp.status != http.StatusCreated {
			return fmt.Errorf("transcript: seeding: POST /Users: status %d: %s", resp.status, shorten(resp.body))
		}
	}
	return nil
}

// client returns the client to send with, and what to call after the last
// request.
func (p *Player) client() (client *http.Client, done func()) {
	client = &http.Client{Timeout: timeout}
	if p.Client != nil {
		*client = *p.Client
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if client.Transport != nil {
		return client, func() {}
	}
	client.Transport = &http.Transport{DisableCompression: true}
	return client, client.CloseIdleConnections
}

// run is one play of a transcript.
type run struct {
	base     string
	client   *http.Client
	vars     variables
	current  Failure // what failures of the current step have in common
	failures []*Failure
}

func (r *run) fail(want, got string) {
	f := r.current
	f.Want, f.Got = want, got
	r.failures = append(r.failures, &f)
}

// play plays one step. It reports whether the next one can be played.
func (r *run) play(ctx context.Context, s *Step) bool {
	req, err := r.request(ctx, s)
	if err != nil {
		r.fail("a request to send", err.Error())
		return false
	}
	resp, err := send(r.client, req)
	if err != nil {
		r.fail("a reply", err.Error())
		return false
	}
	r.current.Body = shorten(resp.body)
	resp.accept = req.Header.Get("Accept")

	if !slices.Contains(s.Expect.Status, resp.status) {
		r.fail("status "+statuses(s.Expect.Status), fmt.Sprintf("status %d", resp.status))
	}
	for _, fault := range resp.faults() {
		r.fail(fault.want, fault.got)
	}
	r.capture(s, resp)
	r.assert(s, resp)
	return true
}

// request makes the request of a step. Nothing is in it but what the step
// says.
func (r *run) request(ctx context.Context, s *Step) (*http.Request, error) {
	target, err := r.vars.expand(s.Path, url.PathEscape)
	if err != nil {
		return nil, err
	}
	if s.Query != nil {
		query, err := r.vars.expand(*s.Query, url.QueryEscape)
		if err != nil {
			return nil, err
		}
		target += "?" + query
	}
	r.current.Path = target

	var body io.Reader
	if len(s.Body) > 0 {
		text, err := r.vars.expandJSON(s.Body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, s.Method, r.base+target, body)
	if err != nil {
		return nil, err
	}
	// An empty value keeps net/http from adding a User-Agent of its own.
	req.Header["User-Agent"] = []string{""}
	for name, value := range s.Headers {
		if value, err = r.vars.expand(value, verbatim); err != nil {
			return nil, err
		}
		if value == "" && strings.EqualFold(name, "User-Agent") {
			// net/http can't send it empty under its own spelling.
			name = "user-agent"
		}
		req.Header[name] = []string{value}
	}
	return req, nil
}

// capture keeps what later steps need of a reply. An error has nothing to
// keep; that it is one has been reported, or is as it should be.
func (r *run) capture(s *Step, resp *reply) {
	if resp.status >= 300 {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(s.Capture)) {
		pointer := s.Capture[name]
		value, _ := lookup(resp.value, pointer)
		text, ok := value.(string)
		if !ok || text == "" {
			r.fail(fmt.Sprintf("a string at %s, for {{%s}}", pointer, name), show(resp.value, pointer))
			continue
		}
		r.vars[name] = text
	}
}

// assert makes the assertions of a step, where the reply is of the sort that
// they speak of.
func (r *run) assert(s *Step, resp *reply) {
	if resp.status == http.StatusNoContent {
		return
	}
	if resp.status >= 400 && slices.Min(s.Expect.Status) < 300 {
		return
	}
	for i := range s.Expect.Assert {
		a := s.Expect.Assert[i]
		pointer, err := r.vars.expand(a.Pointer, escapePointer)
		if err != nil {
			r.fail(a.describe(string(a.Operand)), err.Error())
			continue
		}
		a.Pointer = pointer
		text, err := r.vars.expandJSON(a.Operand)
		if err != nil {
			r.fail(a.describe(string(a.Operand)), err.Error())
			continue
		}
		var operand any
		if err := json.Unmarshal(text, &operand); err != nil {
			r.fail(a.describe(string(text)), err.Error())
			continue
		}
		got, found := lookup(resp.value, a.Pointer)
		if !a.holds(got, found, operand) {
			r.fail(a.describe(string(text)), show(resp.value, a.Pointer))
		}
	}
}

// send sends a request and reads the whole reply.
func send(client *http.Client, req *http.Request) (*reply, error) {
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := decoded(resp)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(body, maxReply))
	if err != nil {
		return nil, fmt.Errorf("reading the reply: %w", err)
	}
	return newReply(resp.StatusCode, resp.Header, text), nil
}

// decoded undoes the Content-Encoding of a reply: a client that writes
// Accept-Encoding itself has to.
func decoded(resp *http.Response) (io.Reader, error) {
	switch encoding := resp.Header.Get("Content-Encoding"); strings.ToLower(encoding) {
	case "", "identity":
		return resp.Body, nil
	case "gzip":
		return gzip.NewReader(resp.Body)
	case "deflate":
		return zlib.NewReader(resp.Body)
	default:
		return nil, fmt.Errorf("reply has the Content-Encoding %q", encoding)
	}
}

func statuses(list []int) string {
	words := make([]string, len(list))
	for i, status := range list {
		words[i] = fmt.Sprint(status)
	}
	return strings.Join(words, " or ")
}

// show returns what is at a pointer, for an error.
func show(doc any, pointer string) string {
	v, found := lookup(doc, pointer)
	if !found {
		return "nothing there"
	}
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return shorten(text)
}

// shorten cuts text to what is good to read in an error.
func shorten(text []byte) string {
	if len(text) <= maxShown {
		return string(text)
	}
	return fmt.Sprintf("%s… (%d bytes)", strings.ToValidUTF8(string(text[:maxShown]), ""), len(text))
}
