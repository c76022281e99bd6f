// Package trial has what the tests of all examples do the same way: they show the numbered
// behaviours of a product, run the program as its README says, and count the lines of its
// SCIM wiring.
package trial

import (
	"bytes"
	"context"
	"io"
	"regexp"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

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
