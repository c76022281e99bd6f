package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// callbackPath is where the identity provider sends people back to.
const callbackPath = "/sso/callback"

// ssoCookie keeps what belongs to one sign-on, between the way there and the way back.
const (
	ssoCookie  = "platformd_sso"
	ssoSeconds = 600
)

// Why a sign-on fails, in words for who tried. What the identity provider said goes to the
// log only.
const (
	errNoSSO     refusal = "single sign-on is not set up"
	errElsewhere refusal = "this sign-on was begun elsewhere, or is too old: begin anew"
	errSSO       refusal = "the identity provider's answer can't be used"
)

// client is what talks to a customer's OpenID provider.
type client struct {
	oauth2.Config
	verifier *oidc.IDTokenVerifier
}

// client returns that of a customer. What a provider says of itself is read once.
func (a *app) client(ctx context.Context, org string) (*client, error) {
	c, err := a.connector(ctx, org)
	if err != nil {
		return nil, err
	}
	if c.Issuer == "" || c.ClientID == "" {
		return nil, errNoSSO
	}
	a.mu.Lock()
	provider := a.providers[c.Issuer]
	a.mu.Unlock()
	if provider == nil {
		// Its keys are read later too, so it must not end with this request.
		if provider, err = oidc.NewProvider(context.WithoutCancel(ctx), c.Issuer); err != nil {
			return nil, fmt.Errorf("%w: %w", errSSO, err)
		}
		a.mu.Lock()
		a.providers[c.Issuer] = provider
		a.mu.Unlock()
	}
	return &client{
		oauth2.Config{
			ClientID: c.ClientID, ClientSecret: c.ClientSecret, Endpoint: provider.Endpoint(),
			RedirectURL: a.url + callbackPath, Scopes: []string{oidc.ScopeOpenID, "profile", "email"},
		},
		provider.Verifier(&oidc.Config{ClientID: c.ClientID, Now: a.now}),
	}, nil
}

// startSSO sends the browser to the identity provider (OpenID Connect Core, section 3.1;
// PKCE is RFC 7636).
func (a *app) startSSO(w http.ResponseWriter, r *http.Request) {
	c, err := a.client(r.Context(), demoOrg)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	s := signOn{rand.Text(), rand.Text(), oauth2.GenerateVerifier()}
	http.SetCookie(w, a.cookie(ssoCookie, s.String(), ssoSeconds))
	http.Redirect(w, r, c.AuthCodeURL(s.state, oidc.Nonce(s.nonce), oauth2.S256ChallengeOption(s.verifier)), http.StatusFound)
}

// signOn is what one sign-on is recognised by: the answer has the state, the ID token the
// nonce, and only who has the verifier can exchange the code.
type signOn struct{ state, nonce, verifier string }

func (s signOn) String() string { return s.state + "." + s.nonce + "." + s.verifier }

// signOnOf returns the sign-on that a browser comes back from.
func signOnOf(r *http.Request) (signOn, error) {
	kept, err := r.Cookie(ssoCookie)
	if err != nil {
		return signOn{}, errElsewhere
	}
	parts := strings.Split(kept.Value, ".")
	if len(parts) != 3 || parts[0] == "" || r.FormValue("state") != parts[0] {
		return signOn{}, errElsewhere
	}
	return signOn{parts[0], parts[1], parts[2]}, nil
}

// endSSO takes the browser back with a code, and signs in whom it stands for.
func (a *app) endSSO(w http.ResponseWriter, r *http.Request) {
	s, err := signOnOf(r)
	http.SetCookie(w, a.cookie(ssoCookie, "", -1))
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	who, err := a.identify(r.Context(), s, r.FormValue("code"))
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	p, err := a.provisioned(r.Context(), demoOrg, who)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	a.enter(w, r, p, external)
}

// claims are those of an ID token by which people are found. Entra has the object id in
// "oid"; other providers have what provisioning calls externalId in "sub".
type claims struct {
	Subject       string `json:"sub"`
	ObjectID      string `json:"oid"`
	Email         string `json:"email"`
	EmailVerified bool   `json:"email_verified"`
	Nonce         string `json:"nonce"`
}

// identify exchanges the code for an ID token and checks it.
func (a *app) identify(ctx context.Context, s signOn, code string) (who claims, err error) {
	c, err := a.client(ctx, demoOrg)
	if err != nil {
		return who, err
	}
	tokens, err := c.Exchange(ctx, code, oauth2.VerifierOption(s.verifier))
	if err != nil {
		return who, fmt.Errorf("%w: %w", errSSO, err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	id, err := c.verifier.Verify(ctx, raw)
	if err != nil {
		return who, fmt.Errorf("%w: %w", errSSO, err)
	}
	if err := id.Claims(&who); err != nil {
		return who, fmt.Errorf("%w: %w", errSSO, err)
	}
	if who.Nonce != s.nonce {
		return who, fmt.Errorf("%w: the nonce is another one", errSSO)
	}
	return who, nil
}

// provisioned finds the person whom the identity provider means: by its object id, which
// is the externalId of provisioning, or else by an e-mail address that it has verified.
// Nobody is made here: who has not been provisioned has no account.
func (a *app) provisioned(ctx context.Context, org string, who claims) (person, error) {
	for _, id := range []string{who.ObjectID, who.Subject} {
		if id == "" {
			continue
		}
		if p, err := a.find(ctx, `p.org_id = $1 AND p.external_id = $2`, org, id); !errors.Is(err, errRefused) {
			return p, err
		}
	}
	if who.Email == "" || !who.EmailVerified {
		return person{}, errRefused
	}
	return a.find(ctx, `p.org_id = $1 AND lower(p.email) = lower($2)`, org, who.Email)
}
