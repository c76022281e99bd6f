package scim_test

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/dbtest"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
	"github.com/muster-scim/muster/scim/sqlstore"
)

// appStore is a store with all abilities.
type appStore interface {
	scim.UserStore
	scim.GroupStore
	scim.StateStore
	scim.Transactor
	scim.UserTrash
	scim.RoleSetter
	UserRoles(ctx context.Context, t scim.Tenant, id string) ([]string, error)
}

const tenant scim.Tenant = "t"

// application is an application with users, sessions and roles of its own, and
// connections "entra" and "other" into it, whose settings a test may change.
type application struct {
	*server
	store    appStore
	types    types
	handler  *scim.Handler
	settings scim.Settings

	mu       sync.Mutex
	at       time.Time
	sessions map[string]int
	cutFails int // how often cutting sessions fails
	manual   map[string][]string
	verified map[string]string // e-mail → user id
	events   []scim.Event
}

// onEachStore runs f on an application over each kind of store.
func onEachStore(t *testing.T, f func(t *testing.T, a *application)) {
	t.Run("memory", func(t *testing.T) { f(t, newApplication(t, memstore.New())) })
	if testing.Short() {
		return
	}
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		s, err := sqlstore.Open(t.Context(), db, sqlstore.Options{})
		require.NoError(t, err)
		f(t, newApplication(t, s))
	})
}

func newApplication(t *testing.T, store appStore, change ...func(*scim.Config)) *application {
	t.Helper()
	a := &application{
		store: store, at: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		sessions: map[string]int{}, manual: map[string][]string{}, verified: map[string]string{},
	}
	a.settings = scim.Settings{Roles: testRoles{}}
	var c scim.Config
	a.server, c = prepare(t)
	a.types = typesOf(store)
	c.Users, c.Groups, c.State = store, store, store
	c.UserType, c.GroupType = a.types.user, a.types.group
	c.Auth = scim.AnyOf(
		scim.StaticToken("secret", scim.Scope{Tenant: tenant, Connection: "entra", Actor: "token-1"}),
		scim.StaticToken("other", scim.Scope{Tenant: tenant, Connection: "other"}),
		scim.StaticToken("foreign", scim.Scope{Tenant: "foreign", Connection: "entra"}))
	c.Settings = func(context.Context, scim.Scope) (*scim.Settings, error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		s := a.settings
		return &s, nil
	}
	c.Cutoffs = []scim.Cutoff{{Name: "sessions", Cut: a.cutSessions}}
	c.Events = a.event
	c.Now = a.now
	for _, f := range change {
		f(&c)
	}
	var err error
	a.handler, err = scim.New(c)
	require.NoError(t, err)
	a.serve(a.handler)
	return a
}

func (a *application) now() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.at
}

// later moves the clock and lets the worker do what is due.
func (a *application) later(d time.Duration) {
	a.t.Helper()
	a.mu.Lock()
	a.at = a.at.Add(d)
	a.mu.Unlock()
	a.work()
}

func (a *application) work() {
	a.t.Helper()
	require.NoError(a.t, a.handler.RunOnce(a.t.Context()))
}

func (a *application) cutSessions(_ context.Context, _ scim.Tenant, id string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.cutFails > 0 {
		a.cutFails--
		return fmt.Errorf("session server is down")
	}
	delete(a.sessions, id)
	return nil
}

func (a *application) event(_ context.Context, e scim.Event) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.events = append(a.events, e)
	return nil
}

// signIn gives a user a session.
func (a *application) signIn(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sessions[id]++
}

func (a *application) signedIn(id string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.sessions[id] > 0
}

// told returns the types of the events of a resource that were delivered so far.
func (a *application) told(id string) []scim.EventType {
	a.t.Helper()
	a.work()
	a.mu.Lock()
	defer a.mu.Unlock()
	var types []scim.EventType
	for _, e := range a.events {
		if e.ResourceID == id {
			types = append(types, e.Type)
		}
	}
	return types
}

// own makes a user of the application's, by no connection.
func (a *application) own(userName string, attrs ...any) string {
	a.t.Helper()
	b := schema.New(a.types.user).Set("userName", userName).Set("active", true)
	for i := 0; i < len(attrs); i += 2 {
		b.Set(attrs[i].(string), attrs[i+1])
	}
	r, err := b.Build()
	require.NoError(a.t, err)
	r, err = a.store.CreateUser(a.t.Context(), tenant, scim.Write{New: r, Changed: r.Changed(nil)})
	require.NoError(a.t, err)
	return r.ID()
}

// types are those of the resources that a store has.
type types struct{ user, group *schema.Type }

func typesOf(store appStore) types {
	if s, ok := store.(*sqlstore.Store); ok {
		return types{s.UserType(), s.GroupType()}
	}
	return memoryTypes()
}

// memoryTypes are those of all memstores here: a store that is served again has
// resources of its types.
var memoryTypes = sync.OnceValue(func() types {
	user, err := schema.Compile(schema.TypeConfig{Name: "User", Schema: schema.User(), Extensions: []schema.Extension{{Schema: schema.EnterpriseUser()}}})
	if err != nil {
		panic(err)
	}
	group, err := schema.Compile(schema.TypeConfig{Name: "Group", Schema: schema.Group()})
	if err != nil {
		panic(err)
	}
	return types{user, group}
})

// roles returns the provisioned roles of a user.
func (a *application) roles(id string) []string {
	a.t.Helper()
	roles, err := a.store.UserRoles(a.t.Context(), tenant, id)
	require.NoError(a.t, err)
	slices.Sort(roles)
	return roles
}

// as returns the application with another connection's token.
func (a *application) as(token string) *application {
	s := &server{t: a.t, url: a.url, token: token, log: a.log}
	return &application{server: s, store: a.store, types: a.types, handler: a.handler}
}

// decisions returns what the entries of requests tell of policies.
func (a *application) decisions() []string {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	var all []string
	for _, e := range a.entries {
		for _, d := range e.Decisions {
			all = append(all, d.Policy+" "+d.Outcome)
		}
	}
	return all
}

// testRoles gives roles by userType, by groups role.<name> and by the group Admins.
type testRoles struct {
	// table has other roles by userType.
	table map[string]string
}

var userTypes = map[string]string{"admin": "Admin", "user": "Contributor", "viewer": "Viewer"}

func (r testRoles) Resolve(in scim.RoleInput) scim.RoleOutcome {
	var out scim.RoleOutcome
	table := r.table
	if table == nil {
		table = userTypes
	}
	if t := schema.AsUser(in.User).UserType(); t != "" {
		role, ok := table[t]
		if !ok {
			out.Refusal = scim.Invalid("userType", "is %q, which is none of: %s.", t, strings.Join(slices.Sorted(maps.Keys(table)), ", "))
			return out
		}
		out.Roles = append(out.Roles, role)
	}
	for _, g := range in.Groups {
		name := strings.ToLower(g.Name)
		switch role := strings.TrimPrefix(name, "role."); {
		case name == "admins":
			out.Roles = append(out.Roles, "Admin")
		case role == name || role == "system":
		case role == "unknown":
			out.Notes = append(out.Notes, "unknown role")
		default:
			out.Roles = append(out.Roles, role)
		}
	}
	return out
}

func (testRoles) GroupUse(name, _ string) scim.GroupUse {
	switch name := strings.ToLower(name); {
	case strings.HasPrefix(name, "role."):
		return scim.UseRole
	case name == "admins":
		return scim.UseBoth
	}
	return scim.UseNone
}

// linker finds users by userName and verified e-mail, and groups by name.
type linker struct {
	a          *application
	privileged string // id of a user who is never linked
}

func (l linker) FindUser(ctx context.Context, t scim.Tenant, incoming *schema.Resource) (*scim.LinkCandidate, error) {
	page, err := l.a.store.ListUsers(ctx, t, scim.Query{StartIndex: 1, Count: 1000})
	if err != nil {
		return nil, err
	}
	for _, r := range page.Resources {
		if strings.EqualFold(schema.AsUser(r).UserName(), schema.AsUser(incoming).UserName()) {
			return &scim.LinkCandidate{ID: r.ID(), Reason: "userName", Privileged: r.ID() == l.privileged}, nil
		}
	}
	for _, email := range schema.AsUser(incoming).Emails() {
		if id, ok := l.a.verified[email]; ok {
			return &scim.LinkCandidate{ID: id, Reason: "verified e-mail"}, nil
		}
	}
	return nil, nil
}

func (l linker) FindGroup(ctx context.Context, t scim.Tenant, incoming *schema.Resource) (*scim.LinkCandidate, error) {
	page, err := l.a.store.ListGroups(ctx, t, scim.Query{StartIndex: 1, Count: 1000})
	if err != nil {
		return nil, err
	}
	for _, r := range page.Resources {
		if strings.EqualFold(r.Get("displayName").String(), incoming.Get("displayName").String()) {
			return &scim.LinkCandidate{ID: r.ID(), Reason: "displayName"}, nil
		}
	}
	return nil, nil
}

// guard counts administrators by provisioned roles and by hand.
func (a *application) guard(refuse bool) *scim.Guard {
	isAdmin := func(roles []string) bool { return slices.Contains(roles, "Admin") }
	holds := func(ctx context.Context, t scim.Tenant, r *schema.Resource) (bool, error) {
		if v, ok := r.Get("active").Bool(); ok && !v {
			return false, nil
		}
		roles, err := a.store.UserRoles(ctx, t, r.ID())
		a.mu.Lock()
		defer a.mu.Unlock()
		return isAdmin(roles) || isAdmin(a.manual[r.ID()]), err
	}
	return &scim.Guard{
		Admin: isAdmin, Refuse: refuse,
		Holds: func(ctx context.Context, t scim.Tenant, id string) (bool, error) {
			r, err := a.store.GetUser(ctx, t, id)
			if err != nil {
				return false, err
			}
			return holds(ctx, t, r)
		},
		Others: func(ctx context.Context, t scim.Tenant, except []string) (int, error) {
			page, err := a.store.ListUsers(ctx, t, scim.Query{StartIndex: 1, Count: 1000})
			n := 0
			for _, r := range page.Resources {
				if slices.Contains(except, r.ID()) {
					continue
				}
				ok, err := holds(ctx, t, r)
				if err != nil {
					return 0, err
				}
				if ok {
					n++
				}
			}
			return n, err
		},
	}
}

// userOf posts a user with more members.
func (a *application) userOf(userName, more string) string {
	a.t.Helper()
	return a.create("/Users", userBody(userName, more))
}

func userBody(userName, more string) string {
	if more != "" {
		more = "," + more
	}
	return `{"schemas":["` + userURN + `"],"userName":"` + userName + `"` + more + `}`
}

// groupOf posts a group with an externalId.
func groupBody(name, externalID string, members ...string) string {
	return `{"schemas":["` + groupURN + `"],"displayName":"` + name + `","externalId":"` + externalID + `","members":[` + memberList(members) + `]}`
}

func (a *application) suspend(id string) *reply {
	a.t.Helper()
	return a.patch("/Users/"+id, `{"op":"Replace","path":"active","value":"False"}`)
}

func (a *application) join(group string, ids ...string) {
	a.t.Helper()
	a.patch("/Groups/"+group, `{"op":"Add","path":"members","value":[`+memberList(ids)+`]}`).is(204)
}

func (a *application) part(group, id string) {
	a.t.Helper()
	a.patch("/Groups/"+group, `{"op":"Remove","path":"members[value eq \"`+id+`\"]"}`).is(204)
}

// nobody is a Linker that finds nobody.
type nobody struct{}

func (nobody) FindUser(context.Context, scim.Tenant, *schema.Resource) (*scim.LinkCandidate, error) {
	return nil, nil
}

func (nobody) FindGroup(context.Context, scim.Tenant, *schema.Resource) (*scim.LinkCandidate, error) {
	return nil, nil
}

// seats admits so many active users.
func seats(a *application, most int) scim.Admission {
	return func(ctx context.Context, t scim.Tenant, _ *schema.Resource, _ bool) error {
		page, err := a.store.ListUsers(ctx, t, scim.Query{StartIndex: 1, Count: 1000})
		n := 0
		for _, r := range page.Resources {
			if active, ok := r.Get("active").Bool(); active || !ok {
				n++
			}
		}
		if n >= most {
			return scim.Forbidden("All %d seats are taken.", most)
		}
		return err
	}
}

func newMemory() appStore { return memstore.New() }
