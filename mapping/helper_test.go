package mapping_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
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

const (
	tenant        = scim.Tenant("acme")
	enterpriseURN = schema.EnterpriseUserURN
	metadataURN   = "urn:ietf:params:scim:schemas:extension:2.0:Metadata"
	folderURN     = "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName"
)

// license is an enum as applications have them.
type license int

const (
	standard license = iota
	premium
)

// account is a row of an application that has existed for a while.
type account struct {
	ID       int64
	Tenant   string // the application's own
	Login    string // so is this: provisioning must never write it
	Email    string
	Ext      *string
	First    string
	Last     string
	Work     string
	Mobile   string
	Kind     license
	Disabled bool
	Dept     string
	Boss     int64
	Roles    []string
	Folders  string // separated by ";"
	Meta     map[string]string
	Hash     string
	Granted  []string
	Created  time.Time
	Updated  time.Time
	Deleted  time.Time
}

// accountBindings are the bindings of account, for tests to add to.
func accountBindings(more ...mapping.Binding[account]) []mapping.Binding[account] {
	return append([]mapping.Binding[account]{
		mapping.ID(func(a *account) *int64 { return &a.ID }).Column("id"),
		mapping.Field("userName", func(a *account) *string { return &a.Email }).Column("email").Unique(),
		mapping.Field("externalId", func(a *account) **string { return &a.Ext }).Column("ext"),
		mapping.Field("name.givenName", func(a *account) *string { return &a.First }).Column("first"),
		mapping.Field("name.familyName", func(a *account) *string { return &a.Last }).Column("last"),
		mapping.Field(`phoneNumbers[type eq "work"].value`, func(a *account) *string { return &a.Work }).Column("work"),
		mapping.Field(`phoneNumbers[type eq "mobile"].value`, func(a *account) *string { return &a.Mobile }).Column("mobile"),
		mapping.Field("userType", func(a *account) *license { return &a.Kind }).Enum(map[string]license{"Standard": standard, "Premium": premium}).Column("kind"),
		mapping.Field("active", func(a *account) *bool { return &a.Disabled }).Not().Column("disabled"),
		mapping.Field(enterpriseURN+":department", func(a *account) *string { return &a.Dept }).Column("dept"),
		mapping.Field(enterpriseURN+":manager.value", func(a *account) *int64 { return &a.Boss }).Column("boss"),
		mapping.Field("roles.value", func(a *account) *[]string { return &a.Roles }).Column("roles"),
		mapping.Field(folderURN+":folders", func(a *account) *string { return &a.Folders }).Split(";").Column("folders"),
		mapping.Open(metadataURN, func(a *account) *map[string]string { return &a.Meta }).Column("meta"),
		mapping.Password(func(a *account, s schema.Secret) error { a.Hash = "hash of " + s.Reveal(); return nil }),
		mapping.Roles(func(a *account, roles []string) error { a.Granted = roles; return nil }),
		mapping.Times(func(a *account) *time.Time { return &a.Created }, func(a *account) *time.Time { return &a.Updated }),
		mapping.DeletedAt(func(a *account) *time.Time { return &a.Deleted }).Column("deleted_at"),
	}, more...)
}

// team is a group of the application.
type team struct {
	ID      int64
	Name    string
	Ext     string
	Color   string // the application's own
	Version int
	Created time.Time
	Changed time.Time
}

// teamBindings are the bindings of team. Its keys are numbers, as those of accounts.
func teamBindings() []mapping.Binding[team] {
	return []mapping.Binding[team]{
		mapping.ID(func(g *team) *int64 { return &g.ID }).Prefix("g"),
		mapping.Field("displayName", func(g *team) *string { return &g.Name }),
		mapping.Field("externalId", func(g *team) *string { return &g.Ext }),
		mapping.CountedVersion(func(g *team) *int { return &g.Version }),
		mapping.Modified(func(g *team) *time.Time { return &g.Changed }),
		mapping.Created(func(g *team) *time.Time { return &g.Created }),
	}
}

// repo is the least that a repository can be: rows in a map, listed as they come.
type repo[T any] struct {
	mu     sync.Mutex
	table  *mapping.Table[T]
	last   int64
	prefix string // of ids
	rows   map[scim.Tenant]map[string]T

	// key returns what must be unique; "" need not be. taken, if not nil, is asked
	// for the attribute that two rows must not both have.
	key   func(*T) string
	taken func(a, b *T) string

	// find, if not nil, is List.
	find  func(all []*T, q mapping.Query) (mapping.Rows[T], error)
	lists []mapping.Query
	gets  int

	// gone is told of rows that are erased.
	gone func(t scim.Tenant, id string)
}

func newRepo[T any](table *mapping.Table[T]) *repo[T] {
	return &repo[T]{table: table, rows: map[scim.Tenant]map[string]T{}}
}

func (r *repo[T]) Get(_ context.Context, t scim.Tenant, id string) (*T, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gets++
	v, ok := r.rows[t][id]
	if !ok {
		return nil, scim.ErrNotFound
	}
	return &v, nil
}

// all returns copies in no order.
func (r *repo[T]) all(t scim.Tenant) []*T {
	var all []*T
	for _, v := range r.rows[t] {
		all = append(all, &v)
	}
	return all
}

func (r *repo[T]) List(_ context.Context, t scim.Tenant, q mapping.Query) (mapping.Rows[T], error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lists = append(r.lists, q)
	if r.find != nil {
		return r.find(r.all(t), q)
	}
	return mapping.Candidates(r.all(t)), nil
}

func (r *repo[T]) Create(_ context.Context, t scim.Tenant, v *T) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last++
	key := strconv.FormatInt(r.last, 10)
	if err := r.table.SetID(v, r.prefix+key); err != nil {
		return err
	}
	if r.rows[t] == nil {
		r.rows[t] = map[string]T{}
	}
	return r.put(t, key, v)
}

// put stores a row unless another has its key.
func (r *repo[T]) put(t scim.Tenant, id string, v *T) error {
	for other, o := range r.rows[t] {
		switch {
		case other == id:
		case r.key != nil && r.key(v) != "" && r.key(&o) == r.key(v):
			return scim.Taken("userName")
		case r.taken != nil && r.taken(&o, v) != "":
			return scim.Taken(r.taken(&o, v))
		}
	}
	r.rows[t][id] = *v
	return nil
}

func (r *repo[T]) Update(_ context.Context, t scim.Tenant, id string, change func(*T) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, ok := r.rows[t][id]
	if !ok {
		return scim.ErrNotFound
	}
	if err := change(&v); err != nil {
		return fmt.Errorf("not stored: %s", err) // the application's habits
	}
	return r.put(t, id, &v)
}

func (r *repo[T]) Delete(_ context.Context, t scim.Tenant, id string) error {
	if !r.remove(t, id) {
		return scim.ErrNotFound
	}
	if r.gone != nil {
		r.gone(t, id)
	}
	return nil
}

// remove looks and deletes in one step: of several that delete a row at once one does.
func (r *repo[T]) remove(t scim.Tenant, id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.rows[t][id]
	delete(r.rows[t], id)
	return ok
}

// row returns a row as it is stored.
func (r *repo[T]) row(t testing.TB, id string) T {
	t.Helper()
	v, err := r.Get(context.Background(), tenant, id)
	require.NoError(t, err)
	return *v
}

// accountRepo keeps accounts.
func accountRepo(table *mapping.Table[account]) *repo[account] {
	r := newRepo(table)
	r.key = func(a *account) string {
		if !a.Deleted.IsZero() {
			return ""
		}
		return schema.FoldUserName(a.Email)
	}
	return r
}

// teamRepo keeps teams and their members.
type teamRepo struct {
	*repo[team]
	members map[scim.Tenant]map[string][]patch.Member

	// users looks for users; nil knows all of them.
	users interface {
		has(t scim.Tenant, id string) bool
		inSight(t scim.Tenant, id string) bool
	}
}

func newTeamRepo(table *mapping.Table[team]) *teamRepo {
	r := &teamRepo{repo: newRepo(table), members: map[scim.Tenant]map[string][]patch.Member{}}
	r.prefix = "g"
	return r
}

func (r *repo[T]) has(t scim.Tenant, id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.rows[t][id]
	return ok
}

// inSight asks the table, since an application knows its own field.
func (r *repo[T]) inSight(t scim.Tenant, id string) bool {
	v, err := r.Get(context.Background(), t, id)
	if err != nil {
		return false
	}
	a, ok := any(*v).(account)
	return !ok || a.Deleted.IsZero()
}

// check refuses members that don't exist.
func (r *teamRepo) check(t scim.Tenant, members []patch.Member) error {
	for _, m := range members {
		group, isGroup := r.table.Key(m.ID)
		if r.users != nil && !r.users.has(t, m.ID) && !(isGroup && r.has(t, group)) {
			return scim.UnknownMember(m.ID)
		}
	}
	return nil
}

func (r *teamRepo) Create(ctx context.Context, t scim.Tenant, g *team, members []patch.Member) error {
	if err := r.check(t, members); err != nil {
		return err
	}
	if err := r.repo.Create(ctx, t, g); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.members[t] == nil {
		r.members[t] = map[string][]patch.Member{}
	}
	r.members[t][strconv.FormatInt(g.ID, 10)] = slices.Clone(members)
	return nil
}

func (r *teamRepo) Update(ctx context.Context, t scim.Tenant, id string, change func(*team, bool) error, d patch.MemberDelta) (e mapping.Effect, err error) {
	if !r.has(t, id) {
		return e, scim.ErrNotFound
	}
	if err := r.check(t, d.Add); err != nil {
		return e, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	g, ok := r.rows[t][id]
	if !ok { // deleted meanwhile
		return e, scim.ErrNotFound
	}
	next, e := mapping.ApplyMembers(r.members[t][id], d)
	if err := change(&g, e.Changes()); err != nil {
		return mapping.Effect{}, err
	}
	if err := r.put(t, id, &g); err != nil {
		return mapping.Effect{}, err
	}
	r.members[t][id] = next
	return e, nil
}

func (r *teamRepo) Delete(ctx context.Context, t scim.Tenant, id string) error {
	err := r.repo.Delete(ctx, t, id)
	if err == nil {
		r.mu.Lock()
		delete(r.members[t], id)
		r.mu.Unlock()
		r.forget(t, r.table.ID(&team{ID: must64(id)}))
	}
	return err
}

func must64(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}

func (r *teamRepo) Memberships(_ context.Context, t scim.Tenant, q scim.MembershipQuery) (scim.MembershipPage, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var edges []scim.Membership
	for id, members := range r.members[t] {
		for _, m := range members {
			m.Type = "Group"
			if r.users == nil || r.users.has(t, m.ID) {
				m.Type = "User"
			}
			if m.Type == "User" && r.users != nil && !r.users.inSight(t, m.ID) {
				continue
			}
			edges = append(edges, scim.Membership{GroupID: id, GroupName: r.rows[t][id].Name, Member: m})
		}
	}
	return mapping.Memberships(edges, q)
}

// forget takes a member out of all teams.
func (r *teamRepo) forget(t scim.Tenant, id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for g, members := range r.members[t] {
		r.members[t][g] = slices.DeleteFunc(slices.Clone(members), func(m patch.Member) bool { return m.ID == id })
	}
}

// must makes a table.
func must[T any](t testing.TB) func(*mapping.Table[T], error) *mapping.Table[T] {
	return func(table *mapping.Table[T], err error) *mapping.Table[T] {
		t.Helper()
		require.NoError(t, err)
		return table
	}
}

func accountTable(t testing.TB, more ...mapping.Binding[account]) *mapping.Table[account] {
	t.Helper()
	return must[account](t)(mapping.Users(accountBindings(more...)...))
}

// server is a running server over mapped repositories.
type server struct {
	t     *testing.T
	url   string
	users *repo[account]
	teams *teamRepo
	log   *bytes.Buffer
}

func newServer(t *testing.T, more ...mapping.Binding[account]) *server {
	t.Helper()
	s := &server{t: t, log: &bytes.Buffer{}}
	s.users = accountRepo(accountTable(t, more...))
	s.teams = newTeamRepo(must[team](t)(mapping.Groups(teamBindings()...)))
	s.teams.users = s.users
	s.users.gone = s.teams.forget
	logger := slog.New(slog.NewTextHandler(s.log, nil))
	s.url = serve(t, scim.Config{
		Users:  mapping.UserStore(s.users.table, s.users, mapping.WithLogger(logger)),
		Groups: mapping.GroupStore(s.teams.table, s.teams, mapping.WithLogger(logger)),
		Logger: logger,
	})
	return s
}

// serve starts a server and returns its base URL.
func serve(t *testing.T, c scim.Config) string {
	t.Helper()
	mux := http.NewServeMux()
	ts := httptest.NewServer(mux)
	t.Cleanup(ts.Close)
	c.BaseURL = ts.URL + "/scim/v2"
	c.Auth = scim.StaticToken("secret", scim.Scope{Tenant: tenant, Connection: "test"})
	h, err := scim.New(c)
	require.NoError(t, err)
	mux.Handle("/scim/v2/", h)
	return c.BaseURL
}

// reply is an answer with its body read.
type reply struct {
	t      *testing.T
	status int
	header http.Header
	text   string
	doc    map[string]any
}

func (s *server) do(method, path, body string, headers ...string) *reply {
	s.t.Helper()
	return do(s.t, s.url, method, path, body, headers...)
}

func do(t *testing.T, base, method, path, body string, headers ...string) *reply {
	t.Helper()
	req, err := http.NewRequest(method, base+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer secret")
	req.Header.Set("Content-Type", "application/scim+json")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	r := &reply{t: t, status: resp.StatusCode, header: resp.Header, text: string(text)}
	if len(text) > 0 {
		require.NoError(t, json.Unmarshal(text, &r.doc), "%s %s: %s", method, path, text)
	}
	return r
}

func (s *server) get(path string) *reply { s.t.Helper(); return s.do("GET", path, "") }

// find lists by a filter.
func (s *server) find(endpoint, filter string) *reply {
	s.t.Helper()
	return s.get(endpoint + "?filter=" + url.QueryEscape(filter))
}

// create posts and returns the id.
func (s *server) create(endpoint, body string) string {
	s.t.Helper()
	return s.do("POST", endpoint, body).is(http.StatusCreated).at("id").(string)
}

func (s *server) patch(path, ops string, headers ...string) *reply {
	s.t.Helper()
	return s.do("PATCH", path, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`+ops+`]}`, headers...)
}

func (r *reply) is(status ...int) *reply {
	r.t.Helper()
	require.Contains(r.t, status, r.status, r.text)
	return r
}

// fails asserts a SCIM error whose detail has some words.
func (r *reply) fails(status int, scimType string, words ...string) *reply {
	r.t.Helper()
	require.Equal(r.t, status, r.status, r.text)
	if scimType != "" {
		assert.Equal(r.t, scimType, r.doc["scimType"], r.text)
	}
	for _, w := range words {
		assert.Contains(r.t, r.doc["detail"], w)
	}
	return r
}

// at returns what stands at a path of names and indices.
func (r *reply) at(path ...any) any {
	var v any = r.doc
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

func (r *reply) total(n int) *reply {
	r.t.Helper()
	require.Equal(r.t, http.StatusOK, r.status, r.text)
	require.EqualValues(r.t, n, r.doc["totalResults"], r.text)
	return r
}
