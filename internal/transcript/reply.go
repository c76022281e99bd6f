package transcript

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
)

const (
	// mediaType is the type of all SCIM bodies (RFC 7644, section 8.1).
	mediaType = "application/scim+json"

	// errorSchema is the URN of SCIM errors (RFC 7644, section 3.12).
	errorSchema = "urn:ietf:params:scim:api:messages:2.0:Error"
)

// reply is what a server answered.
type reply struct {
	accept string // what the request's Accept header said
	status int
	header http.Header
	body   []byte
	value  any   // the body as JSON
	err    error // why value is nil although there is a body
}

func newReply(status int, header http.Header, body []byte) *reply {
	r := &reply{status: status, header: header, body: body}
	if len(body) > 0 {
		r.err = json.Unmarshal(body, &r.value)
	}
	return r
}

// fault is a rule that holds for every reply, and how this one breaks it.
type fault struct{ want, got string }

// faults checks what is the same for all replies. No more than one fault is
// found where others would follow from it.
func (r *reply) faults() []fault {
	if len(r.body) == 0 {
		if r.status == http.StatusNoContent {
			return nil
		}
		return []fault{{"a JSON body", "an empty one"}}
	}
	var faults []fault
	if contentType := r.header.Get("Content-Type"); !isSCIM(contentType) && !r.asksForPlain(contentType) {
		faults = append(faults, fault{"Content-Type " + mediaType, strconv.Quote(contentType)})
	}
	if r.err != nil {
		return append(faults, fault{"a JSON body", r.err.Error()})
	}
	if r.status == http.StatusCreated && r.header.Get("Location") == "" {
		faults = append(faults, fault{"a Location header, as for every 201", "none"})
	}
	if r.status >= 400 {
		faults = append(faults, r.errorFaults()...)
	}
	return faults
}

// errorFaults checks the body of an error. Clients read it to tell what to do:
// Okta gives up on one that is not in this form.
func (r *reply) errorFaults() []fault {
	var faults []fault
	check := func(ok bool, want, pointer string) {
		if !ok {
			faults = append(faults, fault{want, show(r.value, pointer)})
		}
	}
	schemas, _ := lookup(r.value, "/schemas")
	check(slices.Contains(asArray(schemas), any(errorSchema)), "a SCIM error, /schemas contains "+errorSchema, "/schemas")

	status, _ := lookup(r.value, "/status")
	check(status == strconv.Itoa(r.status), fmt.Sprintf("a SCIM error, /status eq %q", strconv.Itoa(r.status)), "/status")

	if detail, found := lookup(r.value, "/detail"); found {
		_, ok := detail.(string)
		check(ok, "a SCIM error whose /detail is a string", "/detail")
	}
	return faults
}

// asksForPlain: a client that names application/json alone may get that
// (RFC 7644, section 3.8; OneLogin's documentation asks for it).
func (r *reply) asksForPlain(contentType string) bool {
	const plain = "application/json"
	t, _, err := mime.ParseMediaType(contentType)
	return err == nil && t == plain && r.accept == plain
}

func isSCIM(contentType string) bool {
	t, _, err := mime.ParseMediaType(contentType)
	return err == nil && t == mediaType
}
