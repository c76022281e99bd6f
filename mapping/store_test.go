package mapping_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/mapping"
	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

func (f *fixture) get(id string) *schema.Resource {
	f.t.Helper()
	r, err := f.store.GetUser(f.t.Context(), tenant, id)
	require.NoError(f.t, err)
	return r
}

// edit makes a write of a user as it is now.
func (f *fixture) edit(id, path string, v any) scim.Write {
	f.t.Helper()
	old := f.get(id)
	next, err := old.Edit().Set(path, v).Build()
	require.NoError(f.t, err)
	return scim.Write{Old: old, New: next, Changed: next.Changed(old), Version: old.Meta().Version}
}

// TestVersions: a row that somebody else has changed meanwhile is not written, whether
// or not the table has a field for the version.
func TestVersions(t *testing.T) {
	f := newFixture(t, 1)
	id := f.ids[0]
	w := f.edit(id, "name.familyName", "Lee")
	row := f.repo.row(t, id)
	row.Dept = "Legal" // by the application
	f.repo.rows[tenant][id] = row
	_, err := f.store.UpdateUser(t.Context(), tenant, id, w)
	assert.ErrorIs(t, err, scim.ErrVersionMismatch)
	assert.Equal(t, row, f.repo.row(t, id))

	row.Login = "changed by the application, and not shown"
	w = f.edit(id, "name.familyName", "Lee")
	f.repo.rows[tenant][id] = row
	r, err := f.store.UpdateUser(t.Context(), tenant, id, w)
	require.NoError(t, err, "what is not shown is in nobody's way")
	assert.NotEqual(t, w.Version, r.Meta().Version)
	assert.Equal(t, "Lee", f.repo.row(t, id).Last)
	assert.Equal(t, row.Login, f.repo.row(t, id).Login)

	w.Version = ""
	w.New, _ = w.New.Edit().Set("name.familyName", "Ray").Build()
	_, err = f.store.UpdateUser(t.Context(), tenant, id, w)
	require.NoError(t, err, "without a version the last one wins")
	w.Old = nil
	w.New, _ = w.New.Edit().Set("name.familyName", "Kim").Build()
	_, err = f.store.UpdateUser(t.Context(), tenant, id, w)
	require.NoError(t, err)
	assert.Equal(t, "Kim", f.repo.row(t, id).Last, "nobody says what it was, so it is written")

	_, err = f.store.UpdateUser(t.Context(), tenant, "99", f.edit(id, "name.familyName", "x"))
	assert.ErrorIs(t, err, scim.ErrNotFound)
	_, err = f.store.UpdateUser(t.Context(), tenant, "x", f.edit(id, "name.familyName", "x"))
	assert.ErrorIs(t, err, scim.ErrNotFound)
	_, err = f.store.UpdateUser(t.Context(), "other", id, f.edit(id, "name.familyName", "x"))
	assert.ErrorIs(t, err, scim.ErrNotFound)

	assert.ErrorIs(t, f.store.DeleteUser(t.Context(), tenant, id, "old"), scim.ErrVersionMismatch)
	assert.ErrorIs(t, f.store.DeleteUser(t.Context(), tenant, "x", ""), scim.ErrNotFound)
	assert.ErrorIs(t, f.store.DeleteUser(t.Context(), tenant, "99", "v"), scim.ErrNotFound)
	require.NoError(t, f.store.DeleteUser(t.Context(), tenant, id, f.get(id).Meta().Version))
	_, err = f.store.GetUser(t.Context(), tenant, id)
	assert.ErrorIs(t, err, scim.ErrNotFound)
}

// TestNothingToWrite: a change of what no field holds is no change.
func TestNothingToWrite(t *testing.T) {
	f := newFixture(t, 1)
	id := f.ids[0]
	old := f.get(id)
	next, err := old.Edit().Set("phoneNumbers", []any{map[string]any{"type": "fax", "value": "1"}}).Build()
	require.NoError(t, err)
	before := f.repo.row(t, id)
	w := scim.Write{Old: old, New: next, Changed: []string{"phoneNumbers"}, Version: old.Meta().Version}
	r, err := f.store.UpdateUser(t.Context(), tenant, id, w)
	require.NoError(t, err)
	assert.Equal(t, old.Meta(), r.Meta())
	assert.True(t, r.Equal(old))
	assert.Equal(t, before, f.repo.row(t, id))
	w.Version = "another"
	_, err = f.store.UpdateUser(t.Context(), tenant, id, w)
	assert.ErrorIs(t, err, scim.ErrVersionMismatch)
	w = f.edit(id, "userName", "new")
	w.Changed = nil
	r, err = f.store.UpdateUser(t.Context(), tenant, id, w)
	require.NoError(t, err)
	assert.Equal(t, "u00", schema.AsUser(r).UserName(), "what Changed does not name stays")
}

// TestConcurrentUpdates: nothing is lost between many writers that try again.
func TestConcurrentUpdates(t *testing.T) {
	f := newFixture(t, 1)
	id := f.ids[0]
	var wg sync.WaitGroup
	const writers, times = 8, 20
	for range writers {
		wg.Go(func() {
			for done := 0; done < times; {
				old, err := f.store.GetUser(t.Context(), tenant, id)
				assert.NoError(t, err)
				count := len(old.Get("name.givenName").String())
				next, err := old.Edit().Set("name.givenName", strings.Repeat("x", count+1)).Build()
				assert.NoError(t, err)
				_, err = f.store.UpdateUser(t.Context(), tenant, id, scim.Write{Old: old, New: next, Changed: []string{"name"}, Version: old.Meta().Version})
				switch {
				case err == nil:
					done++
				case !errors.Is(err, scim.ErrVersionMismatch):
					assert.NoError(t, err)
					return
				}
			}
		})
	}
	wg.Wait()
	assert.Len(t, f.repo.row(t, id).First, writers*times)
}

// sloppy is a repository with a fault.
type sloppy struct {
	*repo[account]
	update func(change func(*account) error) error
	create func(*account) error
}

func (s sloppy) Update(ctx context.Context, t scim.Tenant, id string, change func(*account) error) error {
	if s.update != nil {
		return s.update(change)
	}
	return s.repo.Update(ctx, t, id, change)
}

func (s sloppy) Create(ctx context.Context, t scim.Tenant, v *account) error {
	if s.create != nil {
		return s.create(v)
	}
	return s.repo.Create(ctx, t, v)
}

// TestSloppyRepositories: faults of a repository don't become wrong answers.
func TestSloppyRepositories(t *testing.T) {
	f := newFixture(t, 1)
	w := f.edit(f.ids[0], "name.familyName", "Lee")
	update := func(u func(change func(*account) error) error) error {
		store := mapping.UserStore(f.repo.table, mapping.Repository[account](sloppy{repo: f.repo, update: u}))
		_, err := store.UpdateUser(t.Context(), tenant, f.ids[0], w)
		return err
	}
	assert.ErrorContains(t, update(func(func(*account) error) error { return nil }), "without having called change")
	foreign := account{ID: 1, Email: "other"}
	assert.ErrorIs(t, update(func(change func(*account) error) error {
		_ = change(&foreign) // another version; the error is forgotten
		return nil
	}), scim.ErrVersionMismatch)
	boom := errors.New("connection lost")
	assert.ErrorIs(t, update(func(change func(*account) error) error {
		row := f.repo.row(t, f.ids[0])
		if err := change(&row); err != nil {
			return err
		}
		return boom
	}), boom)
	tries := 0
	require.NoError(t, update(func(change func(*account) error) error {
		tries++
		_ = change(&foreign) // lost against another transaction: from the beginning
		return f.repo.Update(t.Context(), tenant, f.ids[0], change)
	}))
	assert.Equal(t, "Lee", f.repo.row(t, f.ids[0]).Last)

	create := func(c func(*account) error) error {
		store := mapping.UserStore(f.repo.table, mapping.Repository[account](sloppy{repo: f.repo, create: c}))
		_, err := store.CreateUser(t.Context(), tenant, scim.Write{New: decode(t, f.repo.table.SCIMType(), `{"userName":"x"}`)})
		return err
	}
	assert.ErrorContains(t, create(func(*account) error { return nil }), "left the ID of a new row empty")
	assert.ErrorIs(t, create(func(*account) error { return scim.ErrTooBroad }), scim.ErrTooBroad)
	assert.NoError(t, create(func(a *account) error { a.ID = 77; return nil }), "a replica that lags behind")
}

// TestTrash: a user that is hidden by a field is gone, and comes back as the same one.
func TestTrash(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f := newFixture(t, 3)
	f.store = mapping.UserStore(f.repo.table, f.repo, mapping.WithClock(func() time.Time { return now }))
	trash, ok := f.store.(scim.UserTrash)
	require.True(t, ok)
	id, ctx := f.ids[1], t.Context()
	before := f.get(id)
	update := f.edit(id, "userType", "Premium")

	assert.ErrorIs(t, trash.HideUser(ctx, tenant, id, "another"), scim.ErrVersionMismatch)
	assert.ErrorIs(t, trash.HideUser(ctx, tenant, "x", ""), scim.ErrNotFound)
	require.NoError(t, trash.HideUser(ctx, tenant, id, before.Meta().Version))
	assert.Equal(t, now, f.repo.row(t, id).Deleted)
	assert.ErrorIs(t, trash.HideUser(ctx, tenant, id, ""), scim.ErrNotFound)
	_, err := f.store.GetUser(ctx, tenant, id)
	assert.ErrorIs(t, err, scim.ErrNotFound)
	_, err = f.store.UpdateUser(ctx, tenant, id, update)
	assert.ErrorIs(t, err, scim.ErrNotFound)
	names, total := f.list(f.query(""))
	assert.Equal(t, []string{"u00", "u02"}, names)
	assert.Equal(t, 2, total)
	q := f.query("")
	q.IDs = []string{id}
	names, _ = f.list(q)
	assert.Empty(t, names)
	for _, text := range []string{"", `userName eq "u01"`, `id eq "` + id + `"`} {
		page, err := trash.HiddenUsers(ctx, tenant, f.query(text))
		require.NoError(t, err)
		assert.Equal(t, []string{"u01"}, userNames(page.Resources))
	}
	assert.True(t, f.repo.lists[len(f.repo.lists)-1].Hidden)

	successor, err := f.store.CreateUser(ctx, tenant, scim.Write{New: decode(t, f.repo.table.SCIMType(), `{"userName":"u01"}`)})
	require.NoError(t, err, "the name is free")
	back := decode(t, f.repo.table.SCIMType(), `{"userName":"u01","name":{"givenName":"New"},"`+metadataURN+`":{"k":"v"}}`)
	_, err = trash.RestoreUser(ctx, tenant, id, scim.Write{New: back})
	assert.ErrorContains(t, err, "userName is in use")
	require.NoError(t, f.store.DeleteUser(ctx, tenant, successor.ID(), ""))
	_, err = trash.RestoreUser(ctx, tenant, id, scim.Write{New: back, Version: "another"})
	assert.ErrorIs(t, err, scim.ErrVersionMismatch)
	_, err = trash.RestoreUser(ctx, tenant, "x", scim.Write{New: back})
	assert.ErrorIs(t, err, scim.ErrNotFound)
	_, err = trash.RestoreUser(ctx, tenant, id, scim.Write{})
	assert.NoError(t, err, "as it was")
	require.NoError(t, trash.HideUser(ctx, tenant, id, ""))
	r, err := trash.RestoreUser(ctx, tenant, id, scim.Write{New: back})
	require.NoError(t, err)
	assert.Equal(t, id, r.ID())
	assert.NotEqual(t, before.Meta().Version, r.Meta().Version)
	row := f.repo.row(t, id)
	assert.Equal(t, account{ID: 2, Email: "u01", First: "New", Meta: map[string]string{"k": "v"}, Created: row.Created, Updated: row.Updated}, row)
	_, err = trash.RestoreUser(ctx, tenant, id, scim.Write{New: back})
	assert.ErrorIs(t, err, scim.ErrNotFound)
	require.NoError(t, trash.HideUser(ctx, tenant, id, ""))
	require.NoError(t, f.store.DeleteUser(ctx, tenant, id, ""), "hidden users can be erased")
}

// TestDeletedFlag: a bool will do, and its own trash, without any field.
func TestDeletedFlag(t *testing.T) {
	type user = trashed
	bindings := []mapping.Binding[user]{
		mapping.ID(func(u *user) *string { return &u.ID }),
		mapping.Field("userName", func(u *user) *string { return &u.Name }),
	}
	flagged := must[user](t)(mapping.Users(append(bindings, mapping.DeletedAt(func(u *user) *bool { return &u.Gone }))...))
	users := newRepo(flagged)
	store := mapping.UserStore(flagged, users)
	r, err := store.CreateUser(t.Context(), tenant, scim.Write{New: decode(t, flagged.SCIMType(), `{"userName":"a"}`)})
	require.NoError(t, err)
	require.NoError(t, store.(scim.UserTrash).HideUser(t.Context(), tenant, r.ID(), ""))
	assert.True(t, users.row(t, r.ID()).Gone)
	_, err = store.(scim.UserTrash).RestoreUser(t.Context(), tenant, r.ID(), scim.Write{New: r})
	require.NoError(t, err)
	assert.False(t, users.row(t, r.ID()).Gone)

	plain := must[user](t)(mapping.Users(bindings...))
	own := trashRepo{newRepo(plain), map[string]user{}}
	store = mapping.UserStore(plain, mapping.Repository[user](own))
	r, err = store.CreateUser(t.Context(), tenant, scim.Write{New: decode(t, plain.SCIMType(), `{"userName":"a"}`)})
	require.NoError(t, err)
	trash := store.(scim.UserTrash)
	require.NoError(t, trash.HideUser(t.Context(), tenant, r.ID(), r.Meta().Version))
	page, err := trash.HiddenUsers(t.Context(), tenant, scim.Query{StartIndex: 1, Count: 9})
	require.NoError(t, err)
	assert.Equal(t, []string{"a"}, userNames(page.Resources))
	_, err = trash.RestoreUser(t.Context(), tenant, r.ID(), scim.Write{New: decode(t, plain.SCIMType(), `{"userName":"b"}`)})
	require.NoError(t, err)
	assert.Equal(t, "b", own.row(t, r.ID()).Name)
}

// trashRepo hides rows by moving them away.
type trashRepo struct {
	*repo[trashed]
	hidden map[string]trashed
}

type trashed struct {
	ID, Name string
	Gone     bool
}

func (r trashRepo) Hide(_ context.Context, t scim.Tenant, id string, change func(*trashed) error) error {
	v := r.rows[t][id]
	if err := change(&v); err != nil {
		return err
	}
	r.hidden[id] = v
	delete(r.rows[t], id)
	return nil
}

func (r trashRepo) Restore(_ context.Context, t scim.Tenant, id string, change func(*trashed) error) error {
	v := r.hidden[id]
	if err := change(&v); err != nil {
		return err
	}
	r.rows[t][id] = v
	delete(r.hidden, id)
	return nil
}

func (r trashRepo) Hidden(context.Context, scim.Tenant, mapping.Query) (mapping.Rows[trashed], error) {
	var all []*trashed
	for _, v := range r.hidden {
		all = append(all, &v)
	}
	return mapping.Candidates(all), nil
}

// Abilities that repositories may have.
type (
	withTx    struct{ calls *[]string }
	withRoles struct{ calls *[]string }
	withCheck struct{ *repo[account] }
)

func (w withTx) InTx(ctx context.Context, f func(context.Context) error) error {
	*w.calls = append(*w.calls, "tx")
	return f(ctx)
}

func (w withRoles) SetUserRoles(_ context.Context, t scim.Tenant, id string, roles []string) error {
	*w.calls = append(*w.calls, fmt.Sprint("roles ", t, " ", id, " ", roles))
	return nil
}

func (w withCheck) DeleteIf(_ context.Context, t scim.Tenant, id string, check func(*account) error) error {
	v := w.rows[t][id]
	if err := check(&v); err != nil {
		return fmt.Errorf("refused: %s", err)
	}
	delete(w.rows[t], id)
	return nil
}

// TestAbilities: a store has just the methods that it can do something with.
func TestAbilities(t *testing.T) {
	plain := must[account](t)(mapping.Users(accountBindings()[:2]...))
	roles := mapping.Roles(func(a *account, r []string) error { a.Granted = r; return nil })
	deleted := mapping.DeletedAt(func(a *account) *time.Time { return &a.Deleted })
	var calls []string
	base := accountRepo(plain)
	type both struct {
		*repo[account]
		withTx
		withRoles
	}
	for name, c := range map[string]struct {
		more      []mapping.Binding[account]
		repo      mapping.Repository[account]
		tx, trash bool
		roles     bool
	}{
		"nothing":       {nil, base, false, false, false},
		"roles field":   {[]mapping.Binding[account]{roles}, base, false, false, true},
		"deleted field": {[]mapping.Binding[account]{deleted}, base, false, true, false},
		"both fields":   {[]mapping.Binding[account]{roles, deleted}, base, false, true, true},
		"tx": {nil, struct {
			*repo[account]
			withTx
		}{base, withTx{&calls}}, true, false, false},
		"tx, roles": {nil, both{base, withTx{&calls}, withRoles{&calls}}, true, false, true},
		"tx, deleted": {[]mapping.Binding[account]{deleted}, struct {
			*repo[account]
			withTx
		}{base, withTx{&calls}}, true, true, false},
		"tx, all fields": {[]mapping.Binding[account]{deleted, roles}, struct {
			*repo[account]
			withTx
		}{base, withTx{&calls}}, true, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			table := must[account](t)(mapping.Users(append(accountBindings()[:2], c.more...)...))
			store := mapping.UserStore(table, c.repo)
			_, tx := store.(scim.Transactor)
			_, trash := store.(scim.UserTrash)
			_, setter := store.(scim.RoleSetter)
			assert.Equal(t, []bool{c.tx, c.trash, c.roles}, []bool{tx, trash, setter})
			assert.Same(t, table.SCIMType(), store.(scim.Typer).SCIMType())
			assert.False(t, store.(scim.PasswordKeeper).KeepsPasswords())
		})
	}
	store := mapping.UserStore(plain, mapping.Repository[account](both{base, withTx{&calls}, withRoles{&calls}}))
	require.NoError(t, store.(scim.Transactor).InTx(t.Context(), func(ctx context.Context) error {
		return store.(scim.RoleSetter).SetUserRoles(ctx, tenant, "5", []string{"admin"})
	}))
	assert.ErrorIs(t, store.(scim.RoleSetter).SetUserRoles(t.Context(), tenant, "x", nil), scim.ErrNotFound)
	assert.Equal(t, []string{"tx", "roles acme 5 [admin]"}, calls)

	f := newFixture(t, 1)
	require.NoError(t, f.store.(scim.RoleSetter).SetUserRoles(t.Context(), tenant, f.ids[0], []string{"a"}))
	assert.Equal(t, []string{"a"}, f.repo.row(t, f.ids[0]).Granted)
	assert.ErrorIs(t, f.store.(scim.RoleSetter).SetUserRoles(t.Context(), tenant, "99", nil), scim.ErrNotFound)

	checked := mapping.UserStore(f.repo.table, mapping.Repository[account](withCheck{f.repo}))
	assert.ErrorIs(t, checked.DeleteUser(t.Context(), tenant, f.ids[0], "another"), scim.ErrVersionMismatch)
	require.NoError(t, checked.DeleteUser(t.Context(), tenant, f.ids[0], f.get(f.ids[0]).Meta().Version))
}

// TestGroups: members are changed by delta, and version and time move with what really
// changes.
func TestGroups(t *testing.T) {
	ctx := t.Context()
	table := must[team](t)(mapping.Groups(teamBindings()...))
	teams := newTeamRepo(table)
	store := mapping.GroupStore(table, teams)
	member := func(ids ...string) (all []patch.Member) {
		for _, id := range ids {
			all = append(all, patch.Member{ID: id, Type: "User"})
		}
		return all
	}
	created, err := store.CreateGroup(ctx, tenant, scim.GroupWrite{
		Write: scim.Write{New: decode(t, table.SCIMType(), `{"displayName":"G"}`)}, Members: patch.MemberDelta{Add: member("1", "2")}})
	require.NoError(t, err)
	id := created.Group.ID()
	assert.Equal(t, []string{"1", "2"}, created.Added)
	assert.Equal(t, "1", created.Version)
	key, ok := table.Key(id)
	require.True(t, ok)
	row := teams.row(t, key)
	row.Color = "red"
	teams.rows[tenant][key] = row

	res, err := store.UpdateGroup(ctx, tenant, id, scim.GroupWrite{Members: patch.MemberDelta{Add: member("2", "3"), Remove: []string{"1", "9"}}})
	require.NoError(t, err)
	assert.Equal(t, scim.GroupResult{Group: res.Group, Version: "2", Added: []string{"3"}, Removed: []string{"1"}}, res)
	assert.True(t, res.Group.Meta().LastModified.After(created.Group.Meta().LastModified))

	same, err := store.UpdateGroup(ctx, tenant, id, scim.GroupWrite{Members: patch.MemberDelta{Add: member("2"), Remove: []string{"9"}}})
	require.NoError(t, err)
	assert.Equal(t, scim.GroupResult{Group: same.Group, Version: "2"}, same)
	assert.Equal(t, res.Group.Meta(), same.Group.Meta())
	none, err := store.UpdateGroup(ctx, tenant, id, scim.GroupWrite{})
	require.NoError(t, err)
	assert.Equal(t, "2", none.Version)

	next, err := res.Group.Edit().Set("displayName", "H").Build()
	require.NoError(t, err)
	w := scim.GroupWrite{Write: scim.Write{Old: res.Group, New: next, Changed: []string{"displayName"}, Version: "2"}, Members: patch.MemberDelta{Replace: true}}
	both, err := store.UpdateGroup(ctx, tenant, id, w)
	require.NoError(t, err)
	assert.Equal(t, []string{"2", "3"}, both.Removed)
	assert.Equal(t, "3", both.Version)
	assert.Equal(t, "red", teams.row(t, key).Color)
	w.Members = patch.MemberDelta{Add: member("7")}
	_, err = store.UpdateGroup(ctx, tenant, id, w)
	assert.ErrorIs(t, err, scim.ErrVersionMismatch)
	assert.Empty(t, teams.members[tenant][key])
	_, err = store.UpdateGroup(ctx, tenant, "g99", w)
	assert.ErrorIs(t, err, scim.ErrNotFound)
	_, err = store.UpdateGroup(ctx, tenant, "x", w)
	assert.ErrorIs(t, err, scim.ErrNotFound)
	_, err = store.UpdateGroup(ctx, tenant, "x", scim.GroupWrite{})
	assert.ErrorIs(t, err, scim.ErrNotFound)

	var many []patch.Member
	for i := range scim.MaxEffective + 1 {
		many = append(many, patch.Member{ID: fmt.Sprint("m", i)})
	}
	res, err = store.UpdateGroup(ctx, tenant, id, scim.GroupWrite{Members: patch.MemberDelta{Add: many}})
	require.NoError(t, err)
	assert.True(t, res.Many)
	assert.Nil(t, res.Added)

	page, err := store.ListGroups(ctx, tenant, scim.Query{StartIndex: 1, Count: 5})
	require.NoError(t, err)
	assert.Equal(t, 1, page.Total)
	got, err := store.GetGroup(ctx, tenant, id)
	require.NoError(t, err)
	assert.True(t, got.Equal(page.Resources[0]))
	require.NoError(t, store.DeleteGroup(ctx, tenant, id, ""))
	assert.ErrorIs(t, store.DeleteGroup(ctx, tenant, id, ""), scim.ErrNotFound)
	_, ok = store.(scim.Transactor)
	assert.False(t, ok)
	var calls []string
	store = mapping.GroupStore(table, mapping.GroupRepository[team](struct {
		*teamRepo
		withTx
	}{teams, withTx{&calls}}))
	_, ok = store.(scim.Transactor)
	assert.True(t, ok)
}

// TestGroupVersions: without a field that a change of members moves, a group has no
// version rather than a wrong one.
func TestGroupVersions(t *testing.T) {
	for name, c := range map[string]struct {
		more []mapping.Binding[team]
		want bool
	}{
		"neither":  {nil, false},
		"modified": {[]mapping.Binding[team]{mapping.Modified(func(g *team) *time.Time { return &g.Changed })}, true},
		"version":  {[]mapping.Binding[team]{mapping.CountedVersion(func(g *team) *int { return &g.Version })}, true},
	} {
		t.Run(name, func(t *testing.T) {
			table := must[team](t)(mapping.Groups(append(teamBindings()[:3], c.more...)...))
			teams := newTeamRepo(table)
			store := mapping.GroupStore(table, teams)
			created, err := store.CreateGroup(t.Context(), tenant, scim.GroupWrite{Write: scim.Write{New: decode(t, table.SCIMType(), `{"displayName":"G"}`)}})
			require.NoError(t, err)
			assert.Equal(t, c.want, created.Version != "")
			res, err := store.UpdateGroup(t.Context(), tenant, created.Group.ID(), scim.GroupWrite{Members: patch.MemberDelta{Add: []patch.Member{{ID: "1"}}}})
			require.NoError(t, err)
			assert.Equal(t, c.want, res.Version != created.Version)
		})
	}
}

// TestPrefixedGroups: groups with the same keys as users have ids of their own.
func TestPrefixedGroups(t *testing.T) {
	table := must[team](t)(mapping.Groups(teamBindings()...))
	teams := newTeamRepo(table)
	store := mapping.GroupStore(table, teams)
	created, err := store.CreateGroup(t.Context(), tenant, scim.GroupWrite{
		Write:   scim.Write{New: decode(t, table.SCIMType(), `{"displayName":"G"}`)},
		Members: patch.MemberDelta{Add: []patch.Member{{ID: "1"}, {ID: "g7", Type: "Group"}}}})
	require.NoError(t, err)
	assert.Equal(t, "g1", created.Group.ID())
	assert.Equal(t, int64(1), teams.row(t, "1").ID)
	_, err = store.GetGroup(t.Context(), tenant, "1")
	assert.ErrorIs(t, err, scim.ErrNotFound)
	for _, q := range []scim.MembershipQuery{{Groups: []string{"g1", "1", "x"}}, {Members: []string{"1", "g7"}}, {Groups: []string{"g1"}, Members: []string{"1", "g7"}}} {
		page, err := store.ListMemberships(t.Context(), tenant, q)
		require.NoError(t, err)
		require.Len(t, page.Edges, 2)
		for i, member := range []string{"1", "g7"} {
			assert.Equal(t, "g1", page.Edges[i].GroupID)
			assert.Equal(t, member, page.Edges[i].Member.ID)
		}
	}
	page, err := store.ListMemberships(t.Context(), tenant, scim.MembershipQuery{Groups: []string{"1"}})
	require.NoError(t, err)
	assert.Empty(t, page.Edges)
	q := scim.Query{StartIndex: 1, Count: 9, IDs: []string{"g1", "1", "g2"}}
	found, err := store.ListGroups(t.Context(), tenant, q)
	require.NoError(t, err)
	assert.Equal(t, 1, found.Total)
	require.NoError(t, store.DeleteGroup(t.Context(), tenant, "g1", ""))
}

// TestMemberships: edges in memory are chosen, ordered and paged.
func TestMemberships(t *testing.T) {
	var edges []scim.Membership
	for _, pair := range []string{"b2", "a3", "b1", "a1", "c1"} {
		edges = append(edges, scim.Membership{GroupID: pair[:1], Member: patch.Member{ID: pair[1:]}})
	}
	pairs := func(page scim.MembershipPage) string {
		var all []string
		for _, e := range page.Edges {
			all = append(all, e.GroupID+e.Member.ID)
		}
		return strings.Join(all, " ")
	}
	for want, q := range map[string]scim.MembershipQuery{
		"a1 a3 b1 b2": {Groups: []string{"b", "a", "x"}},
		"a1 b1 c1":    {Members: []string{"1"}},
		"a1 b1":       {Members: []string{"1"}, Groups: []string{"a", "b"}},
		"":            {Groups: []string{}},
	} {
		page, err := mapping.Memberships(edges, q)
		require.NoError(t, err)
		assert.Equal(t, want, pairs(page))
		assert.Empty(t, page.Next)
	}
	page, err := mapping.Memberships(edges, scim.MembershipQuery{})
	require.NoError(t, err)
	assert.Empty(t, page.Edges)
	q := scim.MembershipQuery{Groups: []string{"a", "b"}, Limit: 3}
	page, err = mapping.Memberships(edges, q)
	require.NoError(t, err)
	assert.Equal(t, "a1 a3 b1", pairs(page))
	q.After = page.Next
	page, err = mapping.Memberships(edges, q)
	require.NoError(t, err)
	assert.Equal(t, "b2", pairs(page))
	assert.Empty(t, page.Next)
	q.After = "forged"
	_, err = mapping.Memberships(edges, q)
	assert.ErrorContains(t, err, "cursor")
}

// TestResourceStore: any other type works as users do.
func TestResourceStore(t *testing.T) {
	type device struct {
		ID, Serial, Owner string
		Enrolled          bool
	}
	table := must[device](t)(mapping.Resources(
		schema.TypeConfig{Name: "Device", Schema: schema.Schema{ID: "urn:x:Device", Name: "Device", Attributes: []schema.Attribute{
			{Name: "serial", Required: true, CaseExact: true, Uniqueness: schema.Server}, {Name: "enrolled", Type: schema.Boolean},
			{Name: "owner", Type: schema.Complex, Sub: []schema.Attribute{{Name: "value"}, {Name: "$ref", Type: schema.Reference, References: []string{"User"}}}},
		}}},
		mapping.ID(func(d *device) *string { return &d.ID }),
		mapping.Field("serial", func(d *device) *string { return &d.Serial }),
		mapping.Field("enrolled", func(d *device) *bool { return &d.Enrolled }),
		mapping.Field("owner.value", func(d *device) *string { return &d.Owner })))
	devices := newRepo(table)
	store := mapping.ResourceStore(table, devices)
	ctx := t.Context()
	r, err := store.Create(ctx, tenant, scim.Write{New: decode(t, table.SCIMType(), `{"serial":"S1","owner":{"value":"u1"}}`)})
	require.NoError(t, err)
	assert.Equal(t, device{ID: "1", Serial: "S1", Owner: "u1"}, devices.row(t, r.ID()))
	next, err := r.Edit().Set("enrolled", true).Build()
	require.NoError(t, err)
	r, err = store.Update(ctx, tenant, r.ID(), scim.Write{Old: r, New: next, Changed: next.Changed(r), Version: r.Meta().Version})
	require.NoError(t, err)
	page, err := store.List(ctx, tenant, scim.Query{StartIndex: 1, Count: 1})
	require.NoError(t, err)
	assert.True(t, r.Equal(page.Resources[0]))
	got, err := store.Get(ctx, tenant, r.ID())
	require.NoError(t, err)
	assert.True(t, got.Equal(r))
	require.NoError(t, store.Delete(ctx, tenant, r.ID(), r.Meta().Version))
	_, ok := store.(scim.Transactor)
	assert.False(t, ok)
	var calls []string
	_, ok = mapping.ResourceStore(table, mapping.Repository[device](struct {
		*repo[device]
		withTx
	}{devices, withTx{&calls}})).(scim.Transactor)
	assert.True(t, ok)
}
