package notice

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// The events of RFC 9967, table 1, that a [Feed] makes.
const (
	FeedAdd      = "urn:ietf:params:scim:event:feed:add"
	FeedRemove   = "urn:ietf:params:scim:event:feed:remove"
	CreateNotice = "urn:ietf:params:scim:event:prov:create:notice"
	CreateFull   = "urn:ietf:params:scim:event:prov:create:full"
	PatchNotice  = "urn:ietf:params:scim:event:prov:patch:notice"
	PatchFull    = "urn:ietf:params:scim:event:prov:patch:full"
	Delete       = "urn:ietf:params:scim:event:prov:delete"
	Activate     = "urn:ietf:params:scim:event:prov:activate"
	Deactivate   = "urn:ietf:params:scim:event:prov:deactivate"
)

// TokenType is the "typ" in the header of a signed token (RFC 8417, section 2.3).
const TokenType = "secevent+jwt"

// Feed says how tokens for one receiver, or several that share them, are made.
type Feed struct {
	// Issuer and Audience are the claims "iss" and "aud": who sends, and to whom.
	Issuer   string
	Audience []string

	// Full puts the data into tokens, not only the names of attributes. A change of
	// so many members that their ids are not known is a notice all the same.
	Full bool

	// BaseURL, if not empty, stands before the locations in the data. Endpoints has
	// those of the resource types, by name; where it has none it is the type's own, or
	// the name with an "s".
	BaseURL   string
	Endpoints map[string]string

	// Now is the clock; if nil it is time.Now.
	Now func() time.Time
}

// Claims are the claims of one token, to be marshalled and signed.
type Claims struct {
	ID       string   `json:"jti"`
	Issuer   string   `json:"iss"`
	Audience []string `json:"aud,omitempty"`
	IssuedAt int64    `json:"iat"`

	// Occurred is when it happened (RFC 8417, section 2.2), Transaction what happened:
	// it is the same in the tokens of all receivers.
	Occurred    int64  `json:"toe"`
	Transaction string `json:"txn"`

	Subject Subject            `json:"sub_id"`
	Events  map[string]Payload `json:"events"`
}

// Subject names the resource (RFC 9967, section 2.1).
type Subject struct {
	Format     string `json:"format"` // "scim"
	URI        string `json:"uri"`    // relative, as "/Users/2b2f…"
	ExternalID string `json:"externalId,omitempty"`
}

// Payload is what is told of an event (RFC 9967, section 2.2). It has data,
// attributes or neither.
type Payload struct {
	Version    string          `json:"version,omitempty"`
	Data       json.RawMessage `json:"data,omitempty"`
	Attributes []string        `json:"attributes,omitempty"`
}

// Claims returns the claims of a token that tells of e; ok is false for an event that is
// none of RFC 9967. The same event gives the same token, but for the time at which it is
// issued.
func (f Feed) Claims(e scim.Event) (c Claims, ok bool) {
	events := f.events(e)
	if len(events) == 0 {
		return Claims{}, false
	}
	now := time.Now
	if f.Now != nil {
		now = f.Now
	}
	return Claims{
		ID: f.tokenID(e), Issuer: f.Issuer, Audience: slices.Clone(f.Audience),
		IssuedAt: now().Unix(), Occurred: e.At.Unix(), Transaction: e.ID,
		Subject: f.subject(e), Events: events,
	}, true
}

// tokenID returns the id of the token of an event for this audience.
func (f Feed) tokenID(e scim.Event) string {
	sum := sha256.Sum256([]byte(strings.Join(append([]string{f.Issuer, e.ID}, f.Audience...), "\n")))
	return hex.EncodeToString(sum[:16])
}

func (f Feed) subject(e scim.Event) Subject {
	s := Subject{Format: "scim", URI: f.endpoint(e) + "/" + url.PathEscape(e.ResourceID)}
	if r := known(e); r != nil {
		s.ExternalID = r.ExternalID()
	}
	return s
}

// known returns the resource as it is, or as it was.
func known(e scim.Event) *schema.Resource {
	if e.After != nil {
		return e.After
	}
	return e.Before
}

func (f Feed) endpoint(e scim.Event) string {
	if endpoint, ok := f.Endpoints[e.Resource]; ok {
		return endpoint
	}
	if r := known(e); r != nil {
		return r.Type().Endpoint()
	}
	return "/" + e.Resource + "s"
}

// events returns what a token tells of an event. Several URIs in one token are about
// the same change (RFC 9967, section 2.1).
func (f Feed) events(e scim.Event) map[string]Payload {
	switch e.Type {
	case scim.UserCreated, scim.GroupCreated:
		return f.created(e)
	case scim.UserLinked, scim.GroupLinked:
		return map[string]Payload{FeedAdd: {}}
	case scim.UserUpdated, scim.GroupUpdated:
		return f.changed(e)
	case scim.UserSuspended:
		return with(f.changed(e), Deactivate)
	case scim.UserReturned:
		if e.Before == nil && e.After != nil { // receivers have been told that it is deleted
			return with(f.created(e), Activate)
		}
		return with(f.changed(e), Activate)
	case scim.UserDeleted, scim.GroupDeleted:
		return map[string]Payload{Delete: {}}
	}
	return nil
}

func with(events map[string]Payload, uri string) map[string]Payload {
	if events == nil {
		events = map[string]Payload{}
	}
	events[uri] = Payload{}
	return events
}

// created tells of a new resource.
func (f Feed) created(e scim.Event) map[string]Payload {
	if f.Full && e.After != nil && !e.Many {
		return map[string]Payload{CreateFull: {Version: version(e), Data: f.resource(e)}}
	}
	return map[string]Payload{CreateNotice: {Version: version(e), Attributes: append([]string{"id"}, attributes(e)...)}}
}

// changed tells of a change; of none there is nothing to tell.
func (f Feed) changed(e scim.Event) map[string]Payload {
	names := attributes(e)
	if len(names) == 0 {
		return nil
	}
	if f.Full && !e.Many && (e.Before != nil && e.After != nil || len(e.Changed) == 0) {
		if data := operations(e); data != nil {
			return map[string]Payload{PatchFull: {Version: version(e), Data: data}}
		}
	}
	return map[string]Payload{PatchNotice: {Version: version(e), Attributes: names}}
}

func version(e scim.Event) string {
	if e.After == nil {
		return ""
	}
	return e.After.Version()
}

// attributes returns the names of what changed.
func attributes(e scim.Event) []string {
	names := slices.Clone(e.Changed)
	if hasMembers(e) && !slices.Contains(names, "members") {
		names = append(names, "members")
	}
	return names
}

// hasMembers reports whether the event is about members of a group.
func hasMembers(e scim.Event) bool {
	isGroup := e.Type == scim.GroupCreated || e.Type == scim.GroupUpdated
	return isGroup && (e.Many || len(e.Added)+len(e.Removed) > 0)
}

// resource returns the resource as a client would get it.
func (f Feed) resource(e scim.Event) json.RawMessage {
	enc := schema.Encoding{Links: schema.NewLinks(f.BaseURL, f.Endpoints)}
	if hasMembers(e) {
		enc.Tail = func(dst []byte) []byte {
			return append(append(dst, `,"members":`...), members(e.Added)...)
		}
	}
	return e.After.AppendJSON(nil, enc)
}

// members returns ids as the value of "members".
func members(ids []string) json.RawMessage {
	dst := []byte{'['}
	for i, id := range ids {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(schema.AppendQuote(append(dst, `{"value":`...), id), '}')
	}
	return append(dst, ']')
}

// operations returns a PATCH that repeats the change, nil if there is none that a
// receiver may see.
func operations(e scim.Event) json.RawMessage {
	var ops []any
	if e.Before != nil && e.After != nil {
		before, after, err := visible(e.Before, e.After)
		if err != nil {
			return nil // a notice says less, and is true
		}
		for _, op := range patch.Diff(before, after) {
			ops = append(ops, op)
		}
	}
	if len(e.Added) > 0 && hasMembers(e) {
		ops = append(ops, operation{Op: "add", Path: "members", Value: members(e.Added)})
	}
	if len(e.Removed) > 0 && hasMembers(e) {
		ops = append(ops, operation{Op: "remove", Path: "members", Value: members(e.Removed)})
	}
	if len(ops) == 0 {
		return nil
	}
	data, err := json.Marshal(struct {
		Schemas    []string `json:"schemas"`
		Operations []any    `json:"Operations"`
	}{[]string{patchURN}, ops})
	if err != nil {
		return nil
	}
	return data
}

// visible returns what clients get of both by default.
func visible(before, after *schema.Resource) (b, a *schema.Resource, err error) {
	if b, err = schema.Restore(before.Type(), before.AppendJSON(nil, schema.Encoding{})); err != nil {
		return nil, nil, err
	}
	a, err = schema.Restore(after.Type(), after.AppendJSON(nil, schema.Encoding{}))
	return b, a, err
}

const patchURN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

type operation struct {
	Op    string          `json:"op"`
	Path  string          `json:"path"`
	Value json.RawMessage `json:"value,omitempty"`
}
