package jwt

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/muster-scim/muster/scim"
)

const (
	// pauseRead is for how long keys that were read are not read again, whatever
	// keys tokens name: anybody can name any. So long a new key may go unnoticed,
	// but only if somebody does just that; otherwise it is found at once.
	pauseRead = time.Minute

	// pauseFailed is for how long an issuer that could not be reached is left alone.
	pauseFailed = 10 * time.Second

	// keepFor is how long keys are used while newer ones can't be read. Most
	// outages end sooner, and a key that was stolen is worthless then.
	keepFor = 24 * time.Hour

	// minRSA is the least size of an RSA key in bits (RFC 7518, section 3.3).
	minRSA = 2048
)

// keySet has the keys of an issuer, as they were read last.
type keySet struct {
	url     string
	client  *http.Client
	refresh time.Duration
	now     func() time.Time
	logger  *slog.Logger

	mu     sync.Mutex
	keys   []jose.JSONWebKey
	read   time.Time     // when keys were read; zero if never
	tried  time.Time     // when that was tried last
	failed error         // how that went
	busy   chan struct{} // closed when the one that is reading is done; nil if nobody is
}

// find returns the keys that may have signed a token with that key id, which may be
// empty, and that algorithm: none if the issuer has none. again says that those which
// are known have not. The error is a 503.
func (s *keySet) find(ctx context.Context, id string, alg jose.SignatureAlgorithm, again bool) ([]any, error) {
	found, fresh := s.known(id, alg)
	if len(found) > 0 && fresh && !again {
		return found, nil
	}
	err := s.update(ctx)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	found, _ = s.known(id, alg)
	// A key that is known by its id has not signed; one without an id may be new.
	if err != nil && (len(found) == 0 || again && id == "") {
		return nil, &scim.Error{
			Status: http.StatusServiceUnavailable, Detail: "The keys of the authorization server can't be read now. Try again later.", Err: err,
		}
	}
	return found, nil
}

// known is find among the keys that there are. fresh tells that they need not be read
// again.
func (s *keySet) known(id string, alg jose.SignatureAlgorithm) (found []any, fresh bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	age := s.now().Sub(s.read)
	if s.read.IsZero() || age >= keepFor {
		return nil, false
	}
	for _, key := range s.keys {
		if (id == "" || key.KeyID == id) && (key.Algorithm == "" || key.Algorithm == string(alg)) && suits(key.Key, alg) {
			found = append(found, key.Key)
		}
	}
	return found, 0 <= age && age < s.refresh
}

// update reads the keys, waits for whoever is reading them, or does nothing if that was
// done just now. It returns how it went.
func (s *keySet) update(ctx context.Context) error {
	s.mu.Lock()
	busy := s.busy
	switch {
	case busy != nil:
		s.mu.Unlock()
		select {
		case <-busy:
		case <-ctx.Done():
			return ctx.Err()
		}
		s.mu.Lock()
	case !s.pausing():
		s.busy = make(chan struct{})
		s.mu.Unlock()
		s.load(ctx)
		s.mu.Lock()
	}
	defer s.mu.Unlock()
	return s.failed
}

func (s *keySet) pausing() bool {
	pause := pauseRead
	if s.failed != nil {
		pause = pauseFailed
	}
	age := s.now().Sub(s.tried)
	return !s.tried.IsZero() && 0 <= age && age < pause
}

// load reads the keys. It goes on if the client of this request goes away, since others
// may be waiting, and says so to them if it panics.
func (s *keySet) load(ctx context.Context) {
	var keys []jose.JSONWebKey
	err := errors.New("jwt: reading the keys panicked")
	started := s.now()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.tried, s.failed = s.now(), err
		if err == nil {
			s.keys, s.read = keys, started
		}
		close(s.busy)
		s.busy = nil
	}()
	keys, err = s.fetch(context.WithoutCancel(ctx))
	if err != nil {
		s.logger.WarnContext(ctx, "The keys of an authorization server can't be read.", "url", s.url, "error", err)
	}
}

// suits reports whether a key is of the kind that an algorithm uses.
func suits(key any, alg jose.SignatureAlgorithm) bool {
	switch k := key.(type) {
	case *rsa.PublicKey:
		switch alg {
		case jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512:
			return k.N.BitLen() >= minRSA
		}
	case *ecdsa.PublicKey:
		switch alg {
		case jose.ES256:
			return k.Curve == elliptic.P256()
		case jose.ES384:
			return k.Curve == elliptic.P384()
		case jose.ES512:
			return k.Curve == elliptic.P521()
		}
	case ed25519.PublicKey:
		return alg == jose.EdDSA
	}
	return false
}
