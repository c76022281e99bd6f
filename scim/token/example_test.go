package token_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
	"github.com/muster-scim/muster/scim/token"
)

// A token for an identity provider: issued, shown once, and accepted.
func Example() {
	store := memstore.New() // or sqlstore
	tokens, err := token.New(store, token.Options{Prefix: "acme"})
	if err != nil {
		log.Fatal(err)
	}
	h, err := scim.New(scim.Config{BaseURL: "https://app.example.com/scim/v2", Users: store, Auth: tokens.Authenticator()})
	if err != nil {
		log.Fatal(err)
	}

	tok, secret, err := tokens.Issue(context.Background(), "tenant-1", token.Issue{Description: "Entra ID", Lifetime: "6m"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(secret, "is what logs and JSON have")
	fmt.Println(secret.Reveal()[:5], "is how what the administrator copies begins")

	r := httptest.NewRequest(http.MethodGet, "/scim/v2/Users", nil)
	r.Header.Set("Authorization", "Bearer "+secret.Reveal())
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(w.Code)

	tok, err = tokens.Get(context.Background(), "tenant-1", tok.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tok.Description, "has been used:", !tok.LastUsed.IsZero())
	// Output:
	// [redacted] is what logs and JSON have
	// acme_ is how what the administrator copies begins
	// 200
	// Entra ID has been used: true
}

// The lifetime comes from the application's configuration, as "1y", "6m", "2w" or
// "30d". What can't be read stops the start, with a text for whoever wrote it.
func ExampleNew() {
	clock := func() time.Time { return time.Date(2026, 8, 31, 9, 0, 0, 0, time.UTC) }
	for _, configured := range []string{"6m", "2w", "", "90 days"} {
		tokens, err := token.New(memstore.New(), token.Options{Lifetime: configured, Now: clock})
		if err != nil {
			fmt.Println(err)
			continue
		}
		tok, _, err := tokens.Issue(context.Background(), "tim", token.Issue{Description: "sys.scim"})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(tok.Description, "until", tok.Expires.Format(time.DateTime))
	}
	// Output:
	// sys.scim until 2027-02-28 09:00:00
	// sys.scim until 2026-09-14 09:00:00
	// sys.scim until 2027-08-31 09:00:00
	// token: Options.Lifetime can't be used: token: lifetime "90 days" has " days" where y, m, w or d is expected: write it like 1y, 6m, 2w, 30d, or as a date like 2027-01-31
}

// A token is changed without a gap: both are live until the administrator has pasted the
// new one, for a day at most.
func ExampleTokens_Rotate() {
	ctx := context.Background()
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	tokens, err := token.New(memstore.New(), token.Options{Now: func() time.Time { return now }})
	if err != nil {
		log.Fatal(err)
	}
	old, oldSecret, err := tokens.Issue(ctx, "tenant-1", token.Issue{Description: "Okta"})
	if err != nil {
		log.Fatal(err)
	}
	_, newSecret, err := tokens.Rotate(ctx, "tenant-1", old.ID, token.Rotation{Overlap: 24 * time.Hour})
	if err != nil {
		log.Fatal(err)
	}

	try := func() {
		for _, secret := range []string{oldSecret.Reveal(), newSecret.Reveal()} {
			r := httptest.NewRequest(http.MethodGet, "/Users", nil)
			r.Header.Set("Authorization", "Bearer "+secret)
			_, err := tokens.Authenticator().Authenticate(r)
			fmt.Println(err == nil)
		}
	}
	try()
	now = now.Add(24 * time.Hour)
	try()
	// Output:
	// true
	// true
	// false
	// true
}

// A connector that asks for a user name and a password, and one that asks for a secret
// token, are given the same secret for the same connection.
func ExampleTokens_Basic() {
	tokens, err := token.New(memstore.New(), token.Options{})
	if err != nil {
		log.Fatal(err)
	}
	_, secret, err := tokens.Issue(context.Background(), "tenant-1", token.Issue{Connection: "azure", UserName: "azure-connector"})
	if err != nil {
		log.Fatal(err)
	}
	auth := scim.AnyOf(tokens.Authenticator(), tokens.Basic("scim"))

	asBearer := httptest.NewRequest(http.MethodGet, "/Users", nil)
	asBearer.Header.Set("Authorization", "Bearer "+secret.Reveal())
	asBasic := httptest.NewRequest(http.MethodGet, "/Users", nil)
	asBasic.SetBasicAuth("azure-connector", secret.Reveal())
	asOther := httptest.NewRequest(http.MethodGet, "/Users", nil)
	asOther.SetBasicAuth("admin", secret.Reveal())
	for _, r := range []*http.Request{asBearer, asBasic, asOther} {
		scope, err := auth.Authenticate(r)
		fmt.Println(scope.Connection, errors.Is(err, scim.ErrUnauthorized))
	}
	// Output:
	// azure false
	// azure false
	//  true
}

// API keys that administrators make: with a description and an expiration date, listed,
// and revoked.
func ExampleTokens_List() {
	ctx := context.Background()
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	keys, err := token.New(memstore.New(), token.Options{Prefix: "tor_scim", Now: func() time.Time { return now }})
	if err != nil {
		log.Fatal(err)
	}
	entra, _, err := keys.Issue(ctx, "tenant-1", token.Issue{Description: "Entra, production", Lifetime: "2026-12-31"})
	if err != nil {
		log.Fatal(err)
	}
	now = now.Add(time.Minute)
	if _, _, err := keys.Issue(ctx, "tenant-1", token.Issue{Description: "Entra, trial", Lifetime: "2w"}); err != nil {
		log.Fatal(err)
	}
	if _, _, err := keys.Issue(ctx, "tenant-1", token.Issue{Description: "a form's mistake", Lifetime: "2026-02-30"}); err != nil {
		fmt.Println(err)
	}
	if err := keys.Revoke(ctx, "tenant-1", entra.ID); err != nil {
		log.Fatal(err)
	}

	all, err := keys.List(ctx, "tenant-1")
	if err != nil {
		log.Fatal(err)
	}
	for _, key := range all {
		fmt.Println(key.Description, key.Live(now), key.Ends().Format(time.DateTime))
	}
	// Output:
	// token: lifetime "2026-02-30" is not a day of the calendar
	// Entra, production false 2026-03-01 09:01:00
	// Entra, trial true 2026-03-15 09:01:00
}
