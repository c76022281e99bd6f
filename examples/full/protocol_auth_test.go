package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"net/http"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
	"github.com/muster-scim/muster/scim/token"
)

// scopeOf is what the strict connection's credential stands for, for one actor.
func scopeOf(actor string) scim.Scope {
	return scim.Scope{Tenant: tenant, Connection: strictConnection, Actor: actor}
}

// alsoTaking adds an authenticator to those there are.
func alsoTaking(auth scim.Authenticator) func(*scim.Config) {
	return func(config *scim.Config) { config.Auth = scim.AnyOf(config.Auth, auth) }
}

// readOnly is a credential that may not write.
func readOnly() func(*scim.Config) {
	s := scopeOf("reader")
	s.ReadOnly = true
	return alsoTaking(scim.StaticToken("readonly", s))
}

// claims is what the tests' signed tokens say.
type claims struct {
	Issuer, Audience, Subject string
	Expires                   time.Time
}

var signingKey = []byte("a key that only the issuer has")

// signed makes a token of claims, by a key.
func (m claims) signed(key []byte) string {
	text, _ := json.Marshal(m)
	mac := hmac.New(sha256.New, key)
	mac.Write(text)
	return base64.RawURLEncoding.EncodeToString(text) + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// signedTokens is an application's authenticator: it checks signature, issuer, audience
// and expiry, and takes the actor from the token.
func signedTokens(now func() time.Time) scim.AuthenticatorFunc {
	return func(r *http.Request) (scim.Scope, error) {
		sent, _ := scim.BearerToken(r)
		head, _, _ := strings.Cut(sent, ".")
		text, _ := base64.RawURLEncoding.DecodeString(head)
		var m claims
		if json.Unmarshal(text, &m) != nil || !hmac.Equal([]byte(m.signed(signingKey)), []byte(sent)) {
			return scim.Scope{}, fmt.Errorf("bad signature: %w", scim.ErrUnauthorized)
		}
		if m.Issuer != "idp" || m.Audience != "scim" || !now().Before(m.Expires) {
			return scim.Scope{}, fmt.Errorf("claims of %s: %w", m.Subject, scim.ErrUnauthorized)
		}
		return scopeOf(m.Subject), nil
	}
}

// byCookie is an application's authenticator that takes the session of a browser.
var byCookie = scim.AuthenticatorFunc(func(r *http.Request) (scim.Scope, error) {
	if cookie, err := r.Cookie("s"); err == nil && cookie.Value == "session" {
		return scopeOf("browser"), nil
	}
	return scim.Scope{}, scim.ErrUnauthorized
})

// byCertificate is an application's authenticator that takes a verified certificate.
var byCertificate = scim.AuthenticatorFunc(func(r *http.Request) (scim.Scope, error) {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		return scim.Scope{}, scim.ErrUnauthorized
	}
	return scopeOf(r.TLS.VerifiedChains[0][0].Subject.CommonName), nil
})

// actorIsUser finds /Me by the actor's name.
func actorIsUser(config *scim.Config) {
	users := data{users: config.Users, userType: config.UserType}
	config.Me = func(ctx context.Context, s scim.Scope) (string, error) {
		if s.Actor == "" {
			return "", scim.ErrNotFound
		}
		return me(users, s.Actor)(ctx, s)
	}
}

// clientCertificate makes one for a client, signed by itself.
func clientCertificate(c *suite, name string) (tls.Certificate, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(c, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(c, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(c, err)
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// stock puts a user into a store before it is served.
func stock(c *suite, config *scim.Config, userName string) {
	c.Helper()
	u, err := schema.New(config.UserType).Set("userName", userName).Build()
	require.NoError(c, err)
	_, err = config.Users.CreateUser(c.Context(), tenant, scim.Write{New: u, Changed: u.Changed(nil)})
	require.NoError(c, err)
}

// authenticating has section 2.
var authenticating = []requirement{
	{"P-2-01", "SHALL", "A 401 says which schemes there are.", func(c *suite) {
		a := c.as("").get("/Users").fails(401, "").has("401", "status")
		assert.Regexp(c, `^Bearer realm="[^"]+"$`, a.header.Get("WWW-Authenticate"))
	}},
	{"P-2-02", "STATED", "A wrong credential is a 401 in the form of SCIM.", func(c *suite) {
		a := c.as("wrong").get("/Users").fails(401, "").has("401", "status")
		assert.Regexp(c, `^Bearer .*error="invalid_token"`, a.header.Get("WWW-Authenticate"))
	}},
	{"P-2-03", "MUST", "A credential stands for what its client may do.", func(c *suite) {
		c = c.with(readOnly())
		c.as("readonly").post("/Users", `{"userName":"bjensen"}`).fails(403, "")
		c.get("/Users").total(0)
		c.as("readonly").get("/Users").total(0)
	}},
	{"P-2-04", "SHOULD", "Who may do what to which resource can be decided.", func(c *suite) {
		c = c.with(func(config *scim.Config) {
			alsoTaking(scim.StaticToken("self", scopeOf("bjensen")))(config)
			config.Users = ownUsers{UserStore: config.Users, update: onlySelf}
		})
		u1, u2 := c.u1(), c.u2()
		self := c.as("self")
		self.patch("/Users/"+u1, `{"op":"replace","path":"nickName","value":"x"}`).is(200)
		c.keeps("/Users/"+u2, func() {
			self.patch("/Users/"+u2, `{"op":"replace","path":"nickName","value":"x"}`).fails(403, "")
		})
		c.patch("/Users/"+u2, `{"op":"replace","path":"nickName","value":"x"}`).is(200)
	}},
	{"P-2-05", "MAY", "A client's certificate can be the credential.", func(c *suite) {
		cert, pool := clientCertificate(c, "bjensen")
		c, ts := site{
			tls: &tls.Config{ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: pool},
			change: func(config *scim.Config) {
				config.Auth = byCertificate
				actorIsUser(config)
				stock(c, config, "bjensen")
			},
		}.open(c.T)
		c = c.as("")
		client := ts.Client()
		c.by(client, "/Users").fails(401, "")
		client.CloseIdleConnections()
		client.Transport.(*http.Transport).TLSClientConfig.Certificates = []tls.Certificate{cert}
		c.by(client, "/Users").total(1)
		c.by(client, "/Me").is(200).has("bjensen", "userName")
	}},
	{"P-2-06", "MAY", "Bearer tokens are taken, over TLS too.", func(c *suite) {
		c.get("/Users").total(0)
		c, ts := site{tls: &tls.Config{}}.open(c.T)
		c.by(ts.Client(), "/Users").total(0)
		c.as("wrong").by(ts.Client(), "/Users").fails(401, "")
	}},
	{"P-2-07", "SHOULD NOT", "Nobody gets in without a credential, and stores know who asks.", func(c *suite) {
		_, err := scim.New(scim.Config{BaseURL: c.url, Users: ownUsers{}})
		require.ErrorContains(c, err, "Auth")
		actor := ""
		c = c.with(func(config *scim.Config) {
			config.Auth = scim.AnyOf(scim.StaticToken("", scopeOf("empty")), scim.StaticToken("good", scopeOf("idp")))
			config.Users = ownUsers{UserStore: config.Users, create: func(ctx context.Context, _ *scim.Write) error {
				s, _ := scim.ScopeFrom(ctx)
				actor = s.Actor
				return nil
			}}
		})
		c.as("").get("/Users").fails(401, "")
		c.as("").get("/Users", "Authorization", "Bearer ").fails(401, "")
		c.as("").get("/Users", "Authorization", "Bearer  ").fails(401, "")
		c.as("good").post("/Users", `{"userName":"bjensen"}`).is(201)
		assert.Equal(c, "idp", actor)
	}},
	{"P-2-08", "MAY", "A cookie opens nothing unless the application takes cookies.", func(c *suite) {
		c.as("").get("/Users", "Cookie", "s=session").fails(401, "")
		c = c.with(alsoTaking(byCookie)).as("")
		c.get("/Users", "Cookie", "s=session").total(0)
		c.get("/Users", "Cookie", "s=other").fails(401, "")
	}},
	{"P-2-09", "SHOULD", "Basic authentication is off unless the application takes it.", func(c *suite) {
		basic := func(password string) string {
			return "Basic " + base64.StdEncoding.EncodeToString([]byte("idp:"+password))
		}
		c.as("").get("/Users", "Authorization", basic(strictConnection)).fails(401, "")
		issued, err := token.New(memstore.New(), token.Options{})
		require.NoError(c, err)
		_, secret, err := issued.Issue(c.Context(), tenant, token.Issue{Connection: strictConnection})
		require.NoError(c, err)
		c.as("").get("/Users", "Authorization", basic(secret.Reveal())).fails(401, "")
		c = c.with(alsoTaking(issued.Basic("idp"))).as("")
		c.get("/Users", "Authorization", basic(secret.Reveal())).total(0)
		a := c.get("/Users", "Authorization", basic("wrong")).fails(401, "")
		assert.Contains(c, strings.Join(a.header.Values("WWW-Authenticate"), "\n"), "Basic realm=")
	}},
	{"P-2-10", "DERIVED", "What a credential may not do is a 403.", func(c *suite) {
		c = c.with(readOnly())
		u := c.u1()
		c.keeps("/Users/"+u, func() { c.as("readonly").delete("/Users/"+u).fails(403, "") })
	}},
	{"P-2-11", "DERIVED", "Nothing is learnt before authentication.", func(c *suite) {
		c.u1()
		c = c.as("")
		want := c.get("/Users/unknown").fails(401, "").text
		for _, a := range []*answer{
			c.post("/Users", `{bad json`), c.post("/Users", `{"userName":"bjensen"}`), c.get("/Nope"), c.delete("/Users"),
			c.get("/Users?filter=bad"), c.do("POST", "/Users", "<x/>", "Content-Type", "application/xml"), c.get("/Me"), c.bulk(""),
		} {
			assert.Equal(c, want, a.fails(401, "").text)
		}
	}},
	{"P-2.1-01", "SHOULD", "A credential that stands for no person is nobody's /Me.", func(c *suite) {
		c = c.with(func(config *scim.Config) {
			alsoTaking(scim.StaticToken("client-only", scopeOf("")))(config)
			alsoTaking(scim.StaticToken("person", scopeOf("bjensen")))(config)
			actorIsUser(config)
		})
		u := c.u1()
		c.as("person").get("/Me").is(200).has(u, "id")
		assert.NotContains(c, c.as("client-only").get("/Me").fails(404, "").text, u)
	}},
	{"P-2.1-02", "MUST", "The application's authenticator decides of each request whether its token is good.", func(c *suite) {
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		c = c.with(func(config *scim.Config) { config.Auth = signedTokens(func() time.Time { return now }) })
		good := claims{"idp", "scim", "bjensen", now.Add(time.Hour)}
		c.as(good.signed(signingKey)).get("/Users").total(0)
		for name, bad := range map[string]string{
			"signature": good.signed([]byte("another key")),
			"issuer":    claims{"evil", "scim", "bjensen", good.Expires}.signed(signingKey),
			"audience":  claims{"idp", "mail", "bjensen", good.Expires}.signed(signingKey),
			"expiry":    claims{"idp", "scim", "bjensen", now}.signed(signingKey),
			"form":      "x.y.z",
		} {
			a := c.as(bad).get("/Users").fails(401, "")
			assert.Contains(c, a.header.Get("WWW-Authenticate"), "invalid_token", name)
			assert.NotContains(c, a.text, "claims of", name)
		}
		now = good.Expires
		c.as(good.signed(signingKey)).get("/Users").fails(401, "")
	}},
	{"P-2.2-01", "MAY", "Nobody can register without a credential unless the application lets them.", func(c *suite) {
		c.as("").post("/Users", `{"userName":"bjensen"}`).fails(401, "")
		c.get("/Users").total(0)
		c = c.with(selfRegistration).as("")
		c.post("/Users", `{"userName":"bjensen","active":true}`).is(201).has(false, "active")
		c.get("/Users").fails(401, "")
	}},
}

// onlySelf refuses to change anybody else, to those who are users themselves.
func onlySelf(ctx context.Context, _ string, w *scim.Write) error {
	s, _ := scim.ScopeFrom(ctx)
	if s.Actor != "" && w.Old.Get("userName").String() != s.Actor {
		return scim.Forbidden("You may change only yourself.")
	}
	return nil
}

// selfRegistration takes POST /Users without a credential: such users are inactive, and
// there may be one of them.
func selfRegistration(config *scim.Config) {
	anonymous := 0
	alsoTaking(scim.AuthenticatorFunc(func(r *http.Request) (scim.Scope, error) {
		if r.Method == "POST" && strings.HasSuffix(r.URL.Path, "/Users") && r.Header.Get("Authorization") == "" {
			return scopeOf("anonymous"), nil
		}
		return scim.Scope{}, scim.ErrUnauthorized
	}))(config)
	config.Users = ownUsers{UserStore: config.Users, create: func(ctx context.Context, w *scim.Write) error {
		if s, _ := scim.ScopeFrom(ctx); s.Actor != "anonymous" {
			return nil
		}
		if anonymous++; anonymous > 1 {
			return &scim.Error{Status: http.StatusTooManyRequests, Detail: "Too many registrations. Try again later."}
		}
		return setting(w, "active", false)
	}}
}

// personal refuses filters by e-mail address in URLs, which are logged.
func personal(config *scim.Config) {
	auth := config.Auth
	config.Auth = scim.AuthenticatorFunc(func(r *http.Request) (scim.Scope, error) {
		s, err := auth.Authenticate(r)
		query := strings.ToLower(r.URL.Query().Get("filter"))
		if err == nil && (strings.Contains(query, "emails") || strings.Contains(query, "name.")) {
			err = &scim.Error{Status: http.StatusForbidden, Type: schema.ScimTypeSensitive, Detail: "Names and addresses don't belong into a URL: use POST to /.search."}
		}
		return s, err
	})
}

// securing has section 7.
var securing = []requirement{
	{"P-7.1-01", "MUST NOT", "A base URL with a user and a password is refused at the start.", func(c *suite) {
		err := newAt("https://u:secret@x/scim")
		require.ErrorContains(c, err, "BaseURL")
		assert.NotContains(c, err.Error(), "secret")
	}},
	{"P-7.2-01", "MUST", "Locations are https if the base URL is, and plain requests can be refused.", func(c *suite) {
		plain := c.with(func(config *scim.Config) { config.BaseURL = "https://app.example.com" + basePath })
		a := plain.post("/Users", `{"userName":"bjensen"}`).is(201)
		assert.Regexp(c, `^https://app\.example\.com/scim/v2/Users/`, a.header.Get("Location"))
		plain.get("/Users/"+a.doc["id"].(string)).is(200).has(a.header.Get("Location"), "meta", "location")

		overTLS := func(config *scim.Config) {
			auth := config.Auth
			config.Auth = scim.AuthenticatorFunc(func(r *http.Request) (scim.Scope, error) {
				if r.TLS == nil {
					return scim.Scope{}, scim.Forbidden("Use https.")
				}
				return auth.Authenticate(r)
			})
		}
		c.with(overTLS).get("/Users").fails(403, "")
		c, ts := site{tls: &tls.Config{}, change: overTLS}.open(c.T)
		c.by(ts.Client(), "/Users").total(0)
	}},
	{"P-7.2-02", "MUST", "TLS 1.2 and 1.3 work; what is older does not.", func(c *suite) {
		c, ts := site{tls: &tls.Config{MinVersion: tls.VersionTLS12}}.open(c.T)
		transport := ts.Client().Transport.(*http.Transport)
		for version, works := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
			own := transport.Clone()
			own.TLSClientConfig.MinVersion, own.TLSClientConfig.MaxVersion = version, version
			client := &http.Client{Transport: own}
			if works {
				c.by(client, "/Users").total(0)
				continue
			}
			_, err := client.Get(c.url + "/Users")
			assert.Error(c, err, tls.VersionName(version))
		}
	}},
	{"P-7.3-01", "MUST", "An authenticator names tenant and subject, and tokens are in no log.", func(c *suite) {
		var entries []scim.Entry
		c = c.with(func(config *scim.Config) {
			config.Auth = scim.AnyOf(scim.StaticToken("s3cret-token", scopeOf("idp")), scim.StaticToken("other", scopeOf("x")))
			config.Record = func(e scim.Entry) { entries = append(entries, e) }
			config.Users = ownUsers{UserStore: config.Users, list: func(*scim.Query) error { return errors.New("the database is down") }}
		})
		c.as("s3cret-token").get("/Users").fails(500, "")
		c.as("s3cret-tokem").get("/Users").fails(401, "")
		require.Contains(c, c.log.String(), "the database is down")
		require.Len(c, entries, 2)
		assert.Equal(c, []any{tenant, "idp"}, []any{entries[0].Scope.Tenant, entries[0].Scope.Actor})
		assert.NotContains(c, c.log.String()+fmt.Sprint(entries), "s3cret")
	}},
	{"P-7.4-01", "MUST", "Tokens can't be guessed, and only their hash is kept.", func(c *suite) {
		state := memstore.New()
		issued, err := token.New(state, token.Options{})
		require.NoError(c, err)
		c = c.with(func(config *scim.Config) { config.Auth = issued.Authenticator() })
		seen := map[string]bool{}
		for range 1000 {
			_, secret, err := issued.Issue(c.Context(), tenant, token.Issue{Connection: strictConnection})
			require.NoError(c, err)
			assert.False(c, seen[secret.Reveal()])
			seen[secret.Reveal()] = true
		}
		differ := map[int]map[byte]bool{}
		for secret := range seen {
			for i := range len(secret) {
				if differ[i] == nil {
					differ[i] = map[byte]bool{}
				}
				differ[i][secret[i]] = true
			}
		}
		bits := 0.0
		for _, values := range differ {
			bits += math.Log2(float64(len(values)))
		}
		assert.Greater(c, bits, 128.0)
		tokens, err := issued.List(c.Context(), tenant)
		require.NoError(c, err)
		require.Len(c, tokens, len(seen))
		kept := fmt.Sprintf("%+v", tokens)
		records, _, err := state.ListState(c.Context(), "", scim.StateQuery{Kind: "token"})
		require.NoError(c, err)
		require.Len(c, records, len(seen))
		for _, r := range records {
			kept += r.Key + " " + strings.Join(r.Refs, " ") + " " + string(r.Data) + "\n"
		}
		for secret := range seen {
			assert.NotContains(c, kept, secret)
		}
		_, hidden, err := issued.Issue(c.Context(), tenant, token.Issue{Connection: strictConnection})
		require.NoError(c, err)
		secret := hidden.Reveal()
		c.as(secret).get("/Users").total(0)
		c.as(secret[:len(secret)-1]+"!").get("/Users").fails(401, "")
		assert.NotContains(c, fmt.Sprintf("%+v", scim.StaticToken("fixed", scopeOf(""))), "fixed")
	}},
	{"P-7.4-02", "MUST", "A token in the URL is not one.", func(c *suite) {
		c.as("").get("/Users?access_token="+strictConnection).fails(401, "")
		c.as("").do("POST", "/Users/.search", "access_token="+strictConnection, "Content-Type", "application/x-www-form-urlencoded").fails(401, "")
	}},
	{"P-7.4-03", "MUST", "A token that has expired opens nothing.", func(c *suite) {
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		issued, err := token.New(memstore.New(), token.Options{Now: func() time.Time { return now }})
		require.NoError(c, err)
		c = c.with(func(config *scim.Config) { config.Auth = issued.Authenticator() })
		for _, lifetime := range []string{"30d", ""} {
			made, secret, err := issued.Issue(c.Context(), tenant, token.Issue{Connection: strictConnection, Lifetime: lifetime})
			require.NoError(c, err)
			require.False(c, made.Expires.IsZero())
			c.as(secret.Reveal()).get("/Users").total(0)
			now = made.Expires.Add(time.Second)
			assert.Contains(c, c.as(secret.Reveal()).get("/Users").fails(401, "").header.Get("WWW-Authenticate"), `error="invalid_token"`)
		}
	}},
	{"P-7.4-04", "SHOULD", "No cookie is ever set.", func(c *suite) {
		u := c.u1()
		for _, a := range []*answer{
			c.get("/Users"), c.get("/Users/" + u), c.get("/Users/none"), c.as("").get("/Users"), c.get("/ServiceProviderConfig"),
			c.get("/Me"), c.patch("/Users/"+u, `{"op":"add","path":"title","value":"x"}`), c.delete("/Users/" + u),
		} {
			assert.Empty(c, a.header.Values("Set-Cookie"))
		}
	}},
	{"P-7.5.1-01", "MUST", "Log and records have ids, not values.", func(c *suite) {
		var entries []scim.Entry
		c = c.with(func(config *scim.Config) {
			config.Record = func(e scim.Entry) {
				entries = append(entries, e.WithoutChanges()) // they are for an audit trail that an application asks for
			}
			config.Users = ownUsers{UserStore: config.Users, list: func(q *scim.Query) error {
				if q.SortBy != nil {
					return errors.New("the database is down")
				}
				return nil
			}}
		})
		u := c.user(`{"userName":"Zaphod1","name":{"familyName":"Zaphod2"},"emails":[{"value":"zaphod3@example.com"}],"password":"zaphod4"}`)
		c.get(`/Users?filter=userName eq "Zaphod5"`).total(0)
		c.get(`/Users?sortBy=userName&filter=emails eq "zaphod6@example.com"`).fails(500, "")
		c.patch("/Users/"+u, `{"op":"replace","path":"nickName","value":"Zaphod7"}`).is(200)
		c.post("/Users", `{"userName":"Zaphod1"}`).fails(409, "uniqueness")
		c.post("/Users", `{"userName":"x","active":"Zaphod8"}`).fails(400, "invalidValue")
		c.tolerant().put("/Users/"+u, `{"userName":"Zaphod1","zaphod":"Zaphod9","active":"True"}`).is(200)
		require.Len(c, entries, 7)
		assert.Contains(c, fmt.Sprint(entries), u)
		for _, text := range []string{c.log.String(), fmt.Sprint(entries)} {
			assert.NotRegexp(c, `(?i)zaphod\d`, text)
		}
	}},
	{"P-7.5.2-01", "SHOULD", "An application can refuse personal data in URLs; the same search in a body works.", func(c *suite) {
		c = c.with(personal)
		c.user(`{"userName":"bjensen","emails":[{"value":"a@x"}]}`)
		c.get(`/Users?filter=emails.value eq "a@x"`).fails(403, "sensitive").has("403", "status")
		c.search("/Users", `"filter":"emails.value eq \"a@x\""`).total(1)
	}},
	{"P-7.6-01", "MAY", "Registrations without a credential can be limited.", func(c *suite) {
		c = c.with(selfRegistration)
		c.as("").post("/Users", `{"userName":"a1"}`).is(201).has(false, "active")
		a := c.as("").post("/Users", `{"userName":"a2"}`).fails(429, "")
		assert.NotEmpty(c, a.header.Get("Retry-After"))
		c.get("/Users").total(1)
	}},
	{"P-7.7-01", "SHOULD", "Passwords can't be asked for, and failures look the same.", func(c *suite) {
		c = c.withUsers(ownUsers{passwords: true})
		u := c.user(`{"userName":"bjensen","password":"n3w!Passphrase"}`)
		for _, filter := range []string{`password eq "n3w!Passphrase"`, `password sw "n"`, `password pr`} {
			c.get("/Users?filter="+filter).fails(400, "invalidFilter")
			c.tolerant().get("/Users?filter="+filter).fails(400, "invalidFilter")
		}
		c.get("/Users?sortBy=password").is(400)
		assert.NotContains(c, c.get("/Users/"+u+"?attributes=password").is(200).text, "assphrase")
		assert.Equal(c, c.as("wrong").get("/Users").fails(401, "").text, c.as("strict2").get("/Users/"+u).fails(401, "").text)
	}},
	{"P-7.7-02", "SHOULD", "Users who serve themselves can be kept to some attributes.", func(c *suite) {
		c = c.with(func(config *scim.Config) {
			alsoTaking(scim.StaticToken("self", scopeOf("bjensen")))(config)
			config.Users = ownUsers{UserStore: config.Users, update: func(ctx context.Context, _ string, w *scim.Write) error {
				s, _ := scim.ScopeFrom(ctx)
				for _, path := range w.Changed {
					if s.Actor != "" && path != "displayName" && path != "nickName" {
						return scim.Forbidden("You may not change %s.", path)
					}
				}
				return nil
			}}
		})
		u := c.u1()
		c.as("self").patch("/Me", `{"op":"replace","path":"displayName","value":"x"}`).is(200).has("x", "displayName")
		c.keeps("/Users/"+u, func() {
			c.as("self").patch("/Me", `{"op":"replace","path":"userType","value":"admin"}`).fails(403, "")
		})
		c.patch("/Users/"+u, `{"op":"replace","path":"userType","value":"admin"}`).is(200)
	}},
	{"P-7.8-01", "MUST", "Strings are prepared before they are compared.", func(c *suite) {
		c.user(`{"userName":"émile"}`)
		c.matching(1, "/Users", `userName eq "ÉMILE"`)
		c.matching(1, "/Users", `userName eq "E`+"\u0301"+`mile"`)
		c.matching(0, "/Users", `userName eq "emile"`)
	}},
}
