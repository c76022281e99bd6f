package token

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"unicode"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// Issue says what a new token is for.
type Issue struct {
	// Description tells administrators what the token is for, as "Entra ID".
	Description string

	// Connection is that of the scope, see [scim.Scope].
	Connection string

	// UserName, if not empty, is the user name that HTTP Basic must name with
	// this token, whatever [Tokens.Basic] was given.
	UserName string

	// Lifetime is "1y", "6m", "2w", "30d" or a date as "2027-01-31", at the end
	// of which, in UTC, the token expires. If empty it is Options.Lifetime.
	Lifetime string

	// ReadOnly tokens are refused every write.
	ReadOnly bool
}

// Issue makes a token and returns what is known of it and its secret, which is not
// kept: show it once. What is wrong with the lifetime is a [*LifetimeError].
func (t *Tokens) Issue(ctx context.Context, tenant scim.Tenant, i Issue) (Token, schema.Secret, error) {
	r, secret, err := t.make(tenant, i)
	if err == nil {
		err = t.put(ctx, r)
	}
	if err != nil {
		return Token{}, schema.Secret{}, err
	}
	return r.Token, schema.NewSecret(secret), nil
}

// make is Issue without storing.
func (t *Tokens) make(tenant scim.Tenant, i Issue) (record, string, error) {
	i.Lifetime = cmp.Or(i.Lifetime, t.o.Lifetime)
	now := t.now()
	expires, err := Expiry(now, i.Lifetime)
	if err == nil {
		err = checkUserName(i.UserName)
	}
	if err != nil {
		return record{}, "", err
	}
	secret := newSecret(t.o.Prefix)
	return record{hash: hash(secret), Token: Token{
		ID: rand.Text(), Tenant: tenant, Connection: i.Connection, Description: i.Description,
		UserName: i.UserName, ReadOnly: i.ReadOnly, Lifetime: i.Lifetime, Created: now, Expires: expires,
	}}, secret, nil
}

// checkUserName refuses what HTTP Basic can't transport (RFC 7617, section 2).
func checkUserName(name string) error {
	if strings.Contains(name, ":") || strings.ContainsFunc(name, unicode.IsControl) {
		return fmt.Errorf("token: user name %q must have neither colons nor control characters", name)
	}
	return nil
}
