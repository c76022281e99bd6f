package notice_test

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"log"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/notice"
)

// A token is signed by any library for JSON Web Signatures.
func ExampleFeed_Claims() {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)) // yours is secret
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: key}, (&jose.SignerOptions{}).WithType(notice.TokenType))
	if err != nil {
		log.Fatal(err)
	}
	feed := notice.Feed{
		Issuer: "https://app.example.com", Audience: []string{"https://hr.example.com"},
		Now: func() time.Time { return time.Unix(1772366400, 0) },
	}

	claims, ok := feed.Claims(scim.Event{
		ID: "7", At: time.Unix(1772366390, 0), Type: scim.UserDeleted, Resource: "User", ResourceID: "2b2f880a",
	})
	if !ok {
		return // nothing to tell
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		log.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		log.Fatal(err)
	}
	token, err := signed.CompactSerialize() // to be sent, see RFC 8935
	if err != nil {
		log.Fatal(err)
	}

	received, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		log.Fatal(err)
	}
	verified, err := received.Verify(key.Public())
	if err != nil {
		log.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(verified, &doc); err != nil {
		log.Fatal(err)
	}
	fmt.Println(received.Signatures[0].Protected.ExtraHeaders[jose.HeaderType])
	fmt.Println(doc["sub_id"], doc["events"])
	// Output:
	// secevent+jwt
	// map[format:scim uri:/Users/2b2f880a] map[urn:ietf:params:scim:event:prov:delete:map[]]
}
