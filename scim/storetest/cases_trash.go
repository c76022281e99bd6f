package storetest

import (
	"slices"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

const needTrashTeams = needTeams | needTrash

// trashCases are about users that are taken out of sight.
var trashCases = []Case{
	{
		Name:        "Trash/Hide",
		Rule:        "A hidden user is unknown to GetUser, ListUsers and UpdateUser, by id and by filter.",
		Section:     "RFC 7644, section 3.6",
		Consequence: "The identity provider finds the account that it has deleted, and deletes it again in each cycle.",
		needs:       needUsers | needTrash,
		run:         onTrash(testHide),
	},
	{
		Name:        "Trash/HideUnknown",
		Rule:        "Hiding or restoring an id that does not exist, or belongs to another tenant, is ErrNotFound.",
		Section:     "scim.UserTrash",
		Consequence: "DELETE of an account that is gone answers 204 or 500 instead of 404; or one tenant hides the users of another.",
		needs:       needUsers | needTrash,
		run:         onTrash(testHideUnknown),
	},
	{
		Name:        "Trash/HideVersion",
		Rule:        "With a version a user is hidden only if the stored version equals it.",
		Section:     "RFC 7644, section 3.14",
		Consequence: "DELETE with If-Match removes an account that has just been activated again.",
		needs:       needUsers | needTrash,
		run:         onTrash(testHideVersion),
	},
	{
		Name:        "Trash/FreesUnique",
		Rule:        "The unique values of a hidden user are free.",
		Section:     "RFC 7644, section 3.6",
		Consequence: "After a deletion the name stays in use for weeks: a new account with it is refused with 409.",
		needs:       needUsers | needTrash,
		run:         onTrash(testHideFrees),
	},
	{
		Name:        "Trash/HiddenUsers",
		Rule:        "HiddenUsers is ListUsers of the hidden ones: pages, totals, ids, filters and orders, with data as it was.",
		Section:     "scim.UserTrash",
		Consequence: "A user who comes back is not found among the former ones, or is erased too early or never.",
		needs:       needUsers | needTrash,
		run:         onTrash(testHiddenUsers),
	},
	{
		Name:        "Trash/Restore",
		Rule:        "RestoreUser brings a hidden user back under its id, as Write.New, with a new version.",
		Section:     "scim.UserTrash",
		Consequence: "Somebody who comes back gets an empty account, or an old name.",
		needs:       needUsers | needTrash,
		run:         onTrash(testRestore),
	},
	{
		Name:        "Trash/RestoreTaken",
		Rule:        "Restoring is Taken if a unique value is in use meanwhile; the user stays hidden.",
		Section:     "RFC 7644, section 3.3",
		Consequence: "Two accounts with one name.",
		needs:       needUsers | needTrash,
		run:         onTrash(testRestoreTaken),
	},
	{
		Name:        "Trash/RestoreVersion",
		Rule:        "With Write.Version a user is restored only if the stored version equals it.",
		Section:     "scim.Write",
		Consequence: "Two requests restore the same user with different data, and one is lost.",
		needs:       needUsers | needTrash,
		run:         onTrash(testRestoreVersion),
	},
	{
		Name:        "Trash/Memberships",
		Rule:        "A hidden user has no edges, but keeps its memberships: restored it is in its groups again.",
		Section:     "scim.UserTrash",
		Consequence: "Groups show people who have left; or somebody who comes back has lost all access.",
		needs:       needTrashTeams,
		run:         onTrash(testTrashMemberships),
	},
	{
		Name:        "Trash/Delete",
		Rule:        "DeleteUser erases a hidden user too.",
		Section:     "scim.UserTrash",
		Consequence: "Data that was to be erased after a time is kept for ever.",
		needs:       needUsers | needTrash,
		run:         onTrash(testDeleteHidden),
	},
	{
		Name:        "Trash/Tenants",
		Rule:        "Hidden users of another tenant are unknown.",
		Section:     "RFC 7644, section 6",
		Consequence: "One customer restores, or reads of, the leavers of another.",
		needs:       needUsers | needTrash | needTenants,
		run:         onTrash(testTrashTenants),
	},
}

// trash are the users of a store that can hide them.
type trash struct {
	*collection
	scim.UserTrash
}

// onTrash makes the run of a case out of one on trash.
func onTrash(f func(s *trash)) func(*trial) {
	return func(x *trial) { f(&trash{x.users(), x.Users.(scim.UserTrash)}) }
}

// hidden creates a user and hides it.
func (s *trash) hidden(values ...assign) *schema.Resource {
	r := s.add(values...)
	s.hide(r)
	return r
}

func (s *trash) hide(r *schema.Resource) {
	err := s.HideUser(s.ctx, s.tenant, r.ID(), "")
	s.ability(err)
	s.must(err, "hiding a user")
}

// listHidden does a query that no store may refuse.
func (s *trash) listHidden(q scim.Query) scim.Page {
	page, err := s.HiddenUsers(s.ctx, s.tenant, q)
	s.must(err, "listing hidden users")
	return page
}

func (s *trash) expectHidden(what string, want ...string) {
	page := s.listHidden(scim.Query{StartIndex: 1, Count: maxAll})
	s.expectIDs(what+": the hidden users", idsOf(page.Resources), want, false)
	if page.Total != len(want) {
		s.errorf("%s: the total of hidden users is %d, want %d", what, page.Total, len(want))
	}
}

func testHide(s *trash) {
	a := s.text(0)
	stays := s.add(assign{a, s.word()})
	r := s.hidden(assign{a, s.word()})
	_, err := s.get(s.ctx, s.tenant, r.ID())
	s.expectNotFound(err, "reading a hidden user")
	w := s.change(r, assign{a, s.word()})
	_, err = s.update(s.ctx, s.tenant, r.ID(), w)
	s.expectNotFound(err, "updating a hidden user")
	w.Version = r.Version()
	_, err = s.update(s.ctx, s.tenant, r.ID(), w)
	s.expectNotFound(err, "updating a hidden user with its version")

	name, text := quote(r.Get(s.naming.Path()).String()), quote(r.Get(a.Path()).String())
	for what, q := range map[string]scim.Query{
		"all":                {},
		"by ids":             {IDs: []string{r.ID(), stays.ID()}},
		"sorted":             {SortBy: s.naming},
		"by a filter of ids": {Filter: s.check("id eq " + quote(r.ID()) + " or id eq " + quote(stays.ID()))},
		"by any name":        {Filter: s.check(s.naming.Path() + " pr")},
	} {
		q.StartIndex, q.Count = 1, maxAll
		page, err := s.list(s.ctx, s.tenant, q)
		if isDeclined(err) && (q.Filter != nil || q.SortBy != nil) {
			continue
		}
		s.must(err, "listing %s", what)
		s.expectIDs("users "+what+", one is hidden", idsOf(page.Resources), []string{stays.ID()}, false)
		if page.Total != 1 {
			s.errorf("users %s, one is hidden: the total is %d, want 1", what, page.Total)
		}
	}
	for _, text := range []string{"id eq " + quote(r.ID()), s.naming.Path() + " eq " + name, a.Path() + " eq " + text} {
		s.expectFilter(text, scim.Query{})
	}
}

func testHideUnknown(s *trash) {
	r := s.add()
	gone := s.add()
	s.erase(gone.ID())
	w := s.writeOf(s.fresh())
	for _, id := range append(oddIDs(), gone.ID()) {
		err := s.HideUser(s.ctx, s.tenant, id, "")
		s.ability(err)
		s.expectNotFound(err, "hiding the id %.40q", id)
		_, err = s.RestoreUser(s.ctx, s.tenant, id, w)
		s.expectNotFound(err, "restoring the id %.40q", id)
	}
	s.expectIDs("afterwards", idsOf(s.all()), []string{r.ID()}, false)
	s.expectHidden("afterwards")
}

func testHideVersion(s *trash) {
	first := s.add()
	second := s.edit(first, assign{s.text(0), s.word()})
	err := s.HideUser(s.ctx, s.tenant, first.ID(), first.Version())
	s.ability(err)
	s.expectMismatch(err, "hiding with an old version")
	s.expectStored("after hiding with an old version", s.read(first.ID()), second)
	s.expectHidden("after hiding with an old version")
	s.must(s.HideUser(s.ctx, s.tenant, second.ID(), second.Version()), "hiding with the right version")
	s.expectHidden("after hiding with the right version", second.ID())
}

func testHideFrees(s *trash) {
	for _, a := range s.needUnique() {
		text := s.valueOf(a)
		r := s.hidden(having(a, text))
		second, err := s.create(s.ctx, s.tenant, s.writeOf(s.fresh(having(a, text))))
		s.must(err, "creating a user with the %s of a hidden one", a.Path())
		s.expectHidden("after a creation with the same "+a.Path(), r.ID())
		s.hide(second)
		third := s.add()
		_, err = s.update(s.ctx, s.tenant, third.ID(), s.change(third, having(a, text)))
		s.must(err, "updating a user to the %s of two hidden ones", a.Path())
		s.expectHidden("after an update to the same "+a.Path(), r.ID(), second.ID())
		s.erase(r.ID())
		s.erase(second.ID())
	}
}

func testHiddenUsers(s *trash) {
	a := s.text(0)
	s.add(assign{a, "in"})
	var ids []string
	var rs []*schema.Resource
	for i := range 7 {
		r := s.insert(s.full())
		if a != s.naming && !s.isUnique(a) {
			r = s.edit(r, assign{a, []any{"in", "out"}[i%2]})
		}
		s.hide(r)
		ids, rs = append(ids, r.ID()), append(rs, r)
	}
	s.expectHidden("seven are hidden", ids...)
	all := idsOf(s.listHidden(scim.Query{StartIndex: 1, Count: maxAll}).Resources)
	for start := 1; start <= len(all)+1; start++ {
		s.expectWindow("a page of hidden users", s.listHidden(scim.Query{StartIndex: start, Count: 3}), all, start, 3)
	}
	s.expectWindow("hidden users, Count 0", s.listHidden(scim.Query{StartIndex: 1}), all, 1, 0)
	page := s.listHidden(scim.Query{IDs: []string{ids[2], "unknown", ids[4], s.all()[0].ID()}, StartIndex: 1, Count: 10})
	s.expectIDs("hidden users by ids", idsOf(page.Resources), []string{ids[2], ids[4]}, false)
	for _, r := range s.listHidden(scim.Query{StartIndex: 1, Count: maxAll}).Resources {
		if i := slices.Index(ids, r.ID()); i >= 0 {
			s.expectValues("a hidden user", r, rs[i])
		}
	}
	s.hiddenFilters(a, rs)
}

// hiddenFilters compares filters, orders and pages by key of hidden users.
func (s *trash) hiddenFilters(a *schema.Attr, rs []*schema.Resource) {
	all := s.listHidden(scim.Query{StartIndex: 1, Count: maxAll}).Resources
	for _, text := range []string{
		a.Path() + ` eq "in"`, "not (" + a.Path() + ` eq "in")`, "id eq " + quote(rs[3].ID()),
		s.naming.Path() + " eq " + quote(rs[1].Get(s.naming.Path()).String()), s.naming.Path() + ` eq "nobody@example.com"`,
	} {
		q := scim.Query{Filter: s.check(text), SortBy: a, StartIndex: 1, Count: maxAll}
		page, err := s.HiddenUsers(s.ctx, s.tenant, q)
		if isDeclined(err) {
			continue
		}
		s.must(err, "hidden users with the filter %s", text)
		want := slices.DeleteFunc(slices.Clone(all), func(r *schema.Resource) bool { return !q.Filter.Match(r) })
		slices.SortFunc(want, func(a, b *schema.Resource) int { return scim.Compare(a, b, q) })
		s.expectIDs("hidden users sorted by "+a.Path()+", filter "+text, idsOf(page.Resources), idsOf(want), true)
		if page.Total != len(want) {
			s.errorf("hidden users, filter %s: the total is %d, want %d", text, page.Total, len(want))
		}
	}
	if l, ok := s.store.(scim.CursorLister); ok && l.ListsByKey() {
		ids, _ := lister{s.collection, "hidden users by key", func(q scim.Query) (scim.Page, error) {
			return s.HiddenUsers(s.ctx, s.tenant, q)
		}}.walk(scim.Query{Count: 2}, len(all), nil)
		s.expectIDs("hidden users by key", ids, idsOf(all), false)
	}
}

func testRestore(s *trash) {
	a := s.text(0)
	r := s.insert(s.full())
	s.hide(r)
	back := s.fresh(assign{a, s.word()})
	w := scim.Write{Old: r, New: s.build(back.Edit().ID(r.ID()).Meta(r.Meta()))}
	w.Changed = w.New.Changed(r)
	got, err := s.RestoreUser(s.ctx, s.tenant, r.ID(), w)
	s.ability(err)
	s.must(err, "restoring a user")
	s.checkStamp(got)
	s.checkSuccessor(got, r)
	s.expectValues("what restoring returned", got, w.New)
	s.expectStored("reading a restored user", s.read(r.ID()), got)
	s.expectHidden("after restoring")
	s.expectIDs("after restoring", without(idsOf(s.all()), []string{r.ID()}), without(idsOf(s.all()), []string{got.ID()}), false)
	s.expectFilter(s.naming.Path()+" eq "+quote(back.Get(s.naming.Path()).String()), scim.Query{})
	again := s.edit(got, assign{a, s.word()})
	s.expectStored("updating a restored user", s.read(r.ID()), again)
	_, err = s.create(s.ctx, s.tenant, s.writeOf(s.fresh(assign{s.naming, back.Get(s.naming.Path()).String()})))
	if s.isUnique(s.naming) {
		s.expectTaken(err, "creating a user with the name of a restored one")
	}
}

func testRestoreTaken(s *trash) {
	for _, a := range s.needUnique() {
		text := s.valueOf(a)
		r := s.hidden(having(a, text))
		second := s.add(having(a, text))
		w := scim.Write{Old: r, New: r}
		_, err := s.RestoreUser(s.ctx, s.tenant, r.ID(), w)
		s.ability(err)
		s.expectTaken(err, "restoring a user whose %s is in use", a.Path())
		s.expectHidden("after a refused restoration", r.ID())
		s.expectStored("the user that has it", s.read(second.ID()), second)
		w = s.change(r, having(a, s.valueOf(a)))
		_, err = s.RestoreUser(s.ctx, s.tenant, r.ID(), w)
		s.must(err, "restoring the user with another %s", a.Path())
		s.erase(r.ID())
	}
}

func testRestoreVersion(s *trash) {
	first := s.add()
	second := s.edit(first, assign{s.text(0), s.word()})
	s.hide(second)
	hidden := s.listHidden(scim.Query{StartIndex: 1, Count: 1}).Resources
	if len(hidden) != 1 {
		s.fatalf("%d hidden users, want 1", len(hidden))
	}
	w := scim.Write{Old: second, New: second, Version: first.Version()}
	_, err := s.RestoreUser(s.ctx, s.tenant, first.ID(), w)
	s.expectMismatch(err, "restoring with an old version")
	s.expectHidden("after restoring with an old version", first.ID())
	w.Version = hidden[0].Version()
	_, err = s.RestoreUser(s.ctx, s.tenant, first.ID(), w)
	s.must(err, "restoring with the version that HiddenUsers has")
	s.expectHidden("after restoring with the right version")
}

func testTrashMemberships(s *trash) {
	g := s.teams()
	people := s.adds(3)
	ids := idsOf(people)
	id := g.formed(ids...)
	s.hide(people[0])
	g.expectMembers("after a member was hidden", id, ids[1:]...)
	g.expectIDs("the groups of a hidden user", g.groupsOf(ids[0]), nil, false)
	g.expectEdges("pairs with a hidden user", g.edges(scim.MembershipQuery{Groups: []string{id}, Members: ids[:2]}), pair{id, ids[1]})
	var seen []string
	for _, e := range g.walkEdges("edges with a hidden user", scim.MembershipQuery{Groups: []string{id}, Limit: 1}, nil) {
		seen = append(seen, e.Member.ID)
	}
	g.expectIDs("edges one by one, with a hidden user", seen, ids[1:], false)

	g.apply(id, patch.MemberDelta{Remove: ids[1:2]})
	_, err := s.RestoreUser(s.ctx, s.tenant, ids[0], scim.Write{Old: people[0], New: people[0]})
	s.must(err, "restoring a user")
	g.expectMembers("after the member was restored", id, ids[0], ids[2])
	g.expectIDs("the groups of the restored user", g.groupsOf(ids[0]), []string{id}, false)
}

func testDeleteHidden(s *trash) {
	r := s.hidden()
	s.erase(r.ID())
	s.expectHidden("after the hidden user was deleted")
	_, err := s.RestoreUser(s.ctx, s.tenant, r.ID(), s.writeOf(s.fresh()))
	s.expectNotFound(err, "restoring a deleted user")
	s.expectNotFound(s.delete(s.ctx, s.tenant, r.ID(), ""), "deleting it again")
}

func testTrashTenants(s *trash) {
	r, stays := s.hidden(), s.add()
	page, err := s.HiddenUsers(s.ctx, s.other(), scim.Query{StartIndex: 1, Count: 10})
	s.must(err, "listing hidden users of another tenant")
	s.expectIDs("hidden users of another tenant", idsOf(page.Resources), nil, false)
	_, err = s.RestoreUser(s.ctx, s.other(), r.ID(), scim.Write{Old: r, New: r})
	s.expectNotFound(err, "restoring from another tenant")
	s.expectNotFound(s.HideUser(s.ctx, s.other(), stays.ID(), ""), "hiding from another tenant")
	s.expectNotFound(s.delete(s.ctx, s.other(), r.ID(), ""), "deleting a hidden user from another tenant")
	s.read(stays.ID())
	s.expectHidden("after that", r.ID())
}
