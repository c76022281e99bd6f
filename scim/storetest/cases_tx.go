package storetest

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/scim"
)

// txCases are about calls that are done together or not at all.
var txCases = []Case{
	{
		Name:        "Tx/Commit",
		Rule:        "What the function of InTx does with its context is done when InTx returns; within, each call sees those before it.",
		Section:     "scim.Transactor",
		Consequence: "A user is created and the role or group that belongs to it is not.",
		needs:       needTx,
		run:         onTx(testTxCommit),
	},
	{
		Name:        "Tx/Undo",
		Rule:        "An error of the function is returned and undoes all its calls: creations, updates, deletions, memberships, roles and records.",
		Section:     "scim.Transactor",
		Consequence: "The identity provider is answered an error and repeats the request, but half of it was done the first time.",
		needs:       needTx,
		run:         onTx(testTxUndo),
	},
	{
		Name:        "Tx/Twice",
		Rule:        "A function that is undone and run again has its effects once.",
		Section:     "scim.Transactor",
		Consequence: "Under load the database tries again, and the name that the first attempt took is in use.",
		needs:       needTx,
		run:         onTx(testTxTwice),
	},
	{
		Name:        "Tx/FailedCall",
		Rule:        "A call that fails within a transaction has no effect and does not spoil it: if the function returns nil the other calls are done.",
		Section:     "scim.Transactor",
		Consequence: "After a name in use nothing else can be done in the request, which ends as 500 instead of another attempt.",
		needs:       needTx | needUsers,
		run:         onTx(testTxFailedCall),
	},
	{
		Name:        "Tx/Panic",
		Rule:        "A panic of the function undoes its calls too, and the store can be used afterwards.",
		Section:     "scim.Transactor",
		Consequence: "One bug in a policy blocks every request that follows.",
		needs:       needTx,
		run:         onTx(testTxPanic),
	},
	{
		Name:        "Tx/Unseen",
		Rule:        "Others do not see what a transaction has not done yet.",
		Section:     "scim.Transactor",
		Consequence: "The identity provider is shown an account that is never created.",
		needs:       needTx,
		run:         onTx(testTxUnseen),
	},
	{
		Name:        "Tx/Race",
		Rule:        "Transactions at the same time lose nothing: one that writes with the version it has read succeeds only if nobody else wrote.",
		Section:     "scim.Transactor",
		Consequence: "Two requests at once take the last role of two administrators, and nobody is left.",
		needs:       needTx,
		run:         onTx(testTxRace),
	},
}

// tx are stores whose calls can be done together.
type tx struct {
	*trial
	scim.Transactor
}

// transactor returns that of the stores, nil if there is none.
func (x *trial) transactor() scim.Transactor {
	for _, s := range []any{x.Users, x.Groups, x.Resources, x.State} {
		if t, ok := s.(scim.Transactor); ok {
			return t
		}
	}
	return nil
}

// onTx makes the run of a case out of one on tx.
func onTx(f func(s *tx)) func(*trial) {
	return func(x *trial) {
		t := x.transactor()
		x.ability(t.InTx(x.ctx, func(context.Context) error { return nil }))
		f(&tx{x, t})
	}
}

// within returns x with another context.
func (x *trial) within(ctx context.Context) *trial {
	inner := *x
	inner.ctx = ctx
	return &inner
}

// joins reports whether the records have part in the transactions.
func (s *tx) joins() bool {
	return s.State != nil && (!s.o.StateApart || s.Users == nil && s.Groups == nil && s.Resources == nil)
}

// resourcesJoin reports whether resources have: those of a store that can do
// transactions itself.
func (s *tx) resourcesJoin() bool { return s.Resources != nil && is[scim.Transactor](s.Resources) }

// deed is what a transaction does in each store. Its zero value is nothing yet.
type deed struct{ user, group, resource, key string }

// do creates one of each.
func (s *tx) do(ctx context.Context) (d deed, err error) {
	x := s.within(ctx)
	defer func() {
		// What ends the case must leave the transaction by an error.
		if p := recover(); p != nil {
			if _, ok := p.(stop); !ok {
				panic(p)
			}
			err = errUndo
		}
	}()
	if s.Users != nil {
		d.user = x.users().add().ID()
		x.users().read(d.user)
		if r, ok := s.Users.(scim.RoleSetter); ok {
			if err := r.SetUserRoles(ctx, s.tenant, d.user, s.o.Roles.Names[:1]); err != nil && !errors.Is(err, scim.ErrNotImplemented) {
				return d, err
			}
		}
	}
	if s.Users != nil && s.Groups != nil {
		g := x.teams()
		d.group = g.formed(d.user)
		g.edit(g.read(d.group), assign{g.text(0), g.word()})
		if got := g.members(d.group); !slices.Equal(got, []string{d.user}) {
			return d, errors.New("within a transaction, the group that it made has not its member")
		}
	}
	if s.resourcesJoin() {
		d.resource = x.resources().add().ID()
		x.resources().read(d.resource)
	}
	if s.joins() {
		d.key = "key " + strconv.Itoa(x.number())
		if err := s.State.PutState(ctx, s.tenant, scim.State{Kind: "tx", Key: d.key, Data: []byte("x")}); err != nil {
			return d, err
		}
		if got, _, err := s.State.ListState(ctx, s.tenant, scim.StateQuery{Kind: "tx", Keys: []string{d.key}}); err != nil || len(got) != 1 {
			return d, errors.New("within a transaction, the record that it put is not there")
		}
	}
	return d, nil
}

// expectDone reports if not all, or not nothing, of d is there.
func (s *tx) expectDone(what string, d deed, want bool) {
	expect := func(kind string, is bool) {
		if is != want {
			s.errorf("%s: the %s is there: %v, want %v", what, kind, is, want)
		}
	}
	if d.user != "" {
		_, err := s.users().get(s.ctx, s.tenant, d.user)
		expect("user", err == nil)
	}
	if d.group != "" {
		g := s.teams()
		_, err := g.get(s.ctx, s.tenant, d.group)
		expect("group", err == nil)
		expect("membership", len(g.groupsOf(d.user)) == 1)
	}
	if d.resource != "" {
		_, err := s.resources().get(s.ctx, s.tenant, d.resource)
		expect("resource", err == nil)
	}
	if d.key != "" {
		got, _, err := s.State.ListState(s.ctx, s.tenant, scim.StateQuery{Kind: "tx", Keys: []string{d.key}})
		s.must(err, "listing records")
		expect("record", len(got) == 1)
	}
}

func testTxCommit(s *tx) {
	for what, t := range map[string]scim.Transactor{"a transaction": s.Transactor, "a transaction that was run twice": Twice(s.Transactor)} {
		var d deed
		err := t.InTx(s.ctx, func(ctx context.Context) (err error) {
			d, err = s.do(ctx)
			return err
		})
		s.must(err, "%s", what)
		s.expectDone("after "+what, d, true)
		if d.user != "" && s.o.Roles.Of != nil && is[scim.RoleSetter](s.Users) {
			(&roles{collection: s.users()}).expectRoles("after "+what, d.user, s.o.Roles.Names[0])
		}
	}
}

var errUndo = errors.New("storetest: undo this")

func testTxUndo(s *tx) {
	victim := s.victim()
	before := s.inventory()
	var d deed
	err := s.InTx(s.ctx, func(ctx context.Context) (err error) {
		if d, err = s.do(ctx); err == nil {
			err = victim.harm(ctx)
		}
		if err != nil {
			return err
		}
		return errUndo
	})
	if !errors.Is(err, errUndo) {
		s.errorf("InTx returned %v, want the error of its function", err)
	}
	s.expectDone("after an error", d, false)
	victim.expectUnharmed("after an error")
	s.expectInventory("after an error", before)
}

// inventory has the ids of all users, groups and resources that have part.
func (s *tx) inventory() []string {
	var ids []string
	for _, c := range s.parts() {
		ids = append(ids, idsOf(c.all())...)
	}
	return ids
}

func (s *tx) parts() []*collection {
	var all []*collection
	if s.Users != nil {
		all = append(all, s.users())
	}
	if s.Users != nil && s.Groups != nil {
		all = append(all, s.groups())
	}
	if s.resourcesJoin() {
		all = append(all, s.resources())
	}
	return all
}

func (s *tx) expectInventory(what string, want []string) {
	s.expectIDs(what+": all ids", s.inventory(), want, false)
}

// victim has resources of before a transaction.
type victim struct {
	s       *tx
	kept    []*collection
	ids     []string
	member  string
	group   string
	roleful bool
}

func (s *tx) victim() *victim {
	v := &victim{s: s, kept: s.parts()}
	for _, c := range v.kept {
		v.ids = append(v.ids, c.insert(c.full()).ID())
	}
	if s.Users != nil && s.Groups != nil {
		g := s.teams()
		v.member, v.group = v.ids[0], v.ids[1]
		g.apply(v.group, patch.MemberDelta{Add: g.membersOf(v.member)})
	}
	if r, ok := s.Users.(scim.RoleSetter); ok && s.o.Roles.Of != nil {
		v.roleful = r.SetUserRoles(s.ctx, s.tenant, v.ids[0], s.o.Roles.Names[:2]) == nil
	}
	if s.joins() {
		s.must(s.State.PutState(s.ctx, s.tenant, scim.State{Kind: "tx", Key: "victim", Refs: []string{"ref"}, Data: []byte("old")}), "putting a record")
	}
	return v
}

// harm changes and deletes all of it.
func (v *victim) harm(ctx context.Context) error {
	s := v.s
	if v.roleful {
		if err := s.Users.(scim.RoleSetter).SetUserRoles(ctx, s.tenant, v.ids[0], nil); err != nil {
			return err
		}
	}
	if v.group != "" {
		if _, err := s.Groups.UpdateGroup(ctx, s.tenant, v.group, scim.GroupWrite{Members: patch.MemberDelta{Replace: true}}); err != nil {
			return err
		}
	}
	for i, c := range v.kept {
		r, err := c.get(ctx, s.tenant, v.ids[i])
		if err != nil {
			return err
		}
		if _, err := c.update(ctx, s.tenant, v.ids[i], c.change(r, assign{c.text(0), c.word()}, assign{c.naming, c.word()})); err != nil {
			return err
		}
		if err := c.delete(ctx, s.tenant, v.ids[i], ""); err != nil {
			return err
		}
	}
	if s.joins() {
		return s.State.PutState(ctx, s.tenant, scim.State{Kind: "tx", Key: "victim", Version: 1, Delete: true})
	}
	return nil
}

// expectUnharmed reports what is not as it was before.
func (v *victim) expectUnharmed(what string) {
	s := v.s
	for i, c := range v.kept {
		r, err := c.get(s.ctx, s.tenant, v.ids[i])
		if err != nil {
			s.errorf("%s: reading a %s that the transaction deleted: %v", what, c.typ.Name(), err)
			continue
		}
		c.expectFilter(c.naming.Path()+" eq "+quote(r.Get(c.naming.Path()).String()), scim.Query{})
		// Its name must be in use still.
		if c.isUnique(c.naming) {
			_, err = c.create(s.ctx, s.tenant, c.writeOf(c.fresh(assign{c.naming, r.Get(c.naming.Path()).String()})))
			c.expectTaken(err, "%s: creating a %s with the name of one that the transaction renamed", what, c.typ.Name())
		}
	}
	if v.group != "" {
		s.teams().expectMembers(what, v.group, v.member)
	}
	if v.roleful {
		(&roles{collection: s.users()}).expectRoles(what, v.ids[0], s.o.Roles.Names[:2]...)
	}
	if s.joins() {
		got, _, err := s.State.ListState(s.ctx, s.tenant, scim.StateQuery{Kind: "tx", Ref: "ref"})
		s.must(err, "listing records")
		if len(got) != 1 || string(got[0].Data) != "old" || got[0].Version != 1 {
			s.errorf("%s: the record that the transaction deleted is %+v", what, got)
		}
	}
}

func testTxTwice(s *tx) {
	before := s.inventory()
	var d deed
	names := map[*collection]string{}
	parts := s.parts()
	for _, c := range parts {
		names[c] = c.word()
	}
	runs := 0
	err := Twice(s.Transactor).InTx(s.ctx, func(ctx context.Context) (err error) {
		runs++
		// The same names each time: the first attempt must have let them go.
		for _, c := range parts {
			if _, err := c.create(ctx, s.tenant, c.writeOf(c.fresh(assign{c.naming, names[c]}))); err != nil {
				return err
			}
		}
		if s.joins() {
			if err := s.State.PutState(ctx, s.tenant, scim.State{Kind: "tx", Key: "twice"}); err != nil {
				return err
			}
		}
		d, err = s.do(ctx)
		return err
	})
	s.must(err, "a function that is run twice")
	if runs < 2 {
		s.errorf("the function was run %d times, want 2", runs)
	}
	s.expectDone("after a function that was run twice", d, true)
	want := len(before) + 2*len(parts)
	if got := s.inventory(); len(got) != want {
		s.errorf("after a function that was run twice there are %d resources, want %d", len(got), want)
	}
}

func testTxFailedCall(s *tx) {
	c := s.users()
	first := c.add()
	taken := c.edit(first, assign{c.text(0), c.word()})
	if !c.isUnique(c.naming) {
		c.skipf("%s need not be unique", c.naming.Path())
	}
	name := taken.Get(c.naming.Path()).String()
	var d deed
	err := Twice(s).InTx(s.ctx, func(ctx context.Context) (err error) {
		_, err = c.create(ctx, s.tenant, c.writeOf(c.fresh(assign{c.naming, name})))
		c.expectTaken(err, "within a transaction, creating a second %q", name)
		_, err = c.get(ctx, s.tenant, "unknown")
		c.expectNotFound(err, "within a transaction, reading an unknown id")
		if d, err = s.do(ctx); err != nil {
			return err
		}
		w := c.change(taken, assign{c.text(0), c.word()})
		w.Version = first.Version()
		_, err = c.update(ctx, s.tenant, taken.ID(), w)
		c.expectMismatch(err, "within a transaction, updating with a wrong version")
		return nil
	})
	s.must(err, "a transaction in which some calls failed")
	s.expectDone("after a transaction in which some calls failed", d, true)
	c.expectStored("the user whose update failed", c.read(taken.ID()), taken)
}

func testTxPanic(s *tx) {
	before := s.inventory()
	var d deed
	func() {
		defer func() {
			if p := recover(); p != nil && p != "storetest: undo this" {
				panic(p)
			}
		}()
		_ = s.InTx(s.ctx, func(ctx context.Context) (err error) {
			if d, err = s.do(ctx); err != nil {
				return err
			}
			panic("storetest: undo this")
		})
	}()
	s.expectDone("after a panic", d, false)
	s.expectInventory("after a panic", before)
	testTxCommit(s)
}

// patience is how long a transaction waits for others to look at it. One that
// locks them out ends without them.
const patience = 50 * time.Millisecond

func testTxUnseen(s *tx) {
	parts := s.parts()
	if len(parts) == 0 {
		s.skipf("no resources have part in transactions")
	}
	seen := make(chan string, len(parts))
	var ids []string
	err := s.InTx(s.ctx, func(ctx context.Context) error {
		ids = nil
		for _, c := range parts {
			r, err := c.create(ctx, s.tenant, c.writeOf(c.fresh()))
			if err != nil {
				return err
			}
			ids = append(ids, r.ID())
		}
		for i, c := range parts {
			go func() {
				defer func() { _ = recover() }()
				if _, err := c.get(s.ctx, s.tenant, ids[i]); err == nil {
					seen <- c.typ.Name()
				} else {
					seen <- ""
				}
			}()
		}
		time.Sleep(patience)
		return errUndo
	})
	if !errors.Is(err, errUndo) {
		s.fatalf("InTx returned %v, want the error of its function", err)
	}
	for range parts {
		select {
		case name := <-seen:
			if name != "" {
				s.errorf("a %s was read that a transaction made and undid", name)
			}
		case <-s.ctx.Done():
			s.fatalf("a reader still waits for a transaction that has ended")
		}
	}
}

func testTxRace(s *tx) {
	parts := s.parts()
	if len(parts) == 0 {
		s.skipf("no resources have part in transactions")
	}
	c := parts[0]
	a := c.text(0)
	r := c.edit(c.add(), assign{a, "count 0"})
	n := min(s.rounds(), 10)
	errs := s.parallel(racers, func(int) error {
		for range n {
			if err := s.increment(c, r.ID()); err != nil {
				return err
			}
		}
		return nil
	})
	s.must(errors.Join(errs...), "transactions at once")
	c.expectText("a value that transactions counted up", c.read(r.ID()), a, "count "+strconv.Itoa(racers*n))
}

// increment counts the text of a resource up in a transaction, again and again
// until nobody is quicker.
func (s *tx) increment(c *collection, id string) error {
	a := c.text(0)
	for range 1000 {
		err := Twice(s).InTx(s.ctx, func(ctx context.Context) error {
			r, err := c.get(ctx, s.tenant, id)
			if err != nil {
				return err
			}
			n, err := strconv.Atoi(r.Get(a.Path()).String()[len("count "):])
			if err != nil {
				return err
			}
			w := c.change(r, assign{a, "count " + strconv.Itoa(n+1)})
			w.Version = r.Version()
			_, err = c.update(ctx, s.tenant, id, w)
			return err
		})
		if !isMismatch(err) {
			return err
		}
	}
	return errors.New("a thousand transactions lost the race")
}
