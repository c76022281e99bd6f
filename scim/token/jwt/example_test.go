package jwt_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/token/jwt"
)

// An identity provider that gets its tokens from an authorization server. Here the
// example is that server too.
func ExampleNew() {
	key := ecKey("2026")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.private.Public(), KeyID: key.id, Use: "sig"}}})
	}))
	defer server.Close()

	tenants := map[string]scim.Tenant{"00000014": "acme"} // by client id
	auth, err := jwt.New(jwt.Config{
		Issuer:   "https://login.example.com/",
		Audience: []string{"https://app.example.com/scim/v2"},
		KeysURL:  server.URL,
		Require:  map[string][]string{"scope": {"scim"}},
		Scope: func(_ context.Context, c jwt.Claims) (scim.Scope, error) {
			tenant, ok := tenants[c.Text("client_id")]
			if !ok {
				return scim.Scope{}, scim.Forbidden("Provisioning is not set up for this client.")
			}
			return scim.Scope{Tenant: tenant, Connection: "entra"}, nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}

	for _, change := range []map[string]any{
		{},
		{"scope": "mail"},
		{"client_id": "somebody"},
		{"iss": "https://evil.example.com/"},
	} {
		claims := map[string]any{
			"iss": "https://login.example.com/", "aud": "https://app.example.com/scim/v2", "sub": "provisioning", "client_id": "00000014",
			"exp": time.Now().Add(time.Hour).Unix(), "scope": "scim",
		}
		for name, value := range change {
			claims[name] = value
		}
		scope, err := auth.Authenticate(bearer(sign(key, map[jose.HeaderKey]any{"kid": key.id}, claims)))
		fmt.Println(scope.Tenant, scope.Actor, err)
	}
	// Output:
	// acme provisioning <nil>
	//   scim: 403 The access token does not have what is asked for here in its claim "scope".: scim: insufficient scope
	//   scim: 403 Provisioning is not set up for this client.
	//   scim: unauthorized: a token of another issuer
}

// Customers who each bring an authorization server of their own. The application keeps
// one authenticator for each, made when the customer sets it up.
func ExampleByIssuer() {
	customers := map[string]*jwt.Authenticator{}
	for tenant, issuer := range map[scim.Tenant]string{"acme": "https://login.acme.example/", "globex": "https://sso.globex.example"} {
		auth, err := jwt.New(jwt.Config{
			Issuer: issuer, Audience: []string{"https://app.example.com/scim/v2"}, KeysURL: issuer + "/keys",
			Scope: func(context.Context, jwt.Claims) (scim.Scope, error) { return scim.Scope{Tenant: tenant}, nil },
		})
		if err != nil {
			log.Fatal(err)
		}
		customers[issuer] = auth
	}
	auth := jwt.ByIssuer(func(_ context.Context, issuer string) (*jwt.Authenticator, error) {
		return customers[issuer], nil
	})
	_, err := auth.Authenticate(bearer(sign(ecKey("k"), nil, map[string]any{"iss": "https://evil.example.com/"})))
	fmt.Println(err)
	// Output:
	// scim: unauthorized: a token of another issuer
}
