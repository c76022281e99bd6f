package scim

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"
)

// Scope is who asks: an Authenticator makes it, and it is in the context of every
// call to a store.
type Scope struct {
	Tenant Tenant

	// Connection names the identity provider's connection within the tenant.
	Connection string

	// Actor names the credential, for logs.
	Actor string

	// ReadOnly refuses every write with 403.
	ReadOnly bool

	// BaseURL, if not empty, stands in place of Config.BaseURL: for tenants
	// with a host or a mount point of their own.
	BaseURL string
}

type scopeKey struct{}

type settingsKey struct{}

// scopedContext is a context with a scope and its settings, as context.WithValue makes
// it, but in one piece.
type scopedContext struct {
	context.Context
	scope    Scope
	settings *Settings
}

func (c *scopedContext) Value(key any) any {
	switch key.(type) {
	case scopeKey:
		return &c.scope
	case settingsKey:
		return c.settings
	}
	return c.Context.Value(key)
}

// settingsFrom returns the settings of the request that ctx belongs to, nil if there is
// none.
func settingsFrom(ctx context.Context) *Settings {
	s, _ := ctx.Value(settingsKey{}).(*Settings)
	return s
}

// useSettings gives the request the settings of its scope.
func (q *request) useSettings(s *Settings) {
	q.settings, q.out.settings = s, s
}

// ScopeFrom returns the scope of the request that ctx belongs to.
func ScopeFrom(ctx context.Context) (Scope, bool) {
	s, ok := ctx.Value(scopeKey{}).(*Scope)
	if !ok {
		return Scope{}, false
	}
	return *s, true
}

// Provisioning reports whether ctx belongs to a SCIM request, so that an
// application's service which is also called by its own users can tell.
func Provisioning(ctx context.Context) bool {
	_, ok := ctx.Value(scopeKey{}).(*Scope)
	return ok
}

// Authenticator turns a request into a Scope. It is called from many goroutines.
type Authenticator interface {
	// Authenticate returns who asks. ErrUnauthorized is a 401, an [*Error] is
	// answered as it says, anything else is a 500. It must not read the body.
	Authenticate(r *http.Request) (Scope, error)
}

// AuthenticatorFunc is a function as an Authenticator.
type AuthenticatorFunc func(r *http.Request) (Scope, error)

// Authenticate calls f.
func (f AuthenticatorFunc) Authenticate(r *http.Request) (Scope, error) { return f(r) }

// AuthScheme describes a way to authenticate, for /ServiceProviderConfig
// (RFC 7643, section 5).
type AuthScheme struct {
	Type        string // "oauthbearertoken", "httpbasic", "oauth2", …
	Name        string
	Description string

	// SpecURI and DocumentationURI are links to the scheme's specification, and
	// to how it is used here; they may be empty.
	SpecURI          string
	DocumentationURI string

	// Challenge is the scheme in WWW-Authenticate, as "Bearer".
	Challenge string
}

// Schemer is an Authenticator that says which schemes it takes. Without it, bearer
// tokens are advertised.
type Schemer interface {
	Schemes() []AuthScheme
}

var bearer = AuthScheme{
	Type:        "oauthbearertoken",
	Name:        "Bearer token",
	Description: "A token in the Authorization header (RFC 6750).",
	SpecURI:     "https://www.rfc-editor.org/info/rfc6750",
	Challenge:   "Bearer",
}

// StaticToken takes one fixed bearer token. Only its hash is kept, and the
// comparison takes the same time wherever two tokens differ.
func StaticToken(token string, s Scope) Authenticator {
	return &staticToken{sha256.Sum256([]byte(token)), s}
}

type staticToken struct {
	hash  [sha256.Size]byte
	scope Scope
}

func (a *staticToken) Authenticate(r *http.Request) (Scope, error) {
	token, ok := BearerToken(r)
	var space [128]byte // which tokens fit in, so that they are not copied to the heap
	hash := sha256.Sum256(append(space[:0], token...))
	if subtle.ConstantTimeCompare(hash[:], a.hash[:]) != 1 || !ok {
		return Scope{}, ErrUnauthorized
	}
	return a.scope, nil
}

func (*staticToken) Schemes() []AuthScheme { return []AuthScheme{bearer} }

// AnyOf takes any of several authenticators: the first that does not return
// ErrUnauthorized decides. It serves several connections on one handler. If none does,
// the error has the reasons of all.
func AnyOf(auth ...Authenticator) Authenticator { return anyOf(auth) }

type anyOf []Authenticator

func (a anyOf) Authenticate(r *http.Request) (Scope, error) {
	var refusals []error
	for _, auth := range a {
		scope, err := auth.Authenticate(r)
		if err == nil || asError(err).Status != http.StatusUnauthorized {
			return scope, err
		}
		refusals = append(refusals, err)
	}
	return Scope{}, cmp.Or(errors.Join(refusals...), ErrUnauthorized)
}

func (a anyOf) Schemes() []AuthScheme {
	var all []AuthScheme
	seen := map[string]bool{}
	for _, auth := range a {
		for _, s := range schemesOf(auth) {
			if !seen[s.Type] {
				seen[s.Type] = true
				all = append(all, s)
			}
		}
	}
	return all
}

func schemesOf(a Authenticator) []AuthScheme {
	if s, ok := a.(Schemer); ok {
		return s.Schemes()
	}
	return []AuthScheme{bearer}
}

// firstOf returns the first value of a header, which is looked up by the name as net/http
// writes it: to make it so takes longer than to find it.
func firstOf(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// BearerToken returns the bearer token of a request. It is never taken from the
// URL, where logs would keep it (RFC 6750, section 5.3).
func BearerToken(r *http.Request) (token string, ok bool) {
	const scheme = "bearer "
	h := firstOf(r.Header["Authorization"])
	if len(h) <= len(scheme) || !strings.EqualFold(h[:len(scheme)], scheme) {
		return "", false
	}
	return strings.TrimSpace(h[len(scheme):]), true
}
