package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/mapping"
	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
)

// What follows is an application with structs of its own, which package mapping makes
// into stores. It keeps what it has no field for.

type employee struct {
	Number   int64     `scim:"id,column=number,prefix=u"`
	Login    string    `scim:"userName,column=login"`
	Source   *string   `scim:"externalId,column=source"`
	First    string    `scim:"name.givenName,column=first"`
	Last     string    `scim:"name.familyName,column=last"`
	Job      *string   `scim:"title,column=job"`
	Enabled  *bool     `scim:"active,column=enabled"`
	Mail     string    `scim:"emails[type eq \"work\"].value,column=mail"`
	Mobile   string    `scim:"phoneNumbers[type eq \"mobile\"].value,column=mobile"`
	Digest   [32]byte  // of the password
	Rest     []byte    `scim:",rest,column=rest"`
	Hired    time.Time `scim:"meta.created,column=hired"`
	Modified time.Time `scim:"meta.lastModified,column=modified"`
}

type team struct {
	Key      int64     `scim:"id,column=key,prefix=g"`
	Name     string    `scim:"displayName,column=name"`
	Rest     []byte    `scim:",rest,column=rest"`
	Since    time.Time `scim:"meta.created,column=since"`
	Modified time.Time `scim:"meta.lastModified,column=modified"`
	members  []patch.Member
}

type item struct {
	Key      int64   `scim:"id,column=key,prefix=i"`
	Unique   *string // what must be, see tables_test.go
	Global   *string
	Rest     string    `scim:",rest,column=rest"`
	Since    time.Time `scim:"meta.created,column=since"`
	Modified time.Time `scim:"meta.lastModified,column=modified"`
}

// application has its tables in memory, under one lock.
type application struct {
	mu        sync.Mutex
	employees *rowsOf[employee]
	teams     *rowsOf[team]
}

// inApplication makes stores of an application's repositories.
func inApplication(t testing.TB, users, groups *schema.Type) data {
	t.Helper()
	app := &application{}
	app.employees = newRows(app, "u", tableOf(t, users, userType, mapping.Users, mapping.Password(digest)))
	app.teams = newRows(app, "g", tableOf[team](t, groups, groupType, mapping.Groups))
	app.employees.gone, app.teams.gone = app.leaveAll, app.leaveAll
	return data{
		users: mapping.UserStore(app.employees.table, app.employees), userType: app.employees.table.SCIMType(),
		groups: mapping.GroupStore(app.teams.table, teamRows{app.teams}), groupType: app.teams.table.SCIMType(),
		state: memstore.New(),
		resources: func(typ *schema.Type) (resourceStore, *schema.Type, error) {
			table, err := mapping.Resources(typ.Config(), mapping.Tags[item]()...)
			if err != nil {
				return nil, nil, err
			}
			return mapping.ResourceStore(table, newRows(app, "i", table)).(resourceStore), table.SCIMType(), nil
		},
	}
}

// digest stands for what an application does to keep a password.
func digest(e *employee, password schema.Secret) error {
	e.Digest = sha256.Sum256([]byte(password.Reveal()))
	return nil
}

// tableOf makes the table that applications have, unless a test is about a type of
// its own.
func tableOf[T any](t testing.TB, typ, usual *schema.Type, usually func(...mapping.Binding[T]) (*mapping.Table[T], error), more ...mapping.Binding[T]) *mapping.Table[T] {
	t.Helper()
	bindings := mapping.Tags(more...)
	make := func() (*mapping.Table[T], error) { return mapping.Resources(typ.Config(), bindings...) }
	if typ == usual {
		make = func() (*mapping.Table[T], error) { return usually(bindings...) }
	}
	table, err := make()
	require.NoError(t, err)
	return table
}

// rowsOf is a table of the application, whose keys are the ids without their prefix. It lists everything, unless it is asked for a
// page in no order.
type rowsOf[T any] struct {
	app    *application
	table  *mapping.Table[T]
	prefix string
	last   int
	rows   map[scim.Tenant]map[string]T
	keys   map[string][]uniqueKey // of each row
	taken  map[uniqueKey]string   // by which row
	gone   func(t scim.Tenant, id string)
}

func newRows[T any](app *application, prefix string, table *mapping.Table[T]) *rowsOf[T] {
	return &rowsOf[T]{
		app: app, table: table, prefix: prefix,
		last: 100_000, // so that ids are as long as each other: their order is that of texts
		rows: map[scim.Tenant]map[string]T{}, keys: map[string][]uniqueKey{}, taken: map[uniqueKey]string{},
		gone: func(scim.Tenant, string) {},
	}
}

func (r *rowsOf[T]) ListsByKey() bool { return true }

func (r *rowsOf[T]) Get(_ context.Context, t scim.Tenant, key string) (*T, error) {
	r.app.mu.Lock()
	defer r.app.mu.Unlock()
	v, ok := r.rows[t][r.prefix+key]
	if !ok {
		return nil, scim.ErrNotFound
	}
	return &v, nil
}

func (r *rowsOf[T]) List(_ context.Context, t scim.Tenant, q mapping.Query) (mapping.Rows[T], error) {
	r.app.mu.Lock()
	defer r.app.mu.Unlock()
	var all []*T
	for _, id := range slices.Sorted(maps.Keys(r.rows[t])) {
		v := r.rows[t][id]
		all = append(all, &v)
	}
	if !q.IsAll() {
		return mapping.Candidates(all), nil
	}
	total, from := len(all), min(q.Offset(), len(all))
	return mapping.Exact(all[from:min(from+q.Count, total)], total), nil
}

func (r *rowsOf[T]) Create(_ context.Context, t scim.Tenant, v *T) error {
	r.app.mu.Lock()
	defer r.app.mu.Unlock()
	return r.create(t, v)
}

func (r *rowsOf[T]) create(t scim.Tenant, v *T) error {
	r.last++
	if err := r.table.SetID(v, fmt.Sprintf("%s%d", r.prefix, r.last)); err != nil {
		return err
	}
	return r.put(t, v)
}

// uniqueKey is a value that one row may have: in all tenants if tenant is empty.
type uniqueKey struct {
	tenant    scim.Tenant
	path, key string
}

// put stores a row unless another has a value that must be unique.
func (r *rowsOf[T]) put(t scim.Tenant, v *T) error {
	id := r.table.ID(v)
	keys, err := r.uniqueKeys(t, v)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if other, ok := r.taken[k]; ok && other != id {
			return scim.Taken(k.path)
		}
	}
	r.free(id)
	for _, k := range keys {
		r.taken[k] = id
	}
	if r.rows[t] == nil {
		r.rows[t] = map[string]T{}
	}
	r.rows[t][id] = *v
	r.keys[id] = keys
	return nil
}

// free gives the unique values of a row back.
func (r *rowsOf[T]) free(id string) {
	for _, k := range r.keys[id] {
		delete(r.taken, k)
	}
	delete(r.keys, id)
}

func (r *rowsOf[T]) uniqueKeys(t scim.Tenant, v *T) (keys []uniqueKey, err error) {
	is, err := r.table.Read(v)
	if err != nil {
		return nil, err
	}
	for _, a := range is.Type().Attrs() {
		k := uniqueKey{t, a.Path(), a.Key(is.Value(a).String())}
		switch {
		case a.Path() == "id", is.Value(a).IsZero():
			continue
		case a.Uniqueness == schema.Global:
			k.tenant = ""
		case a.Uniqueness != schema.Server && (a.Path() != "displayName" || is.Type().Name() != "Group"):
			continue
		}
		keys = append(keys, k)
	}
	return keys, nil
}

func (r *rowsOf[T]) Update(_ context.Context, t scim.Tenant, key string, change func(*T) error) error {
	r.app.mu.Lock()
	defer r.app.mu.Unlock()
	v, ok := r.rows[t][r.prefix+key]
	if !ok {
		return scim.ErrNotFound
	}
	if err := change(&v); err != nil {
		return err
	}
	return r.put(t, &v)
}

func (r *rowsOf[T]) Delete(ctx context.Context, t scim.Tenant, key string) error {
	return r.DeleteIf(ctx, t, key, func(*T) error { return nil })
}

func (r *rowsOf[T]) DeleteIf(_ context.Context, t scim.Tenant, key string, check func(*T) error) error {
	r.app.mu.Lock()
	defer r.app.mu.Unlock()
	id := r.prefix + key
	v, ok := r.rows[t][id]
	if !ok {
		return scim.ErrNotFound
	}
	if err := check(&v); err != nil {
		return err
	}
	r.free(id)
	delete(r.rows[t], id)
	r.gone(t, id)
	return nil
}

// leaveAll takes a member out of all teams.
func (a *application) leaveAll(t scim.Tenant, id string) {
	for key, g := range a.teams.rows[t] {
		g.members = slices.DeleteFunc(slices.Clone(g.members), func(m patch.Member) bool { return m.ID == id })
		a.teams.rows[t][key] = g
	}
}

// teamRows are teams with their members.
type teamRows struct{ *rowsOf[team] }

func (r teamRows) Create(_ context.Context, t scim.Tenant, g *team, members []patch.Member) error {
	r.app.mu.Lock()
	defer r.app.mu.Unlock()
	if err := r.app.knows(t, members); err != nil {
		return err
	}
	g.members, _ = mapping.ApplyMembers(nil, patch.MemberDelta{Add: members})
	return r.create(t, g)
}

func (r teamRows) Update(_ context.Context, t scim.Tenant, key string, change func(g *team, members bool) error, d patch.MemberDelta) (e mapping.Effect, err error) {
	r.app.mu.Lock()
	defer r.app.mu.Unlock()
	g, ok := r.rows[t][r.prefix+key]
	if !ok {
		return e, scim.ErrNotFound
	}
	if err := r.app.knows(t, d.Add); err != nil {
		return e, err
	}
	g.members, e = mapping.ApplyMembers(g.members, d)
	if err := change(&g, e.Changes()); err != nil {
		return mapping.Effect{}, err
	}
	return e, r.put(t, &g)
}

// knows refuses members that are nobody.
func (a *application) knows(t scim.Tenant, members []patch.Member) error {
	for _, m := range members {
		_, isEmployee := a.employees.rows[t][m.ID]
		_, isTeam := a.teams.rows[t][m.ID]
		if !isEmployee && !isTeam {
			return scim.UnknownMember(m.ID)
		}
	}
	return nil
}

func (r teamRows) Memberships(_ context.Context, t scim.Tenant, q scim.MembershipQuery) (scim.MembershipPage, error) {
	r.app.mu.Lock()
	defer r.app.mu.Unlock()
	var edges []scim.Membership
	for id, g := range r.rows[t] {
		for _, m := range g.members {
			edges = append(edges, scim.Membership{GroupID: strings.TrimPrefix(id, r.prefix), GroupName: g.Name, Member: r.app.shown(t, m.ID)})
		}
	}
	return mapping.Memberships(edges, q)
}

// shown returns a member with its type and the name it is shown by.
func (a *application) shown(t scim.Tenant, id string) patch.Member {
	if g, ok := a.teams.rows[t][id]; ok {
		return patch.Member{ID: id, Type: "Group", Display: g.Name}
	}
	e := a.employees.rows[t][id]
	m := patch.Member{ID: id, Type: "User", Display: e.Login}
	if r, err := a.employees.table.Read(&e); err == nil && r.Get("displayName").String() != "" {
		m.Display = r.Get("displayName").String()
	}
	return m
}
