package token

import (
	"hash/crc32"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestChecksum compares with the standard library's.
func TestChecksum(t *testing.T) {
	for range 100 {
		body := newSecret("acme")[:len("acme_")+secretDigits]
		sum := checksum(body)
		n, ok := new(big.Int).SetString(string(sum[:]), base)
		require.True(t, ok)
		require.Equal(t, uint64(crc32.ChecksumIEEE([]byte(body))), n.Uint64())
	}
}
