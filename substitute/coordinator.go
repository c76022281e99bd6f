package substitute

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/muster-scim/muster/scim"
)

// MaxBatch bounds how many objects are moved at once: their ids are in one record and
// in one event.
const MaxBatch = scim.MaxEffective

const (
	defaultBatch     = 100
	defaultRetention = 30 * 24 * time.Hour
	defaultLease     = 2 * time.Minute
)

// Config says what a [Coordinator] hands over. Only Owned is required.
type Config struct {
	// Owned has everything that users own, in the order in which it is moved.
	Owned []Owned

	// Batch is how many objects are moved at once, up to MaxBatch; if zero it is 100.
	Batch int

	// Retention is how long a hand-over that has ended is remembered and can be
	// undone; if zero it is 30 days.
	Retention time.Duration

	// Lease is the longest that moving a batch may take; if zero it is two minutes.
	// An instance that takes longer is thought to be dead, and another one goes on.
	Lease time.Duration
}

// Coordinator carries out hand-overs. It is a [scim.Offboarding], and has what an
// application's own administrators need. It is safe for use from many goroutines, and
// there may be one on each of many instances.
type Coordinator struct {
	config Config
	s      scim.Services
}

var _ scim.Offboarding = (*Coordinator)(nil)

// New returns a coordinator for [scim.Config].Offboard. The error joins everything that
// is wrong with c.
func New(c Config) (*Coordinator, error) {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf("substitute: "+format, args...)) }
	if len(c.Owned) == 0 {
		fail("Config.Owned is empty: there is nothing to hand over")
	}
	kinds := map[string]bool{}
	for i, o := range c.Owned {
		switch {
		case o == nil:
			fail("Config.Owned[%d] is nil", i)
		case o.Kind() == "" || kinds[o.Kind()]:
			fail("Config.Owned[%d] needs a kind of its own, not %q", i, o.Kind())
		default:
			kinds[o.Kind()] = true
		}
	}
	if c.Batch < 0 || c.Batch > MaxBatch {
		fail("Config.Batch is %d; it must be between 1 and %d", c.Batch, MaxBatch)
	}
	if c.Retention < 0 || c.Lease < 0 {
		fail("Config.Retention and Config.Lease must not be negative")
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	c.Owned = slices.Clone(c.Owned)
	c.Batch = cmp.Or(c.Batch, defaultBatch)
	c.Retention = cmp.Or(c.Retention, defaultRetention)
	c.Lease = cmp.Or(c.Lease, defaultLease)
	return &Coordinator{config: c}, nil
}

// Bind gives the coordinator what it works with; [scim.New] calls it.
func (c *Coordinator) Bind(s scim.Services) { c.s = s }

// check reports that nobody has called Bind.
func (c *Coordinator) check() error {
	if c.s.State == nil {
		return errUnbound
	}
	return nil
}

// kind returns one kind of things, nil if it is no longer configured.
func (c *Coordinator) kind(name string) Owned {
	i := slices.IndexFunc(c.config.Owned, func(o Owned) bool { return o.Kind() == name })
	if i < 0 {
		return nil
	}
	return c.config.Owned[i]
}
