package token_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
	"github.com/muster-scim/muster/scim/token"
)

// printed is everything that can be made of a value by accident.
func printed(t *testing.T, values ...any) string {
	t.Helper()
	var b bytes.Buffer
	for _, log := range []*slog.Logger{slog.New(slog.NewTextHandler(&b, nil)), slog.New(slog.NewJSONHandler(&b, nil))} {
		for _, v := range values {
			log.Info("value", "value", v, "group", slog.GroupValue(slog.Any("value", v)))
		}
	}
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&b, verb+"\n", v)
		}
		fmt.Fprintf(&b, "%+v\n", struct{ hidden any }{v})
		text, err := json.Marshal(v)
		fmt.Fprintln(&b, string(text), err)
	}
	return b.String()
}

// hides holds that a text has nothing of a secret.
func hides(t *testing.T, text, secret string) {
	t.Helper()
	for _, part := range []string{secret, secret[5:48], fmt.Sprintf("%x", secret)} {
		assert.NotContains(t, strings.ToLower(text), strings.ToLower(part))
	}
}

// TestSecretIsNowhere looks for the secret wherever a value or an error could take it.
func TestSecretIsNowhere(t *testing.T) {
	store := &spy{StateStore: memstore.New()}
	i := open(t, store, &clock{now: start})
	tok, hidden, err := i.Issue(t.Context(), "t1", token.Issue{Description: "d", UserName: "u"})
	require.NoError(t, err)
	secret := hidden.Reveal()
	all, err := i.List(t.Context(), "t1")
	require.NoError(t, err)
	records, _, err := store.ListState(t.Context(), "", scim.StateQuery{Kind: "token"})
	require.NoError(t, err)
	require.Len(t, records, 1)
	kept := append([]byte(records[0].Key+strings.Join(records[0].Refs, " ")), records[0].Data...)
	scope := i.accepts(secret)
	hides(t, string(kept), secret)
	hides(t, printed(t, tok, hidden, &hidden, all, scope, i.Tokens, *i.Tokens, i.Authenticator(), i.Basic("u"), scim.AnyOf(i.Authenticator())), secret)

	var errs []any
	try := func(auth scim.Authenticator, r string, password string) {
		req := request(r)
		if password != "" {
			req = basic(r, password)
		}
		_, err := auth.Authenticate(req)
		require.Error(t, err)
		errs = append(errs, err)
	}
	either := scim.AnyOf(i.Authenticator(), i.Basic(""))
	try(either, "Bearer "+secret+"x", "")
	try(either, "Bearer "+secret[:len(secret)-1], "")
	try(either, "wrong", secret)
	try(either, secret, secret+"x")
	store.listErr = errors.New("down")
	i.clock.add(1e12)
	try(either, "Bearer "+secret, "")
	store.listErr = nil
	store.put = errors.New("read-only")
	i.accepts(secret)
	_, _, err = i.Rotate(t.Context(), "t1", tok.ID, token.Rotation{})
	errs = append(errs, err)
	store.put = nil
	_, next, err := i.Rotate(t.Context(), "t1", tok.ID, token.Rotation{Overlap: day})
	require.NoError(t, err)
	_, _, err = i.Rotate(t.Context(), "t1", tok.ID, token.Rotation{Overlap: day})
	errs = append(errs, err, next)
	require.NoError(t, i.Revoke(t.Context(), "t1", tok.ID))
	try(either, "Bearer "+secret, "")
	text := printed(t, errs...) + i.log.String()
	require.Contains(t, text, "read-only")
	require.Contains(t, text, "revoked")
	hides(t, text, secret)
	hides(t, text, next.Reveal())
}
