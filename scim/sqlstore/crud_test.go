package sqlstore_test

import (
	"context"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/sqlstore"
)

func TestCreateStamps(t *testing.T) { each(t, testCreateStamps) }

func testCreateStamps(t *testing.T, open opener) {
	s := open(sqlstore.Options{Now: stoppedClock})
	given := user(t, "ann", "title", "Lead")
	stored, err := s.CreateUser(ctx, acme, scim.Write{New: given})
	require.NoError(t, err)

	assert.Regexp(t, regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`), stored.ID())
	m := stored.Meta()
	assert.Equal(t, stoppedClock().Truncate(time.Microsecond), m.Created, "microseconds round-trip")
	assert.Equal(t, m.Created, m.LastModified)
	assert.NotEmpty(t, m.Version)
	assert.Empty(t, given.ID(), "the given resource is as it was")

	got, err := s.GetUser(ctx, acme, stored.ID())
	require.NoError(t, err)
	same(t, stored, got)
	assert.True(t, given.WithMeta(stored.ID(), m).Equal(got))
	assert.Empty(t, got.ExternalID(), "nobody invents one (RFC 7643, section 3.1)")
}

// TestIDsAscend: the order of ids is that of creation, across kinds, and even if
// the clock goes back or stops.
func TestIDsAscend(t *testing.T) { each(t, testIDsAscend) }

func testIDsAscend(t *testing.T, open opener) {
	now := stoppedClock()
	s := open(sqlstore.Options{Now: func() time.Time {
		now = now.Add(-time.Second)
		return now
	}})
	last := ""
	for range 200 {
		id := addUser(t, s, "x")
		require.Greater(t, id, last)
		last = id
		require.NoError(t, s.DeleteUser(ctx, acme, id, ""))
		_, err := s.GetUser(ctx, acme, id)
		require.ErrorIs(t, err, scim.ErrNotFound)
	}
	assert.Greater(t, addGroup(t, s, "g"), last)
}

func TestUpdate(t *testing.T) { each(t, testUpdate) }

func testUpdate(t *testing.T, open opener) {
	s := open(sqlstore.Options{Now: stoppedClock})
	id := addUser(t, s, "ann", "title", "Lead", "name.givenName", "Ann")
	before, err := s.GetUser(ctx, acme, id)
	require.NoError(t, err)

	after, err := updateUser(t, s, id, "title", "Boss")
	require.NoError(t, err)
	assert.Equal(t, "Boss", after.Get("title").String())
	assert.Equal(t, "Ann", after.Get("name.givenName").String())
	assert.Equal(t, id, after.ID())
	assert.Equal(t, before.Meta().Created, after.Meta().Created)
	assert.True(t, after.Meta().LastModified.After(before.Meta().LastModified), "although the clock stands still")
	assert.Equal(t, after.Meta().LastModified, after.Meta().LastModified.Truncate(time.Microsecond))
	assert.NotEqual(t, before.Meta().Version, after.Meta().Version)
	assert.Equal(t, "Lead", before.Get("title").String(), "what was handed out stays as it is")

	cleared, err := updateUser(t, s, id, "title", nil)
	require.NoError(t, err)
	assert.True(t, cleared.Get("title").IsZero())
}

func TestUpdateWithoutChange(t *testing.T) { each(t, testUpdateWithoutChange) }

func testUpdateWithoutChange(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	id := addUser(t, s, "ann", "title", "Lead")
	before, err := s.GetUser(ctx, acme, id)
	require.NoError(t, err)
	for name, w := range map[string]scim.Write{
		"nothing named":   {Old: before, New: before},
		"the same value":  change(t, before, "title", "Lead"),
		"only a password": {Old: before, New: before, Password: schema.NewSecret("x")},
		"other, unnamed":  {Old: before, New: user(t, "bob", "title", "Boss")},
	} {
		after, err := s.UpdateUser(ctx, acme, id, w)
		require.NoError(t, err, name)
		same(t, before, after, name)
	}
}

// TestUpdateKeepsWhatIsNotNamed: another writer's change of another attribute
// stays, although the write was made before it.
func TestUpdateKeepsWhatIsNotNamed(t *testing.T) { each(t, testUpdateKeepsWhatIsNotNamed) }

func testUpdateKeepsWhatIsNotNamed(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	id := addUser(t, s, "ann", "title", "Lead", openURN+":color", "red")
	old, err := s.GetUser(ctx, acme, id)
	require.NoError(t, err)
	stale := change(t, old, "title", "Boss", openURN+":size", "L")

	_, err = updateUser(t, s, id, "nickName", "Annie", "emails", []map[string]any{{"value": "a@x.org"}}, openURN+":color", "blue")
	require.NoError(t, err)
	after, err := s.UpdateUser(ctx, acme, id, stale)
	require.NoError(t, err)

	for path, want := range map[string]string{
		"title": "Boss", "nickName": "Annie", "emails.value": "a@x.org", openURN + ":color": "blue", openURN + ":size": "L",
	} {
		assert.Equal(t, want, after.Get(path).String(), path)
	}
	assert.Equal(t, []string{"ann"}, userNames(t, s, scim.Query{Filter: filterOf(t, userType, `emails.value eq "a@x.org"`)}))
}

func TestUpdateRefusesWhatItCannotName(t *testing.T) { each(t, testUpdateRefusesWhatItCannotName) }

func testUpdateRefusesWhatItCannotName(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	id := addUser(t, s, "ann")
	_, err := s.UpdateUser(ctx, acme, id, scim.Write{New: user(t, "ann"), Changed: []string{"nonsense"}})
	assert.ErrorContains(t, err, `Changed names "nonsense"`)
	_, err = s.UpdateUser(ctx, acme, id, scim.Write{Changed: []string{"title"}})
	assert.ErrorContains(t, err, "New is nil")
	_, err = s.CreateUser(ctx, acme, scim.Write{})
	assert.ErrorContains(t, err, "New is nil")
}

// TestVersions: each method with a version compares it, and does nothing if it is
// another.
func TestVersions(t *testing.T) { each(t, testVersions) }

func testVersions(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	devices := s.Resources(userType)
	u := addUser(t, s, "ann")
	h := addUser(t, s, "bob")
	require.NoError(t, s.HideUser(ctx, acme, h, ""))
	g := addGroup(t, s, "g", u)
	dev, err := devices.Create(ctx, acme, scim.Write{New: user(t, "laptop")})
	require.NoError(t, err)
	write := scim.Write{New: user(t, "changed"), Changed: []string{"userName"}}

	methods := map[string]func(version string) error{
		"UpdateUser": func(v string) error {
			w := write
			w.Version = v
			_, err := s.UpdateUser(ctx, acme, u, w)
			return err
		},
		"HideUser":   func(v string) error { return s.HideUser(ctx, acme, u, v) },
		"DeleteUser": func(v string) error { return s.DeleteUser(ctx, acme, u, v) },
		"RestoreUser": func(v string) error {
			_, err := s.RestoreUser(ctx, acme, h, scim.Write{New: user(t, "bob"), Version: v})
			return err
		},
		"UpdateGroup": func(v string) error {
			_, err := s.UpdateGroup(ctx, acme, g, scim.GroupWrite{Write: scim.Write{Version: v}})
			return err
		},
		"DeleteGroup": func(v string) error { return s.DeleteGroup(ctx, acme, g, v) },
		"Resources.Update": func(v string) error {
			w := write
			w.Version = v
			_, err := devices.Update(ctx, acme, dev.ID(), w)
			return err
		},
		"Resources.Delete": func(v string) error { return devices.Delete(ctx, acme, dev.ID(), v) },
	}
	for name, method := range methods {
		assert.ErrorIs(t, method("other"), scim.ErrVersionMismatch, name)
	}
	assert.Equal(t, []string{"ann"}, userNames(t, s, scim.Query{}))
	assert.Equal(t, []string{u}, memberIDs(t, s, g))

	r, err := s.GetUser(ctx, acme, u)
	require.NoError(t, err)
	write.Version = r.Meta().Version
	_, err = s.UpdateUser(ctx, acme, u, write)
	require.NoError(t, err)
	_, err = s.UpdateUser(ctx, acme, u, write)
	require.ErrorIs(t, err, scim.ErrVersionMismatch, "the version has passed")
}

// TestUnknown: ids of other tenants and other kinds are unknown to every method,
// and nothing happens to their owners.
func TestUnknown(t *testing.T) { each(t, testUnknown) }

func testUnknown(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	devices := s.Resources(userType)
	foreign, err := s.CreateUser(ctx, other, scim.Write{New: user(t, "ann")})
	require.NoError(t, err)
	u, hidden := addUser(t, s, "ann"), addUser(t, s, "hidden")
	require.NoError(t, s.HideUser(ctx, acme, hidden, ""))
	g := addGroup(t, s, "g")
	dev, err := devices.Create(ctx, acme, scim.Write{New: user(t, "laptop")})
	require.NoError(t, err)
	write := scim.Write{New: user(t, "changed"), Changed: []string{"userName"}}

	users := map[string]func(id string) error{
		"GetUser":     func(id string) error { _, err := s.GetUser(ctx, acme, id); return err },
		"UpdateUser":  func(id string) error { _, err := s.UpdateUser(ctx, acme, id, write); return err },
		"HideUser":    func(id string) error { return s.HideUser(ctx, acme, id, "") },
		"RestoreUser": func(id string) error { _, err := s.RestoreUser(ctx, acme, id, write); return err },
	}
	evenHidden := map[string]func(id string) error{
		"DeleteUser":   func(id string) error { return s.DeleteUser(ctx, acme, id, "") },
		"SetUserRoles": func(id string) error { return s.SetUserRoles(ctx, acme, id, nil) },
		"UserRoles":    func(id string) error { _, err := s.UserRoles(ctx, acme, id); return err },
	}
	groups := map[string]func(id string) error{
		"GetGroup":    func(id string) error { _, err := s.GetGroup(ctx, acme, id); return err },
		"UpdateGroup": func(id string) error { _, err := updateMembers(s, id, patchReplace()); return err },
		"DeleteGroup": func(id string) error { return s.DeleteGroup(ctx, acme, id, "") },
	}
	resources := map[string]func(id string) error{
		"Resources.Get":    func(id string) error { _, err := devices.Get(ctx, acme, id); return err },
		"Resources.Update": func(id string) error { _, err := devices.Update(ctx, acme, id, write); return err },
		"Resources.Delete": func(id string) error { return devices.Delete(ctx, acme, id, "") },
	}
	check := func(methods map[string]func(string) error, ids ...string) {
		for name, method := range methods {
			for _, id := range ids {
				assert.ErrorIs(t, method(id), scim.ErrNotFound, "%s(%q)", name, id)
			}
		}
	}
	check(users, "", "nonsense", foreign.ID(), g, dev.ID())
	check(evenHidden, "", "nonsense", foreign.ID(), g, dev.ID())
	check(groups, "", "nonsense", foreign.ID(), u, hidden, dev.ID())
	check(resources, "", "nonsense", foreign.ID(), u, hidden, g)
	assert.ErrorIs(t, users["GetUser"](hidden), scim.ErrNotFound)
	assert.ErrorIs(t, users["UpdateUser"](hidden), scim.ErrNotFound)
	assert.ErrorIs(t, users["HideUser"](hidden), scim.ErrNotFound)
	assert.ErrorIs(t, users["RestoreUser"](u), scim.ErrNotFound, "is not hidden")

	assert.Equal(t, []string{"ann"}, userNames(t, s, scim.Query{}))
	again, err := s.GetUser(ctx, other, foreign.ID())
	require.NoError(t, err)
	same(t, foreign, again)
}

// TestEndedContext: nothing is done for a client who has gone.
func TestEndedContext(t *testing.T) { each(t, testEndedContext) }

func testEndedContext(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	id := addUser(t, s, "ann")
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err := s.GetUser(ended, acme, id)
	assert.ErrorIs(t, err, context.Canceled)
	_, err = s.CreateUser(ended, acme, scim.Write{New: user(t, "bob")})
	assert.ErrorIs(t, err, context.Canceled)
	_, err = s.ListUsers(ended, acme, scim.Query{Count: 1})
	assert.ErrorIs(t, err, context.Canceled)
	assert.ErrorIs(t, s.DeleteUser(ended, acme, id, ""), context.Canceled)
	assert.ErrorIs(t, s.PutState(ended, acme, scim.State{Key: "k"}), context.Canceled)
	assert.ErrorIs(t, s.InTx(ended, func(context.Context) error { panic("not run") }), context.Canceled)
	assert.Equal(t, []string{"ann"}, userNames(t, s, scim.Query{}))
}

func TestResources(t *testing.T) { each(t, testResources) }

func testResources(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	alone := s.Resources(userType)
	r, err := alone.Create(ctx, acme, scim.Write{New: user(t, "laptop", ext("badge"), "7")})
	require.NoError(t, err)
	_, err = alone.Create(ctx, acme, scim.Write{New: user(t, "phone", ext("badge"), "7")})
	assert.Equal(t, ext("badge"), taken(t, err))
	page, err := alone.List(ctx, acme, scim.Query{Count: 10, Filter: filterOf(t, userType, ext("badge")+` eq "7"`)})
	require.NoError(t, err)
	assert.Equal(t, 1, page.Total)
	after, err := alone.Update(ctx, acme, r.ID(), change(t, r, "userName", "phone"))
	require.NoError(t, err)
	got, err := alone.Get(ctx, acme, r.ID())
	require.NoError(t, err)
	same(t, after, got)
	require.NoError(t, alone.Delete(ctx, acme, r.ID(), after.Meta().Version))

	_, err = s.Resources(userType).Create(ctx, acme, scim.Write{New: user(t, "x")})
	require.NoError(t, err)
	for typ, want := range map[*schema.Type]int{userType: 1, groupType: 0} {
		page, err := s.Resources(typ).List(ctx, acme, scim.Query{})
		require.NoError(t, err)
		assert.Equal(t, want, page.Total, typ.Name())
	}
	assert.Empty(t, userNames(t, s, scim.Query{}), "other resources are no users")
}
