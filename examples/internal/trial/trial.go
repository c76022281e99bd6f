// Package trial has what the tests of all examples do the same way: they run the program
// as its README says, and count the lines of its SCIM wiring.
package trial

import (
	"bytes"
	"context"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// maxWiring is how many lines it may take to put SCIM into an application.
const maxWiring = 120

// Wiring fails if files have more lines together than wiring may take. Blank lines and
// comments don't count.
func Wiring(t *testing.T, files ...string) {
	t.Helper()
	lines := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
				lines++
			}
		}
	}
	assert.LessOrEqual(t, lines, maxWiring, "lines of %v", files)
	assert.Positive(t, lines)
	t.Logf("%d lines of wiring", lines)
}

// output is what a program prints, readable while it runs.
type output struct {
	mu    sync.Mutex
	text  bytes.Buffer
	wrote chan struct{}
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.wrote <- struct{}{}:
	default:
	}
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// Run runs a program until the test ends and returns what its greeting has at the groups
// of a regular expression.
func Run(t *testing.T, run func(ctx context.Context, args []string, out io.Writer) error, greeting *regexp.Regexp, args ...string) []string {
	t.Helper()
	out := &output{wrote: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), out) }()
	var ended bool
	t.Cleanup(func() {
		cancel()
		if !ended {
			require.NoError(t, <-done)
		}
	})
	for {
		if m := greeting.FindStringSubmatch(out.String()); m != nil {
			return m[1:]
		}
		select {
		case <-out.wrote:
		case err := <-done:
			ended = true
			t.Fatalf("the program ended: %v\n%s", err, out)
		}
	}
}
