package jwt

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	// fetchTimeout bounds how long requests wait for keys; identity providers wait
	// for a minute.
	fetchTimeout = 10 * time.Second

	// maxDocument and maxKeys bound what an issuer may publish. Large ones have
	// ten keys, with certificates.
	maxDocument = 1 << 20
	maxKeys     = 100
)

// fetch reads the JWK Set (RFC 7517, section 5).
func (s *keySet) fetch(ctx context.Context) ([]jose.JSONWebKey, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/jwk-set+json, application/json")
	resp, err := s.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }() // everything was read, or nobody wants the rest
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("jwt: the answer is %s", resp.Status)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxDocument {
		return nil, fmt.Errorf("jwt: the answer has more than %d bytes", maxDocument)
	}
	return decode(text)
}

// decode returns the keys of a JWK Set that signatures can be verified with. What is not
// understood is passed over: an issuer may be ahead of us (RFC 7517, section 5).
func decode(text []byte) ([]jose.JSONWebKey, error) {
	var set struct{ Keys []json.RawMessage }
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, fmt.Errorf("jwt: the answer is no JWK Set: %w", err)
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("jwt: the answer has more than %d keys", maxKeys)
	}
	var keys []jose.JSONWebKey
	for _, text := range set.Keys {
		var key jose.JSONWebKey
		err := key.UnmarshalJSON(text)
		if err == nil && key.IsPublic() && key.Valid() && (key.Use == "" || key.Use == "sig") {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("jwt: none of the %d keys of the answer can be used", len(set.Keys))
	}
	return keys, nil
}
