package rolemap_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/rolemap"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

const extensionURN = "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName"

// richType has what a connection may send roles in.
var richType = schema.MustCompile(schema.TypeConfig{
	Name: "User", Schema: schema.User(),
	Extensions: []schema.Extension{{Schema: schema.EnterpriseUser()}, {Schema: schema.Schema{
		ID: extensionURN, Name: "Custom", Attributes: []schema.Attribute{
			{Name: "folders", MultiValued: true}, {Name: "level", Type: schema.Integer},
			{Name: "job", Type: schema.Complex, Sub: []schema.Attribute{{Name: "value"}, {Name: "code"}}},
		},
	}}},
})

// user decodes a body as a client sends it.
func user(t require.TestingT, body string) *schema.Resource {
	doc, err := schema.Decode(richType, []byte(body), schema.Decoding{})
	require.NoError(t, err, body)
	return doc.Resource
}

var (
	v4 = rolemap.Table{Attribute: "userType", Values: map[string]string{
		"admin": "Admin", "manager": "Manager", "user": "Contributor", "viewer": "Viewer"}}
	v6 = rolemap.Table{Attribute: "userType", Values: map[string]string{
		"admin": "Admin", "manager": "Creator - Manager", "user": "Creator - Contributor", "viewer": "Viewer"}}
	torii = rolemap.Table{Attribute: "userType", Values: rolemap.Same("Admin", "App owner", "Employee"), Exact: true, Default: "Employee"}
	tim   = rolemap.Table{Prefix: "role.", Known: []string{"Processmanager", "Approver", "System", "timer", "viewer", "Élan"},
		Ignored: []string{"system", "timer", "viewer"}}
	web = rolemap.Table{Attribute: "roles", Values: rolemap.Same("ReadOnly", "User", "Admin", "EnterpriseAdmin")}
)

func with(t rolemap.Table, change func(*rolemap.Table)) rolemap.Table {
	change(&t)
	return t
}

func skipping(t *rolemap.Table)    { t.Unknown = rolemap.SkipUnknown }
func onlyPrimary(t *rolemap.Table) { t.Primary = true }

func role(name string) scim.GroupRef { return scim.GroupRef{ID: "rg-" + name, Name: name, Role: true} }
func team(name, externalID string) scim.GroupRef {
	return scim.GroupRef{ID: "app-" + name, Name: name, ExternalID: externalID}
}

func TestResolve(t *testing.T) {
	groups := rolemap.Table{Groups: map[string]string{"Admins": "admin", "0a21f0f2": "auditor"}}
	both := with(v6, func(t *rolemap.Table) { t.Groups = map[string]string{"Admins": "Admin"} })
	for name, tt := range map[string]struct {
		table   rolemap.Table
		user    string
		groups  []scim.GroupRef
		roles   []string
		refusal string
		notes   []string
	}{
		"plan V4, admin":            {table: v4, user: `{"userType":"admin"}`, roles: []string{"Admin"}},
		"plan V4, manager":          {table: v4, user: `{"userType":"manager"}`, roles: []string{"Manager"}},
		"plan V4, user":             {table: v4, user: `{"userType":"user"}`, roles: []string{"Contributor"}},
		"plan V4, viewer":           {table: v4, user: `{"userType":"viewer"}`, roles: []string{"Viewer"}},
		"plan V6, admin":            {table: v6, user: `{"userType":"admin"}`, roles: []string{"Admin"}},
		"plan V6, manager":          {table: v6, user: `{"userType":"manager"}`, roles: []string{"Creator - Manager"}},
		"plan V6, user":             {table: v6, user: `{"userType":"user"}`, roles: []string{"Creator - Contributor"}},
		"plan V6, viewer":           {table: v6, user: `{"userType":"viewer"}`, roles: []string{"Viewer"}},
		"in another case":           {table: v6, user: `{"userType":"VIEWER"}`, roles: []string{"Viewer"}},
		"an unknown value":          {table: v6, user: `{"userType":"boss"}`, refusal: `userType must be one of "admin", "manager", "user" and "viewer", not "boss".`},
		"an unknown value, skipped": {table: with(v6, skipping), user: `{"userType":"boss"}`, notes: []string{`userType "boss" gives no role.`}},
		"the role in place of the value": {table: v6, user: `{"userType":"Creator - Manager"}`,
			refusal: `userType must be one of "admin", "manager", "user" and "viewer", not "Creator - Manager".`},
		"no value":            {table: v6, user: `{"title":"admin"}`},
		"an empty value":      {table: v6, user: `{"userType":""}`},
		"a required value":    {table: with(v6, func(t *rolemap.Table) { t.Required = true }), user: `{}`, refusal: `userType is required and must be one of "admin", "manager", "user" and "viewer".`},
		"a required one, had": {table: with(v6, func(t *rolemap.Table) { t.Required = true }), user: `{"userType":"user"}`, roles: []string{"Creator - Contributor"}},
		"only one value": {table: rolemap.Table{Attribute: "userType", Values: map[string]string{"x": "X"}}, user: `{"userType":"y"}`,
			refusal: `userType must be "x", not "y".`},
		"beyond ASCII":      {table: rolemap.Table{Attribute: "title", Values: map[string]string{"Geschäftsführer": "boss"}}, user: `{"title":"GESCHÄFTSFÜHRER"}`, roles: []string{"boss"}},
		"a long value":      {table: with(v6, func(t *rolemap.Table) { t.Values = rolemap.Same("a") }), user: `{"userType":"` + strings.Repeat("é", 100) + `"}`, refusal: `userType must be "a", not "` + strings.Repeat("é", 50) + `"….`},
		"exact":             {table: torii, user: `{"userType":"App owner"}`, roles: []string{"App owner"}},
		"exact, not so":     {table: torii, user: `{"userType":"app owner"}`, refusal: `userType must be one of "Admin", "App owner" and "Employee", not "app owner".`},
		"exact, by default": {table: torii, user: `{}`, roles: []string{"Employee"}},
		"exact, null":       {table: torii, user: `{"userType":null}`, roles: []string{"Employee"}},
		"an attribute that users do not have": {table: with(torii, func(t *rolemap.Table) { t.Attribute = "usertypes" }), user: `{}`,
			notes: []string{"Users have no attribute usertypes."}},

		"an attribute of an extension": {table: rolemap.Table{Attribute: schema.EnterpriseUserURN + ":department", Values: map[string]string{"IT": "admin"}},
			user: `{"` + schema.EnterpriseUserURN + `":{"department":"it"}}`, roles: []string{"admin"}},
		"several strings": {table: rolemap.Table{Attribute: extensionURN + ":folders", Values: map[string]string{"a": "A", "b": "B"}},
			user: `{"` + extensionURN + `":{"folders":["b","a","b"]}}`, roles: []string{"A", "B"}},
		"a number": {table: rolemap.Table{Attribute: extensionURN + ":level", Values: map[string]string{"7": "admin"}},
			user: `{"` + extensionURN + `":{"level":7}}`, roles: []string{"admin"}},
		"a truth": {table: rolemap.Table{Attribute: "active", Values: map[string]string{"true": "member", "false": "former"}}, user: `{"active":"True"}`, roles: []string{"member"}},
		"a complex attribute counts by its value": {table: rolemap.Table{Attribute: extensionURN + ":job", Values: rolemap.Same("cook")},
			user: `{"` + extensionURN + `":{"job":{"value":"cook","code":"7"}}}`, roles: []string{"cook"}},
		"a sub-attribute": {table: rolemap.Table{Attribute: extensionURN + ":job.code", Values: map[string]string{"7": "cook"}},
			user: `{"` + extensionURN + `":{"job":{"value":"x","code":"7"}}}`, roles: []string{"cook"}},

		"roles":                        {table: web, user: `{"roles":[{"value":"ReadOnly"},{"value":"admin"}]}`, roles: []string{"Admin", "ReadOnly"}},
		"roles, none":                  {table: web, user: `{"roles":[]}`},
		"roles, one unknown":           {table: web, user: `{"roles":[{"value":"User"},{"value":"Root"}]}`, refusal: `roles must be one of "Admin", "EnterpriseAdmin", "ReadOnly" and "User", not "Root".`},
		"roles, one skipped":           {table: with(web, skipping), user: `{"roles":[{"value":"User"},{"value":"Root"}]}`, roles: []string{"User"}, notes: []string{`roles "Root" gives no role.`}},
		"roles, one object":            {table: web, user: `{"roles":{"value":"User","primary":"True"}}`, roles: []string{"User"}},
		"roles by name":                {table: web, user: `{"roles":[{"display":"User"}]}`, roles: []string{"User"}},
		"roles by the path of value":   {table: with(web, func(t *rolemap.Table) { t.Attribute = "roles.value" }), user: `{"roles":[{"value":"User"},{"value":"Admin"}]}`, roles: []string{"Admin", "User"}},
		"roles by another path":        {table: with(web, func(t *rolemap.Table) { t.Attribute = "roles.type" }), user: `{"roles":[{"value":"x","type":"User"}]}`, roles: []string{"User"}},
		"roles, the primary one":       {table: with(web, onlyPrimary), user: `{"roles":[{"value":"User"},{"value":"Admin","primary":"True"}]}`, roles: []string{"Admin"}},
		"roles, the first one":         {table: with(web, onlyPrimary), user: `{"roles":[{"value":"User","primary":"False"},{"value":"Admin"}]}`, roles: []string{"User"}},
		"roles, the others unknown":    {table: with(web, onlyPrimary), user: `{"roles":[{"value":"Root"},{"value":"Admin","primary":true}]}`, roles: []string{"Admin"}},
		"entitlements":                 {table: with(web, func(t *rolemap.Table) { t.Attribute = "entitlements" }), user: `{"entitlements":[{"value":"User"}]}`, roles: []string{"User"}},
		"a document in a string":       {table: web, user: `{"roles":[{"value":"{\"id\":\"06b0\",\"value\":\"User\",\"displayName\":\"Users\"}"}]}`, roles: []string{"User"}},
		"one without a value":          {table: web, user: `{"roles":[{"value":"{\"id\":\"06b0\",\"value\":null,\"displayName\":\"User\"}"}]}`, roles: []string{"User"}},
		"several in a string":          {table: web, user: `{"roles":[{"value":" [{\"value\":\"User\"},{\"value\":\"Admin\"}]"}]}`, roles: []string{"Admin", "User"}},
		"an unknown one in a string":   {table: web, user: `{"roles":[{"value":"{\"value\":\"Root\"}"}]}`, refusal: `roles must be one of "Admin", "EnterpriseAdmin", "ReadOnly" and "User", not "Root".`},
		"a string that is no document": {table: web, user: `{"roles":[{"value":"{User"}]}`, refusal: `roles must be one of "Admin", "EnterpriseAdmin", "ReadOnly" and "User", not "{User".`},
		"a document without values":    {table: with(web, skipping), user: `{"roles":[{"value":"{}"},{"value":"[1]"}]}`, notes: []string{`roles "[1]" gives no role.`, `roles "{}" gives no role.`}},
		"a value like a document":      {table: with(web, func(t *rolemap.Table) { t.Values = map[string]string{`{"value":"User"}`: "odd"} }), user: `{"roles":[{"value":"{\"value\":\"User\"}"}]}`, roles: []string{"odd"}},
		"a document in a single value": {table: v6, user: `{"userType":"{\"value\":\"admin\"}"}`, roles: []string{"Admin"}},

		"role groups": {table: tim, user: `{}`, groups: []scim.GroupRef{role("role.approver"), role("Role.Processmanager"), role("ROLE.ÉLAN")},
			roles: []string{"Approver", "Processmanager", "Élan"}},
		"ignored, and unknown": {table: tim, user: `{}`, groups: []scim.GroupRef{role("role.SYSTEM"), role("role.nobody"), role("role.")}, notes: []string{
			`The group "role." stands for a role that the application does not have.`,
			`The group "role.nobody" stands for a role that the application does not have.`,
			`The group "role.SYSTEM" stands for a role that is never given.`}},
		"renamed away":                    {table: tim, user: `{}`, groups: []scim.GroupRef{role("Approver"), role("x.role.approver")}},
		"a group of the application":      {table: tim, user: `{}`, groups: []scim.GroupRef{team("role.approver", "")}},
		"by name":                         {table: groups, user: `{}`, groups: []scim.GroupRef{team("ADMINS", "")}, roles: []string{"admin"}},
		"by externalId":                   {table: groups, user: `{}`, groups: []scim.GroupRef{team("Some", "0a21f0f2")}, roles: []string{"auditor"}},
		"by externalId, in another case":  {table: groups, user: `{}`, groups: []scim.GroupRef{team("Some", "0A21F0F2")}},
		"by both":                         {table: groups, user: `{}`, groups: []scim.GroupRef{team("Admins", "0a21f0f2")}, roles: []string{"auditor"}},
		"by the name of a role group":     {table: groups, user: `{}`, groups: []scim.GroupRef{role("Admins")}},
		"a group without a name":          {table: groups, user: `{}`, groups: []scim.GroupRef{team("", "")}},
		"an attribute and a group":        {table: both, user: `{"userType":"user"}`, groups: []scim.GroupRef{team("admins", "")}, roles: []string{"Admin", "Creator - Contributor"}},
		"refused in spite of a group":     {table: both, user: `{"userType":"x"}`, groups: []scim.GroupRef{team("admins", "")}, refusal: `userType must be one of "admin", "manager", "user" and "viewer", not "x".`},
		"the first of priority":           {table: with(both, func(t *rolemap.Table) { t.Priority = []string{"Admin"} }), user: `{"userType":"user"}`, groups: []scim.GroupRef{team("Admins", "")}, roles: []string{"Admin"}},
		"priority of what he has not":     {table: with(both, func(t *rolemap.Table) { t.Priority = []string{"Viewer"} }), user: `{"userType":"user"}`, groups: []scim.GroupRef{team("Admins", "")}, roles: []string{"Admin", "Creator - Contributor"}},
		"the order of priority":           {table: with(web, func(t *rolemap.Table) { t.Priority = []string{"EnterpriseAdmin", "admin", "User", "ReadOnly"} }), user: `{"roles":[{"value":"ReadOnly"},{"value":"Admin"},{"value":"User"}]}`, roles: []string{"Admin"}},
		"a default of groups":             {table: with(groups, func(t *rolemap.Table) { t.Default = "member" }), user: `{}`, roles: []string{"member"}},
		"a default of groups, not needed": {table: with(groups, func(t *rolemap.Table) { t.Default = "member" }), user: `{}`, groups: []scim.GroupRef{team("Admins", "")}, roles: []string{"admin"}},
		"a table of nothing":              {table: rolemap.Table{}, user: `{"userType":"admin"}`, groups: []scim.GroupRef{team("Admins", ""), role("role.admin")}},
		"spelled as Known":                {table: with(v4, func(t *rolemap.Table) { t.Known = []string{"ADMIN", "Manager", "contributor", "Viewer"} }), user: `{"userType":"admin"}`, roles: []string{"ADMIN"}},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := rolemap.New(tt.table)
			require.NoError(t, err)
			out := r.Resolve(scim.RoleInput{User: user(t, tt.user), Groups: tt.groups})
			if tt.refusal == "" {
				require.Nil(t, out.Refusal)
			} else {
				require.NotNil(t, out.Refusal)
				assert.Equal(t, 400, out.Refusal.Status)
				assert.Equal(t, schema.ScimTypeInvalidValue, out.Refusal.Type)
				assert.Equal(t, tt.refusal, out.Refusal.Detail)
			}
			assert.Empty(t, cmp.Diff(tt.roles, out.Roles), "roles")
			assert.Empty(t, cmp.Diff(tt.notes, out.Notes), "notes")
		})
	}
}

// TestWireForms sends what Entra ID sends to a user, and looks at the role.
func TestWireForms(t *testing.T) {
	for name, tt := range map[string]struct{ was, ops, want string }{
		"a new user": {`{}`, `[{"op":"Add","path":"roles","value":[{"primary":false,"type":"WindowsAzureActiveDirectoryRole","display":"Users","value":"User"}]}]`, "User"},
		"SingleAppRoleAssignment, by the path of the primary one": {`{"roles":[{"primary":"True","value":"User"}]}`,
			`[{"op":"Replace","path":"roles[primary eq \"True\"].value","value":"Admin"}]`, "Admin"},
		"the primary one of a user who has none": {`{}`, `[{"op":"Add","path":"roles[primary eq \"True\"].value","value":"Admin"}]`, "Admin"},
		"a document, by the path of the primary one": {`{}`,
			`[{"op":"Add","path":"roles[primary eq \"True\"].value","value":"{\"id\":\"06b0\",\"value\":\"Admin\",\"displayName\":\"Administrators\"}"}]`, "Admin"},
		"a document in an element": {`{}`, `[{"op":"Add","path":"roles","value":[{"value":"{\"id\":\"06b0\",\"value\":\"ReadOnly\",\"displayName\":\"Role1234\"}"}]}]`, "ReadOnly"},
		"all at once": {`{"roles":[{"value":"User"}]}`, `[{"op":"replace","path":"roles","value":[
			{"primary":false,"type":"WindowsAzureActiveDirectoryRole","display":"Admin","value":"Admin"},
			{"primary":false,"type":"WindowsAzureActiveDirectoryRole","display":"User","value":"User"}]}]`, "Admin User"},
		"one more":             {`{"roles":[{"value":"User"}]}`, `[{"op":"add","path":"roles","value":[{"value":"Admin"}]}]`, "Admin User"},
		"one less":             {`{"roles":[{"value":"User"},{"value":"Admin"}]}`, `[{"op":"remove","path":"roles[value eq \"Admin\"]"}]`, "User"},
		"none":                 {`{"roles":[{"value":"User"}]}`, `[{"op":"remove","path":"roles"}]`, ""},
		"without a path":       {`{}`, `[{"op":"add","value":{"roles[primary eq \"True\"].value":"Admin"}}]`, "Admin"},
		"an object for a list": {`{}`, `[{"op":"add","path":"roles","value":{"value":"User"}}]`, "User"},
	} {
		t.Run(name, func(t *testing.T) {
			u := user(t, tt.was)
			body := `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":` + tt.ops + `}`
			req, err := patch.Decode(richType, []byte(body), patch.Options{})
			require.NoError(t, err)
			res, err := patch.Apply(u, req.Ops, patch.Options{})
			require.NoError(t, err)
			out := rolemap.Must(web).Resolve(scim.RoleInput{User: res.Resource})
			require.Nil(t, out.Refusal)
			assert.Equal(t, tt.want, strings.Join(out.Roles, " "))
		})
	}
}

func TestGroupUse(t *testing.T) {
	r := rolemap.Must(with(tim, func(t *rolemap.Table) { t.Groups = map[string]string{"Admins": "Approver", "42": "Approver"} }))
	for _, tt := range []struct {
		name, externalID string
		want             scim.GroupUse
	}{
		{"role.approver", "", scim.UseRole},
		{"Role.Approver", "1", scim.UseRole},
		{"role.system", "", scim.UseRole},
		{"role.unknown", "", scim.UseRole},
		{"role.", "", scim.UseRole},
		{"role", "", scim.UseNone},
		{"my role.approver", "", scim.UseNone},
		{"Admins", "", scim.UseBoth},
		{"ADMINS", "x", scim.UseBoth},
		{"anything", "42", scim.UseBoth},
		{"42", "", scim.UseBoth},
		{"role.approver", "42", scim.UseRole},
		{"Sales", "43", scim.UseNone},
		{"", "", scim.UseNone},
	} {
		assert.Equal(t, tt.want, r.GroupUse(tt.name, tt.externalID), "%q %q", tt.name, tt.externalID)
	}
}

func TestMistakes(t *testing.T) {
	for name, tt := range map[string]struct {
		table rolemap.Table
		want  []string
	}{
		"the same value twice": {rolemap.Table{Attribute: "a", Values: map[string]string{"x": "1", "X": "2", "y": "3"}}, []string{`Values has "X" and "x", which are the same`}},
		"an empty value":       {rolemap.Table{Attribute: "a", Values: map[string]string{"": "1"}}, []string{`Values has an empty name`}},
		"an empty role":        {rolemap.Table{Attribute: "a", Values: map[string]string{"x": ""}}, []string{`Values["x"] has no role`}},
		"no values":            {rolemap.Table{Attribute: "a"}, []string{`Attribute is "a", but Values is empty`}},
		"no path":              {rolemap.Table{Attribute: "a b", Values: rolemap.Same("x")}, []string{`Attribute "a b" is no path`}},
		"a filter in the path": {rolemap.Table{Attribute: `roles[primary eq true].value`, Values: rolemap.Same("x")}, []string{`has a filter; all elements count, or the primary one with Primary`}},
		"nothing to look at": {rolemap.Table{Values: rolemap.Same("x"), Primary: true, Exact: true, Required: true, Unknown: rolemap.SkipUnknown}, []string{
			"Values is about an attribute, but Attribute is empty", "Primary is about", "Exact is about", "Required is about", "Unknown is about"}},
		"no such way":         {rolemap.Table{Attribute: "a", Values: rolemap.Same("x"), Unknown: 7}, []string{"Unknown is 7, which is neither"}},
		"required by default": {rolemap.Table{Attribute: "a", Values: rolemap.Same("x"), Required: true, Default: "x"}, []string{`Required has no effect, since Default is "x"`}},
		"a prefix of nothing": {rolemap.Table{Prefix: "role."}, []string{`Prefix is "role.", but Known is empty`}},
		"a group with the prefix": {rolemap.Table{Prefix: "role.", Known: []string{"a"}, Groups: map[string]string{"Role.a": "a"}}, []string{
			`Groups has "Role.a", which begins with Prefix`}},
		"the same group twice": {rolemap.Table{Groups: map[string]string{"A": "1", "a": "1"}}, []string{`Groups has "A" and "a", which are the same`}},
		"not known": {rolemap.Table{Attribute: "a", Values: map[string]string{"x": "admn"}, Default: "usr", Known: []string{"admin", "user"}}, []string{
			`Values["x"] is "admn", which is not among Known`, `Default is "usr", which is not among Known`}},
		"ignored": {rolemap.Table{Groups: map[string]string{"A": "System"}, Default: "system", Ignored: []string{"system"}}, []string{
			`Groups["A"] is "System", which Ignored says is never given`, `Default is "system", which Ignored says`}},
		"lists": {rolemap.Table{Known: []string{"a", "A"}, Ignored: []string{"", "b"}, Priority: []string{"c", "c"}}, []string{
			`Known has "a" and "A", which are the same role`, "Ignored has an empty role", `Priority has "c" and "c"`, `Priority has "c", which nothing in the table gives`}},
		"priority of an ignored role": {rolemap.Table{Prefix: "r.", Known: []string{"a", "b"}, Ignored: []string{"b"}, Priority: []string{"b"}}, []string{`Priority has "b", which nothing`}},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := rolemap.New(tt.table)
			require.Error(t, err)
			assert.Nil(t, r)
			for _, want := range tt.want {
				assert.ErrorContains(t, err, "rolemap: ")
				assert.ErrorContains(t, err, want)
			}
			assert.Panics(t, func() { rolemap.Must(tt.table) })
		})
	}
	_, err := rolemap.New(rolemap.Table{Attribute: "a", Values: map[string]string{"x": "1", "X": "1", "z": ""}, Default: "d", Required: true})
	assert.Equal(t, 3, strings.Count(err.Error(), "rolemap: "), "all are reported: %v", err)
}

// TestUnchanged: a resolver does not follow changes of the table that it was made of.
func TestUnchanged(t *testing.T) {
	table := rolemap.Table{
		Attribute: "userType", Values: map[string]string{"a": "A"}, Groups: map[string]string{"g": "A"},
		Prefix: "r.", Known: []string{"A", "B"}, Priority: []string{"A"},
	}
	r := rolemap.Must(table)
	in := scim.RoleInput{User: user(t, `{"userType":"a"}`), Groups: []scim.GroupRef{role("r.b"), team("g", "")}}
	want := r.Resolve(in)
	table.Values["a"], table.Groups["g"], table.Known[0], table.Priority[0] = "B", "B", "X", "B"
	assert.Equal(t, want, r.Resolve(in))
}

func TestJSON(t *testing.T) {
	full := rolemap.Table{
		Attribute: "roles", Primary: true, Values: rolemap.Same("a", "B"), Exact: true, Default: "a", Required: true, Unknown: rolemap.SkipUnknown,
		Groups: map[string]string{"g": "a"}, Prefix: "role.", Known: []string{"a", "B"}, Ignored: []string{"system"}, Priority: []string{"B"},
	}
	for _, table := range []rolemap.Table{{}, v4, torii, tim, web, full} {
		text, err := json.Marshal(table)
		require.NoError(t, err)
		back, err := rolemap.Parse(text)
		require.NoError(t, err, string(text))
		assert.Empty(t, cmp.Diff(table, back))
		var plain rolemap.Table
		require.NoError(t, json.Unmarshal(text, &plain))
		assert.Empty(t, cmp.Diff(table, plain))
	}
	text, err := json.Marshal(v4)
	require.NoError(t, err)
	assert.Equal(t, `{"attribute":"userType","values":{"admin":"Admin","manager":"Manager","user":"Contributor","viewer":"Viewer"}}`, string(text))

	for name, text := range map[string]string{
		"an unknown name":    `{"attribute":"a","defualt":"x"}`,
		"a value twice":      `{"attribute":"a","values":{"x":"1","x":"2"}}`,
		"an unknown Unknown": `{"unknown":"ignore"}`,
		"another type":       `{"values":["a"]}`,
		"no JSON":            `{`,
		"more behind it":     `{} {}`,
	} {
		_, err := rolemap.Parse([]byte(text))
		assert.ErrorContains(t, err, "rolemap: ", name)
	}
	_, err = json.Marshal(rolemap.Table{Unknown: 7})
	assert.Error(t, err)
	assert.Equal(t, "Unknown(7)", rolemap.Unknown(7).String())
}

func TestDescriptions(t *testing.T) {
	assert.Equal(t, []string{"admin", "manager", "user", "viewer"}, v6.Allowed())
	assert.Equal(t, []string{"Admin", "Creator - Contributor", "Creator - Manager", "Viewer"}, v6.Roles())
	assert.Nil(t, v6.RoleGroups())
	assert.Equal(t, []string{"role.Approver", "role.Processmanager", "role.Élan"}, tim.RoleGroups())
	assert.Equal(t, []string{"Approver", "Processmanager", "Élan"}, tim.Roles())
	assert.Empty(t, tim.Allowed())
	assert.Equal(t, []string{"a", "B"}, rolemap.Table{Attribute: "x", Values: map[string]string{"1": "A", "2": "b"}, Known: []string{"B", "a"}, Default: "a"}.Roles())
}

func TestUnion(t *testing.T) {
	groups := rolemap.Table{Groups: map[string]string{"Admins": "admin", "role.x": "x"}}
	u := rolemap.Union(nil, rolemap.Must(v6), rolemap.Must(tim), rolemap.Must(groups))
	in := scim.RoleInput{User: user(t, `{"userType":"user"}`), Groups: []scim.GroupRef{role("role.approver"), role("role.timer"), team("Admins", "")}}
	out := u.Resolve(in)
	assert.Nil(t, out.Refusal)
	assert.Equal(t, []string{"admin", "Approver", "Creator - Contributor"}, out.Roles)
	assert.Equal(t, []string{`The group "role.timer" stands for a role that is never given.`}, out.Notes)

	in.User = user(t, `{"userType":"boss"}`)
	out = u.Resolve(in)
	require.NotNil(t, out.Refusal)
	assert.Contains(t, out.Refusal.Detail, "boss")
	assert.Nil(t, out.Roles)

	assert.Equal(t, scim.UseRole, u.GroupUse("role.x", ""))
	assert.Equal(t, scim.UseBoth, u.GroupUse("admins", ""))
	assert.Equal(t, scim.UseNone, u.GroupUse("Sales", ""))
	assert.Empty(t, rolemap.Union().Resolve(in))
	assert.Equal(t, scim.UseNone, rolemap.Union(nil).GroupUse("Admins", ""))

	// One role by two ways is one role.
	twice := rolemap.Union(rolemap.Must(groups), rolemap.Must(groups))
	assert.Equal(t, []string{"admin"}, twice.Resolve(scim.RoleInput{Groups: in.Groups}).Roles)
}
