package token

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/muster-scim/muster/scim"
)

// kind is that of the records; they all belong to no tenant, since a token has to be
// found before its tenant is known.
const kind scim.Kind = "token"

const noTenant scim.Tenant = ""

// Token is what is known of a token that was issued. It does not hold the secret.
type Token struct {
	ID          string
	Tenant      scim.Tenant
	Connection  string
	Description string

	// ReadOnly tokens are refused every write.
	ReadOnly bool

	Created time.Time
	Expires time.Time

	// LastUsed is when the token was last accepted, exact to a minute; zero if
	// never. Revoked is zero unless the token was revoked.
	LastUsed time.Time
	Revoked  time.Time

	version int64
	key     string
}

// Live reports whether the token is accepted at that time.
func (t Token) Live(now time.Time) bool {
	return t.Revoked.IsZero() && now.Before(t.Expires)
}

// Issue says what a new token is for.
type Issue struct {
	// Description tells administrators what the token is for, as "Entra ID".
	Description string

	// Connection is that of the scope, see [scim.Scope].
	Connection string

	// Lifetime is "1y", "6m", "2w", "30d" or a date as "2027-01-31", on the end of
	// which the token expires. If empty it is Options.Lifetime.
	Lifetime string

	ReadOnly bool
}

// Options say how tokens look and how long they live.
type Options struct {
	// Prefix begins every token; letters and digits. If empty it is "scim".
	Prefix string

	// Lifetime is that of tokens of which nothing else is said. If empty it is
	// "1y".
	Lifetime string

	// Now is the clock; if nil it is time.Now.
	Now func() time.Time
}

// Tokens issues and checks tokens. It is safe for use from many goroutines.
type Tokens struct {
	state scim.StateStore
	o     Options
}

// New returns tokens kept in state.
func New(state scim.StateStore, o Options) *Tokens {
	o.Prefix = cmp.Or(o.Prefix, "scim")
	o.Lifetime = cmp.Or(o.Lifetime, "1y")
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Tokens{state, o}
}

// ErrNotFound says that the tenant has no token with that id.
var ErrNotFound = errors.New("token: not found")

// Issue makes a token and returns what is known of it and its secret, which is not
// kept: show it once. The error says what is wrong with the lifetime.
func (t *Tokens) Issue(ctx context.Context, tenant scim.Tenant, i Issue) (Token, string, error) {
	now := t.o.Now().UTC()
	expires, err := Expiry(now, cmp.Or(i.Lifetime, t.o.Lifetime))
	if err != nil {
		return Token{}, "", err
	}
	secret := newSecret(t.o.Prefix)
	tok := Token{
		ID: rand.Text(), Tenant: tenant, Connection: i.Connection, Description: i.Description, ReadOnly: i.ReadOnly,
		Created: now, Expires: expires, key: hash(secret),
	}
	return tok, secret, t.put(ctx, tok)
}

// Rotate issues a token like the one with that id, and lets that one end after
// overlap: both are live until then, so that the identity provider can be changed
// over without a gap.
func (t *Tokens) Rotate(ctx context.Context, tenant scim.Tenant, id string, overlap time.Duration) (Token, string, error) {
	old, err := t.find(ctx, tenant, id)
	if err != nil {
		return Token{}, "", err
	}
	fresh, secret, err := t.Issue(ctx, tenant, Issue{Description: old.Description, Connection: old.Connection, ReadOnly: old.ReadOnly})
	if err != nil {
		return Token{}, "", err
	}
	if end := t.o.Now().UTC().Add(overlap); end.Before(old.Expires) {
		old.Expires = end
	}
	return fresh, secret, t.put(ctx, old)
}

// Revoke ends a token at once. Revoking it again changes nothing.
func (t *Tokens) Revoke(ctx context.Context, tenant scim.Tenant, id string) error {
	tok, err := t.find(ctx, tenant, id)
	if err != nil || !tok.Revoked.IsZero() {
		return err
	}
	tok.Revoked = t.o.Now().UTC()
	return t.put(ctx, tok)
}

// List returns the tenant's tokens, the oldest first, also those that have expired
// or were revoked.
func (t *Tokens) List(ctx context.Context, tenant scim.Tenant) ([]Token, error) {
	var all []Token
	q := scim.StateQuery{Kind: kind, Ref: string(tenant)}
	for {
		records, next, err := t.state.ListState(ctx, noTenant, q)
		if err != nil {
			return nil, err
		}
		for _, r := range records {
			tok, err := read(r)
			if err != nil {
				return nil, err
			}
			all = append(all, tok)
		}
		if q.After = next; next == "" {
			break
		}
	}
	slices.SortFunc(all, func(a, b Token) int { return a.Created.Compare(b.Created) })
	return all, nil
}

func (t *Tokens) find(ctx context.Context, tenant scim.Tenant, id string) (Token, error) {
	all, err := t.List(ctx, tenant)
	if err != nil {
		return Token{}, err
	}
	i := slices.IndexFunc(all, func(tok Token) bool { return tok.ID == id })
	if i < 0 {
		return Token{}, ErrNotFound
	}
	return all[i], nil
}

// byKey finds a token by the hash of its secret.
func (t *Tokens) byKey(ctx context.Context, key string) (Token, error) {
	records, _, err := t.state.ListState(ctx, noTenant, scim.StateQuery{Kind: kind, Keys: []string{key}})
	if err != nil {
		return Token{}, err
	}
	if len(records) == 0 {
		return Token{}, ErrNotFound
	}
	return read(records[0])
}

func (t *Tokens) put(ctx context.Context, tok Token) error {
	data, err := json.Marshal(tok)
	if err != nil {
		return err
	}
	return t.state.PutState(ctx, noTenant, scim.State{
		Kind: kind, Key: tok.key, Refs: []string{string(tok.Tenant)}, Version: tok.version, Data: data,
	})
}

func read(r scim.State) (Token, error) {
	var tok Token
	if err := json.Unmarshal(r.Data, &tok); err != nil {
		return Token{}, fmt.Errorf("token: a record can't be read: %w", err)
	}
	tok.key, tok.version = r.Key, r.Version
	return tok, nil
}
