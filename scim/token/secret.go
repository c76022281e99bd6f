package token

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"hash/crc32"
	"math/big"
	"strings"
)

// secretSize is how many random bytes a token has: 256 bits.
const secretSize = 32

// The parts of a token are in base 62, so that a double click selects all of it.
const (
	secretDigits   = 43
	checksumDigits = 6
)

// newSecret makes prefix_random_checksum.
func newSecret(prefix string) string {
	b := make([]byte, secretSize)
	if _, err := rand.Read(b); err != nil {
		panic(err) // crypto/rand never returns an error
	}
	body := prefix + "_" + base62(new(big.Int).SetBytes(b), secretDigits)
	return body + "_" + checksum(body)
}

func checksum(body string) string {
	return base62(big.NewInt(int64(crc32.ChecksumIEEE([]byte(body)))), checksumDigits)
}

func base62(n *big.Int, digits int) string {
	text := n.Text(62)
	return strings.Repeat("0", max(digits-len(text), 0)) + text
}

// wellFormed reports whether secret can be one of ours: what is mistyped or made up is
// refused without asking the store.
func wellFormed(prefix, secret string) bool {
	i := strings.LastIndexByte(secret, '_')
	return i > 0 && strings.HasPrefix(secret, prefix+"_") && checksum(secret[:i]) == secret[i+1:]
}

// hash is what is kept of a secret.
func hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
