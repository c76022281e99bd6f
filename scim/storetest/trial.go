package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

const defaultTimeout = 5 * time.Minute

// maxFailures is how many lines of one case are shown: what else is broken is
// mostly the same.
const maxFailures = 10

// kit is a test of one implementation.
type kit struct {
	open func(testing.TB) Stores
	o    Options

	// The types of what neither Options nor the store has a type for.
	userType, groupType, resourceType *schema.Type

	// absent are the stores that open did not return the last time: for cases
	// that need them it is not called again.
	absent need
}

func newKit(open func(testing.TB) Stores, o Options) *kit {
	o.Short = o.Short || testing.Short()
	if len(o.Tenants) == 0 {
		o.Tenants = []scim.Tenant{"acme", "globex"}
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.Roles.Names == nil {
		o.Roles.Names = []string{"admin", "auditor", "editor"}
	}
	return &kit{
		open:         open,
		o:            o,
		userType:     userType(),
		groupType:    groupType(),
		resourceType: resourceType(),
	}
}

// runAll runs each case in a subtest or, where there are none, one after the
// other. All are run, whatever fails. Those that are about what the store does not
// offer are left out, and named in one line of the log: they are no tests that
// somebody forgot to enable.
func (k *kit) runAll(tb testing.TB, cases []Case) {
	tb.Helper()
	cases = k.applicable(tb, cases)
	t, ok := tb.(*testing.T)
	for _, c := range cases {
		if ok {
			t.Run(c.Name, func(t *testing.T) { k.report(t, c, "") })
			continue
		}
		k.report(tb, c, c.Name+": ")
	}
}

// report runs a case and says what came of it.
func (k *kit) report(tb testing.TB, c Case, prefix string) {
	tb.Helper()
	x := k.try(tb, c)
	if text := x.text(c); text != "" {
		tb.Errorf("%s%s", prefix, text)
	} else if x.skipped != "" {
		tb.Logf("%sdoes not apply, %s", prefix, x.skipped)
	}
}

// applicable returns the cases on what the store offers, and logs the others.
func (k *kit) applicable(tb testing.TB, cases []Case) []Case {
	tb.Helper()
	probe := &trial{k: k, o: &k.o, Stores: k.open(tb), record: &record{}}
	lacks := probe.lacks()
	var left []Case
	var without []string
	for _, c := range cases {
		if why := (c.needs & lacks).String(); why != "" {
			without = append(without, c.Name+" ("+why+")")
			continue
		}
		left = append(left, c)
	}
	if len(without) > 0 {
		tb.Logf("left out, since the store does not offer it: %s", strings.Join(without, ", "))
	}
	return left
}

// trial is one run of one case on stores of its own. Its methods may be called
// from the goroutines that parallel starts.
type trial struct {
	Stores
	k   *kit
	o   *Options
	ctx context.Context

	// tenant is where a case works that is not about tenants.
	tenant scim.Tenant

	*record
}

// record is what comes of a trial.
type record struct {
	mu       sync.Mutex
	numbers  int
	failures []string
	skipped  string
}

// try runs a case. It comes back even if the case does not.
func (k *kit) try(tb testing.TB, c Case) *trial {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), k.o.Timeout)
	defer cancel()
	x := &trial{k: k, o: &k.o, ctx: ctx, tenant: k.o.Tenants[0], record: &record{}}
	if x.skipped = (c.needs & k.absent).String(); x.skipped != "" {
		return x
	}
	x.Stores = k.open(tb)
	lacks := x.lacks()
	k.absent = lacks &^ anyAbility
	if x.skipped = (c.needs & lacks).String(); x.skipped != "" {
		return x
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer x.recover()
		c.run(x)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		// A store that heeds its context comes back now, and says what it
		// waited for.
		select {
		case <-done:
		case <-time.After(time.Second):
		}
		x.errorf("the case did not end within %v:\n%s", k.o.Timeout, stacks())
	}
	return x
}

func stacks() string {
	buf := make([]byte, 64<<10)
	return string(buf[:runtime.Stack(buf, true)])
}

// stop ends a case early, by a panic that recover knows.
type stop struct{}

// recover turns a panic of a store into a failure.
func (x *trial) recover() {
	switch p := recover().(type) {
	case nil:
	case stop:
	default:
		buf := make([]byte, 8<<10)
		x.errorf("panic: %v\n%s", p, buf[:runtime.Stack(buf, false)])
	}
}

// errorf reports a failure; the case goes on.
func (x *trial) errorf(format string, args ...any) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.failures = append(x.failures, fmt.Sprintf(format, args...))
}

// fatalf reports a failure and ends the case.
func (x *trial) fatalf(format string, args ...any) {
	x.errorf(format, args...)
	panic(stop{})
}

// skipf ends the case: the store has nothing that it could look at.
func (x *trial) skipf(format string, args ...any) {
	x.mu.Lock()
	x.skipped = fmt.Sprintf(format, args...)
	x.mu.Unlock()
	panic(stop{})
}

// must ends the case if a call that has to work did not.
func (x *trial) must(err error, format string, args ...any) {
	if err != nil {
		x.fatalf("%s: %v", fmt.Sprintf(format, args...), err)
	}
}

// text tells what failed, and what the rule is; "" if nothing did.
func (x *trial) text(c Case) string {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.failures) == 0 {
		return ""
	}
	shown := x.failures
	if len(shown) > maxFailures {
		shown = append(shown[:maxFailures:maxFailures], fmt.Sprintf("and %d more", len(x.failures)-maxFailures))
	}
	return fmt.Sprintf("%s\nrule:      %s\nsection:   %s\nif broken: %s",
		strings.Join(shown, "\n"), c.Rule, c.Section, c.Consequence)
}

// number returns another number each time, for values that must differ.
func (x *trial) number() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.numbers++
	return x.numbers
}

// parallel runs f in n goroutines at once and returns their errors.
func (x *trial) parallel(n int, f func(i int) error) []error {
	errs := make([]error, n)
	begin := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			defer x.recover()
			<-begin
			errs[i] = f(i)
		})
	}
	close(begin)
	wg.Wait()
	return errs
}

// rounds is how often a race is tried.
func (x *trial) rounds() int {
	if x.o.Short {
		return 5
	}
	return 25
}

// racers is how many take part in one.
const racers = 8

// ability ends the case if a method refuses what its interface is for.
func (x *trial) ability(err error) {
	if errors.Is(err, scim.ErrNotImplemented) {
		x.skipf("the store answers ErrNotImplemented")
	}
}

// other returns the second tenant.
func (x *trial) other() scim.Tenant { return x.o.Tenants[1] }

// isNotFound, isMismatch and the others know what a store may answer, wrapped or
// not.
func isNotFound(err error) bool { return errors.Is(err, scim.ErrNotFound) }

// isMismatch: ErrNotFound may stand for "no such version" too.
func isMismatch(err error) bool { return errors.Is(err, scim.ErrVersionMismatch) || isNotFound(err) }

func isTaken(err error) bool { return isError(err, 409, schema.ScimTypeUniqueness) }

func isInvalid(err error) bool { return isError(err, 400, schema.ScimTypeInvalidValue) }

// isDeclined reports whether a filter or order was refused, which is better than
// a wrong answer.
func isDeclined(err error) bool {
	return errors.Is(err, scim.ErrNotImplemented) || errors.Is(err, scim.ErrTooBroad) ||
		isError(err, 400, schema.ScimTypeInvalidFilter) || isError(err, 400, schema.ScimTypeTooMany)
}

func isError(err error, status int, t schema.ScimType) bool {
	e, ok := errors.AsType[*scim.Error](err)
	return ok && e.Status == status && e.Type == t
}

// expect reports an error that is not the expected kind.
func (x *trial) expect(is func(error) bool, want string, err error, format string, args ...any) bool {
	if is(err) {
		return true
	}
	what := fmt.Sprintf(format, args...)
	if err == nil {
		x.errorf("%s: no error, want %s", what, want)
	} else {
		x.errorf("%s: %v (%T), want %s", what, err, err, want)
	}
	return false
}

func (x *trial) expectNotFound(err error, format string, args ...any) bool {
	return x.expect(isNotFound, "scim.ErrNotFound", err, format, args...)
}

func (x *trial) expectMismatch(err error, format string, args ...any) bool {
	return x.expect(isMismatch, "scim.ErrVersionMismatch", err, format, args...)
}

func (x *trial) expectTaken(err error, format string, args ...any) bool {
	return x.expect(isTaken, "scim.Taken", err, format, args...)
}
