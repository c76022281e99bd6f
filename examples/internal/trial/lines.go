package trial

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// systems are the products that the examples stand for, with the number of behaviours
// that each is known by. A test finds all of them in the tests of the examples.
var systems = map[string]int{"T-Entra": 8, "T-OneLogin": 4, "Torii": 5, "TIM": 10, "Platform-D": 9}

// Line is one of a product's numbered behaviours.
type Line struct {
	name string
	show func(t *testing.T)
}

// Show returns the line whose name begins with its number, as "3 role by userType".
func Show(name string, show func(t *testing.T)) Line { return Line{name, show} }

// Lines runs one subtest for each behaviour of a product: for every one, in order.
func Lines(t *testing.T, system string, lines ...Line) {
	t.Helper()
	require.Len(t, lines, systems[system], "behaviours of %s", system)
	for i, l := range lines {
		number, _, _ := strings.Cut(l.name, " ")
		require.Equal(t, strconv.Itoa(i+1), number, l.name)
		t.Run(l.name, l.show)
	}
}
