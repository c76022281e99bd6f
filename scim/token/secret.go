package token

import (
	"crypto/rand"
	"crypto/sha256"
	"hash/crc32"
	"math/big"
	"strings"
)

// secretSize is how many random bytes a token has: 256 bits.
const secretSize = 32

// The parts of a token are in base 62, so that a double click selects all of it.
const (
	base           = 62
	alphabet       = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	secretDigits   = 43
	checksumDigits = 6
)

// maxSecret is the longest a token can be.
const maxSecret = maxPrefix + 1 + secretDigits + 1 + checksumDigits

// newSecret makes prefix_random_checksum.
func newSecret(prefix string) string {
	b := make([]byte, secretSize)
	_, _ = rand.Read(b) // never returns an error
	text := new(big.Int).SetBytes(b).Text(base)
	body := prefix + "_" + strings.Repeat("0", secretDigits-len(text)) + text
	sum := checksum(body)
	return body + "_" + string(sum[:])
}

// checksum is the CRC-32 of IEEE in base 62. ChecksumIEEE would need a copy of the text
// on the heap.
func checksum(body string) (sum [checksumDigits]byte) {
	n := ^uint32(0)
	for i := range len(body) {
		n = crc32.IEEETable[byte(n)^body[i]] ^ n>>8
	}
	n = ^n
	for i := range sum {
		sum[len(sum)-1-i] = alphabet[n%base]
		n /= base
	}
	return sum
}

// wellFormed reports whether secret can be one of ours: what is mistyped or made up is
// refused without asking the store. The prefix is not compared: it may have changed
// since the token was issued.
func wellFormed(secret string) bool {
	i := len(secret) - checksumDigits - 1
	if i < 0 || len(secret) > maxSecret || secret[i] != '_' {
		return false
	}
	sum := checksum(secret[:i])
	return secret[i+1:] == string(sum[:])
}

// digest is what is kept of a secret: its SHA-256.
type digest [sha256.Size]byte

func hash(secret string) digest {
	var buf [maxSecret]byte // on the stack
	return sha256.Sum256(append(buf[:0], secret...))
}
