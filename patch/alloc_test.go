//go:build !race

package patch_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAllocations holds what the commonest request costs. With the race detector
// pools forget at random.
func TestAllocations(t *testing.T) {
	user, data := resource(t, richType, user1), body(activeOp)
	allocs := testing.AllocsPerRun(100, func() { run(t, user, nil, data) })
	require.LessOrEqual(t, allocs, 20.0)
}
