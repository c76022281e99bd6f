package token

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/muster-scim/muster/scim"
)

// Token is what is known of a token that was issued. It holds neither the secret nor
// its hash, so that it can be shown, logged and marshalled.
type Token struct {
	ID          string      `json:"id"`
	Tenant      scim.Tenant `json:"tenant"`
	Connection  string      `json:"connection,omitzero"`
	Description string      `json:"description,omitzero"`

	// UserName is the one that HTTP Basic must name, see [Tokens.Basic].
	UserName string `json:"userName,omitzero"`

	// ReadOnly tokens are refused every write.
	ReadOnly bool `json:"readOnly,omitzero"`

	// Lifetime is what was asked for, Expires what that came to.
	Lifetime string    `json:"lifetime"`
	Created  time.Time `json:"created"`
	Expires  time.Time `json:"expires"`

	// LastUsed is when the token was last accepted, exact to
	// Options.UsedEvery; zero if never. Revoked is zero unless the token was
	// revoked.
	LastUsed time.Time `json:"lastUsed,omitzero"`
	Revoked  time.Time `json:"revoked,omitzero"`

	// Replaces is the id of the token in whose place this one was issued,
	// ReplacedBy that of the one in the place of this one, which ends at Retires
	// then. See [Tokens.Rotate].
	Replaces   string    `json:"replaces,omitzero"`
	ReplacedBy string    `json:"replacedBy,omitzero"`
	Retires    time.Time `json:"retires,omitzero"`
}

// Ends returns from when on the token is refused, as far as is known now.
func (t Token) Ends() time.Time {
	ends := t.Expires
	for _, other := range []time.Time{t.Retires, t.Revoked} {
		if !other.IsZero() && other.Before(ends) {
			ends = other
		}
	}
	return ends
}

// Live reports whether the token is accepted at that time.
func (t Token) Live(now time.Time) bool {
	return t.Revoked.IsZero() && now.Before(t.Expires) && (t.Retires.IsZero() || now.Before(t.Retires))
}

// Options say how tokens look, how long they live, and what checking them may cost.
// The zero value can be used.
type Options struct {
	// Prefix begins every token, so that scanners and people recognise one:
	// letters, digits and underscores. If empty it is "scim". Changing it leaves
	// the tokens alone that have been issued.
	Prefix string

	// Lifetime is that of tokens of which nothing else is said, in the form
	// that [Expiry] takes. If empty it is "1y".
	Lifetime string

	// CacheFor is how long a token that was read is taken as read. So long a
	// revocation may need to reach other instances of the application; on its
	// own it holds at once. If zero it is ten seconds; if negative, each request
	// asks the store. Expiry is always exact.
	CacheFor time.Duration

	// CacheSize bounds how many tokens are remembered; if zero it is 10,000,
	// which is a few megabytes.
	CacheSize int

	// UsedEvery is how exact LastUsed is: a token that is used all the time is
	// written once in so long. If zero it is one minute.
	UsedEvery time.Duration

	// Logger is told of known tokens that are refused, and of uses that can't
	// be noted. It never gets a secret. If nil it is slog.Default().
	Logger *slog.Logger

	// Now is the clock; if nil it is time.Now.
	Now func() time.Time
}

const (
	defaultPrefix    = "scim"
	defaultLifetime  = "1y"
	defaultCacheFor  = 10 * time.Second
	defaultCacheSize = 10_000
	defaultUsedEvery = time.Minute
)

// maxPrefix keeps tokens short enough for the form fields of identity providers.
const maxPrefix = 32

// Tokens issues and checks tokens. It is safe for use from many goroutines. One for
// the whole process is best: what is revoked through another is noticed only after
// Options.CacheFor.
type Tokens struct {
	state scim.StateStore
	o     Options
	cache *cache
}

// New returns tokens kept in state. The error says what is wrong with o.
func New(state scim.StateStore, o Options) (*Tokens, error) {
	if state == nil {
		return nil, errors.New("token: the state store is nil: tokens must be kept somewhere, as in memstore or sqlstore")
	}
	o.Prefix = cmp.Or(o.Prefix, defaultPrefix)
	o.Lifetime = cmp.Or(o.Lifetime, defaultLifetime)
	o.CacheFor = cmp.Or(o.CacheFor, defaultCacheFor)
	o.CacheSize = cmp.Or(o.CacheSize, defaultCacheSize)
	o.UsedEvery = cmp.Or(o.UsedEvery, defaultUsedEvery)
	o.Logger = cmp.Or(o.Logger, slog.Default())
	if o.Now == nil {
		o.Now = time.Now
	}
	if !validPrefix(o.Prefix) {
		return nil, fmt.Errorf("token: prefix %q must be 1 to %d letters, digits and underscores", o.Prefix, maxPrefix)
	}
	t := &Tokens{state, o, newCache(o.CacheSize, o.CacheFor)}
	if _, err := Expiry(t.now(), o.Lifetime); err != nil {
		return nil, fmt.Errorf("token: Options.Lifetime can't be used: %w", err)
	}
	return t, nil
}

func validPrefix(prefix string) bool {
	for _, c := range []byte(prefix) {
		if c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return prefix != "" && len(prefix) <= maxPrefix
}

func (t *Tokens) now() time.Time { return t.o.Now().UTC() }

// What Issue and its siblings report beside errors of the store. They may be wrapped.
var (
	// ErrNotFound says that the tenant has no token with that id.
	ErrNotFound = errors.New("token: not found")

	// ErrEnded says that the token has expired, retired or been revoked, so that
	// there is nothing to go on with: issue a new one.
	ErrEnded = errors.New("token: it has ended; issue a new one")

	// ErrRotating says that the token has a successor that is live: rotate that
	// one, or call the rotation off.
	ErrRotating = errors.New("token: it is being rotated already; rotate its successor, or cancel the rotation")

	// ErrNotRotating says that the token has no successor.
	ErrNotRotating = errors.New("token: it is not being rotated")
)
