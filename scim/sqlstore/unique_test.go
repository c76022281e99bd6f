package sqlstore_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/sqlstore"
)

func patchReplace(ids ...string) patch.MemberDelta {
	return patch.MemberDelta{Replace: true, Add: membersOf(ids...)}
}

func TestUniqueUsers(t *testing.T) { each(t, testUniqueUsers) }

func testUniqueUsers(t *testing.T, open opener) {
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	device := func(id, kind string) []map[string]any { return []map[string]any{{"value": id, "type": kind}} }
	tests := []struct {
		name          string
		options       sqlstore.Options
		tenant        scim.Tenant // of the second
		first, second []any
		want          string
	}{
		{"userName", sqlstore.Options{}, acme, []any{"userName", "ann"}, []any{"userName", "ann"}, "userName"},
		{"userName in capitals", sqlstore.Options{}, acme, []any{"userName", "ann"}, []any{"userName", "ANN"}, "userName"},
		{"userName in full width (RFC 8265)", sqlstore.Options{}, acme, []any{"userName", "ann"}, []any{"userName", "ａｎｎ"}, "userName"},
		{"userName composed and not", sqlstore.Options{}, acme, []any{"userName", "\u00e4"}, []any{"userName", "A\u0308"}, "userName"},
		{"userName of another tenant", sqlstore.Options{}, other, []any{"userName", "ann"}, []any{"userName", "ann"}, ""},
		{"externalId", sqlstore.Options{}, acme, []any{"externalId", "x"}, []any{"externalId", "x"}, ""},
		{"externalId, by option", sqlstore.Options{UniqueExternalID: true}, acme, []any{"externalId", "x"}, []any{"externalId", "x"}, "externalId"},
		{"externalId is case-exact", sqlstore.Options{UniqueExternalID: true}, acme, []any{"externalId", "x"}, []any{"externalId", "X"}, ""},
		{"externalId of another tenant", sqlstore.Options{UniqueExternalID: true}, other, []any{"externalId", "x"}, []any{"externalId", "x"}, ""},
		{"no externalId", sqlstore.Options{UniqueExternalID: true}, acme, nil, nil, ""},
		{"displayName of users", sqlstore.Options{}, acme, []any{"displayName", "Ann"}, []any{"displayName", "Ann"}, ""},
		{"server", sqlstore.Options{}, acme, []any{ext("badge"), "a"}, []any{ext("badge"), "A"}, ext("badge")},
		{"server, another tenant", sqlstore.Options{}, other, []any{ext("badge"), "a"}, []any{ext("badge"), "a"}, ""},
		{"global", sqlstore.Options{}, acme, []any{ext("passport"), "a"}, []any{ext("passport"), "a"}, ext("passport")},
		{"global, another tenant", sqlstore.Options{}, other, []any{ext("passport"), "a"}, []any{ext("passport"), "a"}, ext("passport")},
		{"global, other case", sqlstore.Options{}, other, []any{ext("passport"), "a"}, []any{ext("passport"), "A"}, ""},
		{"one of several", sqlstore.Options{}, acme, []any{ext("cards"), []string{"1", "2"}}, []any{ext("cards"), []string{"3", "2"}}, ext("cards")},
		{"none of several", sqlstore.Options{}, acme, []any{ext("cards"), []string{"1", "2"}}, []any{ext("cards"), []string{"3", "4"}}, ""},
		{"below a list", sqlstore.Options{}, acme, []any{ext("devices"), device("d", "phone")}, []any{ext("devices"), device("d", "watch")}, ext("devices.value")},
		{"the same instant", sqlstore.Options{}, acme, []any{ext("since"), "2026-01-01T12:00:00Z"}, []any{ext("since"), "2026-01-01T13:00:00.000+01:00"}, ext("since")},
		{"another instant", sqlstore.Options{}, acme, []any{ext("since"), noon}, []any{ext("since"), noon.Add(time.Microsecond)}, ""},
		{"the same number", sqlstore.Options{}, acme, []any{ext("weight"), 2}, []any{ext("weight"), 2.0}, ext("weight")},
		{"the same bytes", sqlstore.Options{}, acme, []any{ext("key"), "-_8="}, []any{ext("key"), "+/8"}, ext("key")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(tt.options)
			first := values(t, userType, append([]any{"userName", "first"}, tt.first...)...)
			second := values(t, userType, append([]any{"userName", "second"}, tt.second...)...)
			a, err := s.CreateUser(ctx, acme, scim.Write{New: first})
			require.NoError(t, err)
			_, err = s.CreateUser(ctx, tt.tenant, scim.Write{New: second})
			require.Equal(t, tt.want, taken(t, err))
			if tt.want == "" {
				return
			}

			// The same by a change, which leaves the resource as it was.
			b, err := s.CreateUser(ctx, tt.tenant, scim.Write{New: user(t, "third")})
			require.NoError(t, err)
			w := scim.Write{Old: b, New: second, Changed: second.Changed(b)}
			_, err = s.UpdateUser(ctx, tt.tenant, b.ID(), w)
			assert.Equal(t, tt.want, taken(t, err))
			got, err := s.GetUser(ctx, tt.tenant, b.ID())
			require.NoError(t, err)
			same(t, b, got)

			// Whoever has it may keep it.
			_, err = s.UpdateUser(ctx, acme, a.ID(), scim.Write{New: user(t, "x", "title", "t"), Changed: []string{"title"}})
			assert.NoError(t, err)

			// It is free once nobody has it.
			require.NoError(t, s.DeleteUser(ctx, acme, a.ID(), ""))
			_, err = s.UpdateUser(ctx, tt.tenant, b.ID(), w)
			assert.NoError(t, err)
		})
	}
}

func TestUniqueGroups(t *testing.T) { each(t, testUniqueGroups) }

func testUniqueGroups(t *testing.T, open opener) {
	tests := []struct {
		name          string
		options       sqlstore.Options
		tenant        scim.Tenant
		first, second string
		want          string
	}{
		{"the same name", sqlstore.Options{}, acme, "Sales", "Sales", "displayName"},
		{"in capitals", sqlstore.Options{}, acme, "Sales", "SALES", "displayName"},
		{"folded", sqlstore.Options{}, acme, "Straße", "STRASSE", "displayName"},
		{"another", sqlstore.Options{}, acme, "Sales", "Sale", ""},
		{"another tenant", sqlstore.Options{}, other, "Sales", "Sales", ""},
		{"by option", sqlstore.Options{DuplicateGroupNames: true}, acme, "Sales", "Sales", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, typ := range []*schema.Type{groupType, exactGroupType()} {
				o := tt.options
				o.UserType, o.GroupType = userType, typ
				s := open(o)
				make := func(name string) scim.GroupWrite {
					return scim.GroupWrite{Write: scim.Write{New: values(t, typ, "displayName", name)}}
				}
				_, err := s.CreateGroup(ctx, acme, make(tt.first))
				require.NoError(t, err)
				_, err = s.CreateGroup(ctx, tt.tenant, make(tt.second))
				require.Equal(t, tt.want, taken(t, err))
				if tt.want == "" {
					continue
				}
				third, err := s.CreateGroup(ctx, tt.tenant, make("third"))
				require.NoError(t, err)
				w := make(tt.second)
				w.Changed = []string{"displayName"}
				_, err = s.UpdateGroup(ctx, tt.tenant, third.Group.ID(), w)
				assert.Equal(t, tt.want, taken(t, err))
			}
		})
	}
}

// exactGroupType is a group whose displayName is case exact. IdPs still take two
// names for the same if only case tells them apart.
func exactGroupType() *schema.Type {
	s := schema.Group()
	s.Attributes[0].CaseExact = true
	return schema.MustCompile(schema.TypeConfig{Name: "Group", Schema: s})
}

// TestOneWins: of many who create the same userName at once exactly one does.
func TestOneWins(t *testing.T) { each(t, testOneWins) }

func testOneWins(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	var won, lost atomic.Int32
	race(16, func(i int) {
		_, err := s.CreateUser(ctx, acme, scim.Write{New: user(t, []string{"ann", "Ann", "ANN"}[i%3])})
		switch {
		case err == nil:
			won.Add(1)
		case taken(t, err) == "userName":
			lost.Add(1)
		}
	})
	assert.EqualValues(t, 1, won.Load())
	assert.EqualValues(t, 15, lost.Load())
	assert.Len(t, userNames(t, s, scim.Query{}), 1)
}

// TestOneVersionWins: of many who change the version they have read exactly one
// does (RFC 7644, section 3.14).
func TestOneVersionWins(t *testing.T) { each(t, testOneVersionWins) }

func testOneVersionWins(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	id := addUser(t, s, "ann")
	old, err := s.GetUser(ctx, acme, id)
	require.NoError(t, err)
	var won atomic.Int32
	race(16, func(i int) {
		w := change(t, old, "title", string(rune('a'+i)))
		w.Version = old.Meta().Version
		_, err := s.UpdateUser(ctx, acme, id, w)
		if err == nil {
			won.Add(1)
		} else {
			assert.ErrorIs(t, err, scim.ErrVersionMismatch)
		}
	})
	assert.EqualValues(t, 1, won.Load())
}

// TestDeltasDoNotConflict: without a version everybody's member gets in.
func TestDeltasDoNotConflict(t *testing.T) { each(t, testDeltasDoNotConflict) }

func testDeltasDoNotConflict(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	ids := addUsers(t, s, 64)
	g := addGroup(t, s, "g")
	race(len(ids), func(i int) {
		_, err := updateMembers(s, g, patch.MemberDelta{Add: membersOf(ids[i])})
		assert.NoError(t, err)
	})
	assert.Equal(t, ids, memberIDs(t, s, g))
}

// race runs f in n goroutines that begin together.
func race(n int, f func(i int)) {
	var ready, done sync.WaitGroup
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			ready.Wait()
			f(i)
		})
	}
	done.Wait()
}
