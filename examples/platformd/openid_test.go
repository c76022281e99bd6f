package main

import (
	"cmp"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
)

// openID is a customer's OpenID provider: whoever comes is the user that is set.
type openID struct {
	*httptest.Server
	key              *rsa.PrivateKey
	clientID, secret string

	mu     sync.Mutex
	user   map[string]any // claims of who is signed in there
	spoil  func(claims map[string]any)
	forged *rsa.PrivateKey // signs in place of key
	state  string          // is answered in place of the one that was asked
	codes  map[string]url.Values
}

func newOpenID(t *testing.T) *openID {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	o := &openID{key: key, clientID: "platform-d", secret: rand.Text(), codes: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", o.discovery)
	mux.HandleFunc("GET /authorize", o.authorize)
	mux.HandleFunc("POST /token", o.token)
	mux.HandleFunc("GET /keys", o.keys)
	o.Server = httptest.NewServer(mux)
	t.Cleanup(o.Close)
	return o
}

// is sets who is signed in at the provider.
func (o *openID) is(claims map[string]any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.user, o.spoil, o.forged, o.state = claims, nil, nil, ""
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func (o *openID) discovery(w http.ResponseWriter, _ *http.Request) {
	answer(w, map[string]any{
		"issuer": o.URL, "authorization_endpoint": o.URL + "/authorize", "token_endpoint": o.URL + "/token", "jwks_uri": o.URL + "/keys",
		"id_token_signing_alg_values_supported": []string{"RS256"}, "response_types_supported": []string{"code"}, "subject_types_supported": []string{"pairwise"},
	})
}

func (o *openID) keys(w http.ResponseWriter, _ *http.Request) {
	answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: o.key.Public(), KeyID: "k", Algorithm: "RS256", Use: "sig"}}})
}

// authorize sends the browser back at once, with a code for the request that it made.
func (o *openID) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != o.clientID || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" {
		http.Error(w, "invalid_request", http.StatusBadRequest)
		return
	}
	code := rand.Text()
	o.mu.Lock()
	o.codes[code] = q
	state := cmp.Or(o.state, q.Get("state"))
	o.mu.Unlock()
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"code": {code}, "state": {state}}.Encode(), http.StatusFound)
}

// token exchanges a code, once, for who has the client's secret and the verifier.
func (o *openID) token(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	code := r.FormValue("code")
	asked, ok := o.codes[code]
	delete(o.codes, code)
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.FormValue("client_id"), r.FormValue("client_secret")
	}
	switch {
	case id != o.clientID || secret != o.secret:
		http.Error(w, `{"error":"invalid_client"}`, http.StatusUnauthorized)
		return
	case !ok || asked.Get("code_challenge") != oauth2.S256ChallengeFromVerifier(r.FormValue("code_verifier")) || asked.Get("redirect_uri") != r.FormValue("redirect_uri"):
		http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
		return
	}
	claims := map[string]any{
		"iss": o.URL, "aud": o.clientID, "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(), "nonce": asked.Get("nonce"),
	}
	maps.Copy(claims, o.user)
	if o.spoil != nil {
		o.spoil(claims)
	}
	token, err := o.sign(claims)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer(w, map[string]any{"access_token": rand.Text(), "token_type": "Bearer", "id_token": token, "expires_in": 3600})
}

func (o *openID) sign(claims map[string]any) (string, error) {
	key := o.key
	if o.forged != nil {
		key = o.forged
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: "k"}}, nil)
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}
