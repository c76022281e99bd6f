package substitute

import (
	"context"
	"errors"
	"fmt"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// maxConsidered bounds how many users are looked at for one heir: a chain of leavers is
// short, and a policy that names everybody names nobody.
const maxConsidered = 100

// unfit says why a user can't inherit what the leaver owned; it is empty for one who
// can.
func (c *Coordinator) unfit(ctx context.Context, t scim.Tenant, leaver, id string) (string, error) {
	if id == leaver {
		return "is the leaver", nil
	}
	u, err := c.s.Users.GetUser(ctx, t, id)
	if errors.Is(err, scim.ErrNotFound) {
		return "does not exist", nil
	}
	if err != nil {
		return "", err
	}
	if !schema.AsUser(u).Active() {
		return "is not active", nil
	}
	leaving, err := c.s.Leaving(ctx, t, id)
	if leaving && err == nil {
		return "is leaving", nil
	}
	return "", err
}

func (c *Coordinator) mustFit(ctx context.Context, t scim.Tenant, leaver, id string) error {
	reason, err := c.unfit(ctx, t, leaver, id)
	if err == nil && reason != "" {
		err = &UnfitError{id, reason}
	}
	return err
}

// search looks for an heir.
type search struct {
	c      *Coordinator
	tenant scim.Tenant
	policy scim.SubstitutePolicy // nil names nobody
	leaver string
	seen   map[string]bool // so that circles end
	passed []string        // who was passed over, and why
}

// find returns the heir that the policy names for a departure, after those in first;
// nil if there is none. passed tells of those who are unfit.
func (c *Coordinator) find(ctx context.Context, t scim.Tenant, p scim.SubstitutePolicy, d scim.Departure, first ...scim.Heir) (h *scim.Heir, passed []string, err error) {
	s := &search{c: c, tenant: t, policy: p, leaver: d.UserID, seen: map[string]bool{d.UserID: true}}
	ctx = context.WithValue(ctx, coordinatorKey{}, c)
	if h, err = s.among(ctx, first, ""); h == nil && err == nil {
		h, err = s.heirsOf(ctx, d, "")
	}
	return h, s.passed, err
}

// heirsOf considers those whom the policy names. instead tells whose heirs they are, if
// not the leaver's own.
func (s *search) heirsOf(ctx context.Context, d scim.Departure, instead string) (*scim.Heir, error) {
	if s.policy == nil {
		return nil, nil
	}
	heirs, err := s.policy.Heirs(ctx, s.tenant, d)
	if err != nil {
		return nil, fmt.Errorf("the substitute policy: %w", err)
	}
	return s.among(ctx, heirs, instead)
}

// among returns the first who is fit. In the place of one who is not, since he leaves
// too, come his own heirs.
func (s *search) among(ctx context.Context, heirs []scim.Heir, instead string) (*scim.Heir, error) {
	for _, h := range heirs {
		if h.UserID == "" || s.seen[h.UserID] || len(s.seen) > maxConsidered {
			continue
		}
		s.seen[h.UserID] = true
		reason, err := s.c.unfit(ctx, s.tenant, s.leaver, h.UserID)
		if err != nil {
			return nil, err
		}
		if reason == "" {
			h.Source += instead
			return &h, nil
		}
		s.passed = append(s.passed, fmt.Sprintf("%s %s %s", h.Source, h.UserID, reason))
		if found, err := s.inPlaceOf(ctx, h.UserID); found != nil || err != nil {
			return found, err
		}
	}
	return nil, nil
}

// inPlaceOf considers the heirs of one who is unfit: who has his things already, and
// then whom the policy names for him.
func (s *search) inPlaceOf(ctx context.Context, id string) (*scim.Heir, error) {
	d, first, err := s.c.departureOf(ctx, s.tenant, id)
	if d == nil || err != nil {
		return nil, err
	}
	instead := fmt.Sprintf(" (in place of %s)", id)
	found, err := s.among(ctx, first, instead)
	if found == nil && err == nil {
		found, err = s.heirsOf(ctx, *d, instead)
	}
	return found, err
}

// departureOf returns how a user has left or would leave, and to whom his things go
// already; nil if nothing is known of him.
func (c *Coordinator) departureOf(ctx context.Context, t scim.Tenant, id string) (*scim.Departure, []scim.Heir, error) {
	j, err := c.latest(ctx, t, id)
	if err != nil {
		return nil, nil, err
	}
	if j != nil && !j.over() {
		d, err := c.departure(ctx, j)
		return &d, named(j.Heir, j.Source), err
	}
	u, err := c.stored(ctx, t, id)
	if u == nil || err != nil {
		return nil, nil, err
	}
	now := c.s.Now()
	return &scim.Departure{
		UserID: id, User: u, Manager: schema.AsUser(u).Manager(), Trigger: scim.TriggerSuspend, At: now, Due: now,
	}, nil, nil
}

// departure returns what policies are told of a hand-over.
func (c *Coordinator) departure(ctx context.Context, j *job) (scim.Departure, error) {
	u, err := c.stored(ctx, j.tenant, j.User)
	return scim.Departure{
		UserID: j.User, User: u, Manager: j.Manager,
		Connection: j.Connection, Trigger: j.Trigger, At: j.At, Due: j.Due,
	}, err
}

// stored returns a user, also one who is out of sight; nil if there is none.
func (c *Coordinator) stored(ctx context.Context, t scim.Tenant, id string) (*schema.Resource, error) {
	u, err := c.s.Users.GetUser(ctx, t, id)
	if !errors.Is(err, scim.ErrNotFound) {
		return u, err
	}
	trash, ok := c.s.Users.(scim.UserTrash)
	if !ok {
		return nil, nil
	}
	page, err := trash.HiddenUsers(ctx, t, scim.Query{IDs: []string{id}, StartIndex: 1, Count: 1})
	if errors.Is(err, scim.ErrNotImplemented) {
		return nil, nil
	}
	if err != nil || len(page.Resources) == 0 {
		return nil, err
	}
	return page.Resources[0], nil
}

// resolve returns the id of the leaver's manager.
func (c *Coordinator) resolve(ctx context.Context, t scim.Tenant, d scim.Departure) (string, error) {
	u, err := c.stored(ctx, t, d.Manager)
	if u != nil || err != nil || d.User == nil {
		return d.Manager, err
	}
	for _, attr := range []string{"userName", "externalId"} {
		id, err := c.lookup(ctx, t, d.User.Type(), attr, d.Manager)
		if id != "" || err != nil {
			return id, err
		}
	}
	return d.Manager, nil
}

// lookup returns the id of the only user with this value of an attribute.
func (c *Coordinator) lookup(ctx context.Context, t scim.Tenant, typ *schema.Type, attr, value string) (string, error) {
	expr, err := filter.Parse(attr+" eq "+string(schema.AppendQuote(nil, value)), filter.Leniency{})
	if err != nil {
		return "", nil // nothing that a user could be called
	}
	f, err := filter.Check(expr, typ, filter.Checking{})
	if err != nil {
		return "", nil // the application has no such attribute
	}
	page, err := c.s.Users.ListUsers(ctx, t, scim.Query{Filter: f, StartIndex: 1, Count: 2})
	if errors.Is(err, scim.ErrNotImplemented) {
		return "", nil
	}
	if err != nil || len(page.Resources) != 1 {
		return "", err
	}
	return page.Resources[0].ID(), nil
}
