package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/sqlstore"
)

// TestModel does random things to a store and to a model of it that has maps,
// looks at everything for every question, and undoes by copying. After each
// step both must say the same.
func TestModel(t *testing.T) { eachEmptied(t, sqlstore.Options{}, testModel) }

func testModel(t *testing.T, empty func(require.TestingT) *sqlstore.Store) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{s: empty(t), ctx: ctx, m: newModel()}
		actions := w.actions()
		actions["InTx"] = w.inTx
		actions[""] = w.check
		t.Repeat(actions)
	})
}

// model is what a store should hold. Its order is that of ids.
type model struct {
	docs  map[string]*doc
	order []string
	edges map[[2]string]bool // group, member
}

// doc is a user or group.
type doc struct {
	tenant scim.Tenant
	typ    *schema.Type
	attrs  map[string]any // top-level values by path
	meta   schema.Meta
	hidden bool
	roles  []string
}

func newModel() *model {
	return &model{docs: map[string]*doc{}, edges: map[[2]string]bool{}}
}

func (m *model) clone() *model {
	c := &model{docs: map[string]*doc{}, order: slices.Clone(m.order), edges: maps.Clone(m.edges)}
	for id, d := range m.docs {
		e := *d
		e.attrs = maps.Clone(d.attrs)
		c.docs[id] = &e
	}
	return c
}

func (d *doc) resource(t require.TestingT, id string) *schema.Resource {
	b := schema.New(d.typ)
	for path, v := range d.attrs {
		b.Set(path, v)
	}
	r, err := b.Build()
	require.NoError(t, err)
	return r.WithMeta(id, d.meta)
}

// ids returns those of a tenant and type, in order.
func (m *model) ids(tenant scim.Tenant, typ *schema.Type, hidden bool) []string {
	var ids []string
	for _, id := range m.order {
		if d := m.docs[id]; d.tenant == tenant && d.typ == typ && d.hidden == hidden {
			ids = append(ids, id)
		}
	}
	return ids
}

// unique has what is unique, in the order of the type's attributes.
var unique = []struct {
	typ    *schema.Type
	path   string
	fold   func(string) string
	global bool
}{
	{userType, "userName", schema.FoldUserName, false},
	{groupType, "displayName", schema.Fold, false},
	{userType, ext("badge"), schema.Fold, false},
	{userType, ext("passport"), strings.Clone, true},
}

// conflict returns the unique attribute that d shares with another resource.
func (m *model) conflict(id string, d *doc) string {
	for _, u := range unique {
		for oid, o := range m.docs {
			a, _ := d.attrs[u.path].(string)
			b, _ := o.attrs[u.path].(string)
			if oid != id && !o.hidden && o.typ == d.typ && u.typ == d.typ && (u.global || o.tenant == d.tenant) &&
				a != "" && u.fold(a) == u.fold(b) {
				return u.path
			}
		}
	}
	return ""
}

// world is a store beside its model.
type world struct {
	s     *sqlstore.Store
	m     *model
	ctx   context.Context
	depth int
}

// pick draws one of ids, or now and then one that is unknown.
func pick(t *rapid.T, ids []string, label string) string {
	if len(ids) == 0 || rapid.IntRange(0, 19).Draw(t, label+" unknown") == 0 {
		return "unknown"
	}
	return rapid.SampledFrom(ids).Draw(t, label)
}

func drawTenant(t *rapid.T) scim.Tenant {
	return rapid.SampledFrom([]scim.Tenant{acme, acme, acme, other}).Draw(t, "tenant")
}

var drawnText = map[string][]any{
	"title":         {nil, nil, "Lead", "lead", "Boss", "Ärztin", "ärztin"},
	"displayName":   {nil, "Ann", "ANN", "Bob"},
	"externalId":    {nil, "x1", "X1", "x2"},
	"active":        {nil, true, false},
	"emails":        {nil, []map[string]any{{"value": "a@x.org", "type": "work"}}, []map[string]any{{"value": "A@X.org", "type": "home"}, {"value": "b@x.org", "type": "work", "primary": true}}},
	ext("badge"):    {nil, nil, nil, "1", "2", "a", "A"},
	ext("passport"): {nil, nil, nil, "p", "P", "q"},
	ext("level"):    {nil, 1, 2, 10},
	ext("hired"):    {nil, "2020-01-01T00:00:00Z", "2020-01-01T01:00:00+02:00", "2019-06-01T00:00:00Z"},
}

func drawUser(t *rapid.T) map[string]any {
	attrs := map[string]any{"userName": rapid.SampledFrom([]string{"u0", "U0", "u1", "u2", "u3", "u4", "ä", "Ä", "u5", "u6"}).Draw(t, "userName")}
	drawOthers(t, attrs, "title", "displayName", "externalId", "active", ext("badge"), ext("passport"), ext("level"), ext("hired"))
	return attrs
}

func drawGroup(t *rapid.T) map[string]any {
	attrs := map[string]any{"displayName": rapid.SampledFrom([]string{"G0", "g0", "g1", "g2", "Straße", "STRASSE"}).Draw(t, "displayName")}
	drawOthers(t, attrs, "externalId")
	return attrs
}

func drawOthers(t *rapid.T, attrs map[string]any, paths ...string) {
	for _, path := range paths {
		if v := rapid.SampledFrom(drawnText[path]).Draw(t, path); v != nil {
			attrs[path] = v
		}
	}
}

func (w *world) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"CreateUser": w.createUser, "CreateUser2": w.createUser, "UpdateUser": w.updateUser, "DeleteUser": w.deleteUser,
		"CreateGroup": w.createGroup, "UpdateGroup": w.updateGroup, "UpdateMembers": w.updateMembers, "DeleteGroup": w.deleteGroup,
		"HideUser": w.hideUser, "RestoreUser": w.restoreUser, "SetRoles": w.setRoles,
	}
}

// fails compares the error with what the model expects: either of two, if both
// are right.
func fails(t *rapid.T, err error, want string, or ...string) bool {
	got := ""
	var e *scim.Error
	switch {
	case err == nil:
	case errors.As(err, &e):
		got = e.Detail
	default:
		got = err.Error()
	}
	if !slices.Contains(or, got) {
		require.Equal(t, want, got)
	}
	return want != ""
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func takenText(path string) string {
	if path == "" {
		return ""
	}
	return scim.Taken(path).Detail
}

// stored takes a new resource into the model, or the new state of a known one.
func (w *world) stored(t *rapid.T, d *doc, r *schema.Resource) {
	if w.m.docs[r.ID()] == nil {
		w.m.order = append(w.m.order, r.ID())
		require.True(t, slices.IsSorted(w.m.order))
	}
	d.meta = r.Meta()
	w.m.docs[r.ID()] = d
	require.True(t, d.resource(t, r.ID()).Equal(r), "%v, want %v", r, d.attrs)
}

func (w *world) createUser(t *rapid.T) {
	d := &doc{tenant: drawTenant(t), typ: userType, attrs: drawUser(t)}
	r, err := w.s.CreateUser(w.ctx, d.tenant, scim.Write{New: d.resource(t, "")})
	if !fails(t, err, takenText(w.m.conflict("", d))) {
		w.stored(t, d, r)
	}
}

// version draws one to send, and tells whether it is wrong.
func version(t *rapid.T, d *doc) (v string, wrong bool) {
	switch rapid.IntRange(0, 9).Draw(t, "version") {
	case 0:
		return "wrong", true
	case 1, 2, 3:
		return d.meta.Version, false
	}
	return "", false
}

// updated returns what a random write makes of d.
func updated(t *rapid.T, d *doc, draw func(*rapid.T) map[string]any) (*doc, scim.Write) {
	attrs := draw(t)
	next := *d
	next.attrs = maps.Clone(d.attrs)
	var changed []string
	for _, a := range d.typ.Attrs() {
		path := a.Path()
		if _, given := attrs[path]; !given && d.attrs[path] == nil || !rapid.Bool().Draw(t, "change "+path) {
			continue
		}
		changed = append(changed, path)
		delete(next.attrs, path)
		if v, given := attrs[path]; given {
			next.attrs[path] = v
		}
	}
	drawn := doc{typ: d.typ, attrs: attrs}
	return &next, scim.Write{New: drawn.resource(t, ""), Changed: changed}
}

func (w *world) updateUser(t *rapid.T) {
	tenant := drawTenant(t)
	id := pick(t, w.m.ids(tenant, userType, false), "id")
	d := w.m.docs[id]
	if d == nil {
		_, err := w.s.UpdateUser(w.ctx, tenant, id, scim.Write{})
		fails(t, err, scim.ErrNotFound.Error())
		return
	}
	next, write := updated(t, d, drawUser)
	var wrong bool
	write.Version, wrong = version(t, d)
	r, err := w.s.UpdateUser(w.ctx, tenant, id, write)
	want := takenText(w.m.conflict(id, next))
	if d.resource(t, id).Equal(next.resource(t, id)) {
		want = ""
	}
	if wrong {
		want = scim.ErrVersionMismatch.Error()
	}
	if !fails(t, err, want) {
		w.moved(t, d.resource(t, id), next.resource(t, id), r)
		w.stored(t, next, r)
	}
}

// moved compares the stamps before and after with whether something changed.
func (w *world) moved(t *rapid.T, before, want, after *schema.Resource) {
	require.Equal(t, before.Meta().Created, after.Meta().Created)
	if before.Equal(want) {
		require.Equal(t, before.Meta(), after.Meta())
		return
	}
	require.NotEqual(t, before.Meta().Version, after.Meta().Version)
	require.True(t, after.Meta().LastModified.After(before.Meta().LastModified))
}

// touched takes the new stamps of groups, which must have moved.
func (w *world) touched(t *rapid.T, groups ...string) {
	for _, g := range groups {
		d := w.m.docs[g]
		r, err := w.s.GetGroup(w.ctx, d.tenant, g)
		require.NoError(t, err)
		require.NotEqual(t, d.meta.Version, r.Meta().Version)
		require.True(t, r.Meta().LastModified.After(d.meta.LastModified))
		d.meta = r.Meta()
	}
}

func (m *model) groupsOf(id string) []string {
	var groups []string
	for _, g := range m.order {
		if m.edges[[2]string{g, id}] {
			groups = append(groups, g)
		}
	}
	return groups
}

func (m *model) erase(id string) {
	delete(m.docs, id)
	m.order = slices.DeleteFunc(m.order, func(o string) bool { return o == id })
	maps.DeleteFunc(m.edges, func(e [2]string, _ bool) bool { return e[0] == id || e[1] == id })
}

func (w *world) deleteUser(t *rapid.T) {
	tenant := drawTenant(t)
	ids := append(w.m.ids(tenant, userType, false), w.m.ids(tenant, userType, true)...)
	id := pick(t, ids, "id")
	d := w.m.docs[id]
	if d == nil {
		fails(t, w.s.DeleteUser(w.ctx, tenant, id, ""), scim.ErrNotFound.Error())
		return
	}
	v, wrong := version(t, d)
	err := w.s.DeleteUser(w.ctx, tenant, id, v)
	if wrong {
		fails(t, err, scim.ErrVersionMismatch.Error())
		return
	}
	require.NoError(t, err)
	groups := w.m.groupsOf(id)
	w.m.erase(id)
	if !d.hidden {
		w.touched(t, groups...)
	}
}

func (w *world) hideUser(t *rapid.T) {
	tenant := drawTenant(t)
	id := pick(t, w.m.ids(tenant, userType, false), "id")
	err := w.s.HideUser(w.ctx, tenant, id, "")
	if w.m.docs[id] == nil {
		fails(t, err, scim.ErrNotFound.Error())
		return
	}
	require.NoError(t, err)
	w.m.docs[id].hidden = true
	w.touched(t, w.m.groupsOf(id)...)
}

func (w *world) restoreUser(t *rapid.T) {
	tenant := drawTenant(t)
	id := pick(t, w.m.ids(tenant, userType, true), "id")
	d := w.m.docs[id]
	if d == nil {
		_, err := w.s.RestoreUser(w.ctx, tenant, id, scim.Write{New: user(t, "x")})
		fails(t, err, scim.ErrNotFound.Error())
		return
	}
	next := *d
	next.attrs, next.hidden = drawUser(t), false
	r, err := w.s.RestoreUser(w.ctx, tenant, id, scim.Write{New: next.resource(t, "")})
	if !fails(t, err, takenText(w.m.conflict(id, &next))) {
		require.NotEqual(t, d.meta.Version, r.Meta().Version)
		require.Equal(t, d.meta.Created, r.Meta().Created)
		w.stored(t, &next, r)
		w.touched(t, w.m.groupsOf(id)...)
	}
}

func (w *world) setRoles(t *rapid.T) {
	tenant := drawTenant(t)
	id := pick(t, w.m.ids(tenant, userType, false), "id")
	roles := rapid.SampledFrom([][]string{nil, {"admin"}, {"admin", "editor"}}).Draw(t, "roles")
	err := w.s.SetUserRoles(w.ctx, tenant, id, roles)
	if w.m.docs[id] == nil {
		fails(t, err, scim.ErrNotFound.Error())
		return
	}
	require.NoError(t, err)
	w.m.docs[id].roles = roles
}

// drawMembers draws ids of a tenant, seldom one that is not there.
func (w *world) drawMembers(t *rapid.T, tenant scim.Tenant, label string) []string {
	pool := append(w.m.ids(tenant, userType, false), w.m.ids(tenant, groupType, false)...)
	var ids []string
	for _, id := range pool {
		if rapid.IntRange(0, 2).Draw(t, label) == 0 {
			ids = append(ids, id)
		}
	}
	if rapid.IntRange(0, 19).Draw(t, label+" unknown") == 0 {
		ids = append(ids, "unknown")
	}
	if len(ids) < 2 {
		return ids
	}
	return rapid.Permutation(ids).Draw(t, label+" order")
}

// drawDelta draws a delta, and returns the error that it should make.
func (w *world) drawDelta(t *rapid.T, tenant scim.Tenant, group string) (d patch.MemberDelta, want string) {
	add := w.drawMembers(t, tenant, "add")
	d = patch.MemberDelta{Replace: rapid.IntRange(0, 3).Draw(t, "replace") == 0, Add: membersOf(add...)}
	if slices.Contains(add, "unknown") {
		want = scim.UnknownMember("unknown").Detail
	}
	if d.Replace {
		return d, want
	}
	for _, id := range append(w.drawMembers(t, tenant, "remove"), w.m.ids(tenant, userType, true)...) {
		if !slices.Contains(add, id) {
			d.Remove = append(d.Remove, id)
		}
	}
	return d, want
}

// link changes the edges, and returns who was added and removed in sight.
func (m *model) link(group string, d patch.MemberDelta) (added, removed []string) {
	var add []string
	for _, member := range d.Add {
		add = append(add, member.ID)
	}
	for _, id := range m.order {
		e := [2]string{group, id}
		switch {
		case !m.edges[e] && slices.Contains(add, id):
			m.edges[e] = true
			added = append(added, id)
		case m.edges[e] && (slices.Contains(d.Remove, id) || d.Replace && !slices.Contains(add, id)):
			delete(m.edges, e)
			if !m.docs[id].hidden {
				removed = append(removed, id)
			}
		}
	}
	return added, removed
}

func (w *world) createGroup(t *rapid.T) {
	d := &doc{tenant: drawTenant(t), typ: groupType, attrs: drawGroup(t)}
	delta, want := w.drawDelta(t, d.tenant, "")
	conflict := takenText(w.m.conflict("", d))
	if want == "" {
		want, conflict = conflict, want
	}
	res, err := w.s.CreateGroup(w.ctx, d.tenant, scim.GroupWrite{Write: scim.Write{New: d.resource(t, "")}, Members: delta})
	if fails(t, err, want, orElse(conflict, want)) {
		return
	}
	w.stored(t, d, res.Group)
	added, _ := w.m.link(res.Group.ID(), delta)
	require.Equal(t, scim.GroupResult{Group: res.Group, Version: d.meta.Version, Added: added}, res)
}

func (w *world) updateGroup(t *rapid.T) { w.changeGroup(t, true) }

func (w *world) updateMembers(t *rapid.T) { w.changeGroup(t, false) }

func (w *world) changeGroup(t *rapid.T, attrs bool) {
	tenant := drawTenant(t)
	id := pick(t, w.m.ids(tenant, groupType, false), "id")
	d := w.m.docs[id]
	if d == nil {
		_, err := w.s.UpdateGroup(w.ctx, tenant, id, scim.GroupWrite{})
		fails(t, err, scim.ErrNotFound.Error())
		return
	}
	next, write := d, scim.Write{}
	if attrs {
		next, write = updated(t, d, drawGroup)
	}
	delta, want := w.drawDelta(t, tenant, id)
	same := d.resource(t, id).Equal(next.resource(t, id))
	unknown := want
	if path := w.m.conflict(id, next); path != "" && !same {
		want = takenText(path)
	}
	var wrong bool
	if write.Version, wrong = version(t, d); wrong {
		want = scim.ErrVersionMismatch.Error()
	}
	res, err := w.s.UpdateGroup(w.ctx, tenant, id, scim.GroupWrite{Write: write, Members: delta})
	if wrong {
		unknown = want
	}
	if fails(t, err, want, orElse(unknown, want)) {
		return
	}
	if res.Group == nil { // as only members were to be changed
		res.Group, err = w.s.GetGroup(w.ctx, tenant, id)
		require.NoError(t, err)
	}
	added, removed := w.m.link(id, delta)
	require.Equal(t, scim.GroupResult{Group: res.Group, Version: res.Group.Meta().Version, Added: added, Removed: removed}, res)
	if before := d.resource(t, id); len(added)+len(removed) > 0 {
		require.NotEqual(t, before.Meta().Version, res.Version)
		require.True(t, res.Group.Meta().LastModified.After(before.Meta().LastModified))
	} else {
		w.moved(t, before, next.resource(t, id), res.Group)
	}
	w.stored(t, next, res.Group)
}

func (w *world) deleteGroup(t *rapid.T) {
	tenant := drawTenant(t)
	id := pick(t, w.m.ids(tenant, groupType, false), "id")
	err := w.s.DeleteGroup(w.ctx, tenant, id, "")
	if w.m.docs[id] == nil {
		fails(t, err, scim.ErrNotFound.Error())
		return
	}
	require.NoError(t, err)
	groups := slices.DeleteFunc(w.m.groupsOf(id), func(g string) bool { return g == id })
	w.m.erase(id)
	w.touched(t, groups...)
}

// inTx does several things in a transaction, which may fail at the end. One
// within it may fail on its own.
func (w *world) inTx(t *rapid.T) {
	before, outer := w.m.clone(), w.ctx
	fail := errors.New("undo")
	var want error
	err := w.s.InTx(w.ctx, func(ctx context.Context) error {
		w.ctx = ctx
		w.depth++
		actions := w.actions()
		if w.depth < 3 {
			actions["InTx"] = w.inTx
		}
		for range rapid.IntRange(0, 6).Draw(t, "steps") {
			actions[rapid.SampledFrom(slices.Sorted(maps.Keys(actions))).Draw(t, "action")](t)
		}
		w.check(t)
		if rapid.Bool().Draw(t, "fail") {
			want = fail
		}
		return want
	})
	w.depth--
	w.ctx = outer
	require.Equal(t, want, err)
	if err != nil {
		w.m = before
	}
}

// check compares the answers to all questions.
func (w *world) check(t *rapid.T) {
	tenant := drawTenant(t)
	for _, typ := range []*schema.Type{userType, groupType} {
		w.checkLists(t, tenant, typ, false)
	}
	w.checkLists(t, tenant, userType, true)
	w.checkMemberships(t, tenant)
	for _, id := range w.m.ids(tenant, userType, false) {
		r, err := w.s.GetUser(w.ctx, tenant, id)
		require.NoError(t, err)
		require.True(t, w.m.docs[id].resource(t, id).Equal(r))
		require.Equal(t, w.m.docs[id].meta, r.Meta())
		roles, err := w.s.UserRoles(w.ctx, tenant, id)
		require.NoError(t, err)
		require.Equal(t, w.m.docs[id].roles, roles)
	}
}

var userFilters = []string{
	"", `userName eq "U0"`, `userName eq "Ä"`, `displayName eq "ann"`, `externalId eq "x1"`, `emails.value eq "a@x.org"`,
	`emails[type eq "work" and value eq "a@x.org"]`, `displayName eq "ann" and active eq true`, `userName eq "u1" or userName eq "u2"`,
	`not (userName eq "u0")`, `title pr`, `userName sw "u"`, ext("badge") + ` eq "A"`, ext("level") + ` ge 2`, `active eq false`,
	ext("passport") + ` eq "p" and title pr`, `meta.created gt "2001-01-01T00:00:00Z"`,
}

var groupFilters = []string{"", `displayName eq "STRASSE"`, `displayName sw "g"`, `externalId eq "x1"`, `not (externalId pr)`}

var sortPaths = map[*schema.Type][]string{
	userType:  {"", "userName", "title", "displayName", "id", "externalId", "active", "emails.value", ext("level"), ext("hired"), "meta.created", "meta.lastModified"},
	groupType: {"", "displayName", "externalId", "meta.version"},
}

func (w *world) checkLists(t *rapid.T, tenant scim.Tenant, typ *schema.Type, hidden bool) {
	filters, list := userFilters, w.s.ListUsers
	if typ == groupType {
		filters, list = groupFilters, w.s.ListGroups
	}
	if hidden {
		list = w.s.HiddenUsers
	}
	q := scim.Query{StartIndex: 1, Count: rapid.IntRange(1, 5).Draw(t, "count"), Descending: rapid.Bool().Draw(t, "descending")}
	all := w.m.ids(tenant, typ, hidden)
	if text := rapid.SampledFrom(filters).Draw(t, "filter"); text != "" {
		q.Filter = filterOf(t, typ, text)
	} else if rapid.Bool().Draw(t, "by id") && len(all) > 0 {
		q.Filter = filterOf(t, typ, fmt.Sprintf("id eq %q", pick(t, all, "id")))
	}
	if path := rapid.SampledFrom(sortPaths[typ]).Draw(t, "sortBy"); path != "" {
		q.SortBy = attr(t, typ, path)
	}
	if rapid.IntRange(0, 3).Draw(t, "ids") == 0 {
		q.IDs = append([]string{"unknown"}, w.m.order[:len(w.m.order)/2]...)
	}
	q.ByKey = rapid.Bool().Draw(t, "by key")
	w.checkList(t, tenant, all, q, list)
}

type lister = func(context.Context, scim.Tenant, scim.Query) (scim.Page, error)

// checkList walks along the pages of q.
func (w *world) checkList(t *rapid.T, tenant scim.Tenant, all []string, q scim.Query, list lister) {
	var want []*schema.Resource
	for _, id := range all {
		r := w.m.docs[id].resource(t, id)
		if q.Filter.Match(r) && (q.IDs == nil || slices.Contains(q.IDs, id)) {
			want = append(want, r)
		}
	}
	if q.SortBy != nil {
		slices.SortFunc(want, func(a, b *schema.Resource) int { return scim.Compare(a, b, q) })
	}
	for from := 0; ; from += q.Count {
		page, err := list(w.ctx, tenant, q)
		require.NoError(t, err)
		if page.Total >= 0 || !q.ByKey {
			require.Equal(t, len(want), page.Total)
		}
		from = min(from, len(want))
		part := want[from:min(from+q.Count, len(want))]
		require.Len(t, page.Resources, len(part))
		for i, r := range page.Resources {
			require.Equal(t, part[i].ID(), r.ID())
			require.Equal(t, part[i].Meta(), r.Meta())
			require.True(t, part[i].Equal(r))
		}
		more := from+q.Count < len(want)
		require.Equal(t, q.ByKey && more, page.Next != "")
		if q.After = page.Next; q.ByKey && !more || len(part) == 0 {
			return
		}
		if !q.ByKey {
			q.StartIndex += q.Count
		}
	}
}

func (w *world) checkMemberships(t *rapid.T, tenant scim.Tenant) {
	users, groups := w.m.ids(tenant, userType, false), w.m.ids(tenant, groupType, false)
	q := scim.MembershipQuery{Limit: rapid.IntRange(0, 3).Draw(t, "limit")}
	if rapid.Bool().Draw(t, "groups") {
		q.Groups = drawSome(t, append(groups, "unknown"), "groups")
	}
	if rapid.Bool().Draw(t, "members") {
		q.Members = drawSome(t, slices.Concat(users, groups, w.m.ids(tenant, userType, true)), "members")
	}
	var want, got []scim.Membership
	for _, g := range groups {
		for _, id := range w.m.order {
			asked := (q.Groups == nil || slices.Contains(q.Groups, g)) && (q.Members == nil || slices.Contains(q.Members, id)) &&
				(q.Groups != nil || q.Members != nil)
			if asked && w.m.edges[[2]string{g, id}] && !w.m.docs[id].hidden {
				want = append(want, w.edge(g, id))
			}
		}
	}
	for {
		page, err := w.s.ListMemberships(w.ctx, tenant, q)
		require.NoError(t, err)
		got = append(got, page.Edges...)
		if q.After = page.Next; q.After == "" {
			break
		}
		require.Len(t, page.Edges, q.Limit)
	}
	require.Equal(t, want, got)
}

func drawSome(t *rapid.T, ids []string, label string) []string {
	some := []string{}
	for _, id := range ids {
		if rapid.Bool().Draw(t, label) {
			some = append(some, id)
		}
	}
	return some
}

func (w *world) edge(g, id string) scim.Membership {
	d := w.m.docs[id]
	display, _ := d.attrs["displayName"].(string)
	if display == "" {
		display, _ = d.attrs["userName"].(string)
	}
	return scim.Membership{
		GroupID: g, GroupName: w.m.docs[g].attrs["displayName"].(string),
		Member: patch.Member{ID: id, Type: d.typ.Name(), Display: display},
	}
}
