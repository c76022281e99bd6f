package rolemap_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/muster-scim/muster/rolemap"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

var userType = schema.MustCompile(schema.TypeConfig{
	Name: "User", Schema: schema.User(),
	Extensions: []schema.Extension{{Schema: schema.EnterpriseUser()}},
})

// show prints what a resolver says of a user with one attribute, and groups.
func show(r scim.RoleResolver, path string, value any, groups ...scim.GroupRef) {
	u, err := schema.New(userType).Set("userName", "ann@example.com").Set(path, value).Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	out := r.Resolve(scim.RoleInput{User: u, Groups: groups})
	if out.Refusal != nil {
		fmt.Println(out.Refusal.Status, out.Refusal.Detail)
		return
	}
	fmt.Printf("%q\n", out.Roles)
	for _, note := range out.Notes {
		fmt.Println(note)
	}
}

// One attribute, a table for each price plan, and a group of administrators: the plan of
// the tenant decides which table its requests are answered by.
func Example_plans() {
	admins := map[string]string{"Admins": "Admin"}
	plans := map[string]scim.RoleResolver{
		"V5": rolemap.Must(rolemap.Table{
			Attribute: "userType", Groups: admins, Priority: []string{"Admin"},
			Values: map[string]string{"admin": "Admin", "manager": "Manager", "user": "Contributor", "viewer": "Viewer"},
		}),
		"V6": rolemap.Must(rolemap.Table{
			Attribute: "userType", Groups: admins, Priority: []string{"Admin"},
			Values: map[string]string{"admin": "Admin", "manager": "Creator - Manager", "user": "Creator - Contributor", "viewer": "Viewer"},
		}),
	}
	planOf := func(context.Context, scim.Tenant) string { return "V6" }
	settings := func(ctx context.Context, s scim.Scope) (*scim.Settings, error) {
		return &scim.Settings{Roles: plans[planOf(ctx, s.Tenant)]}, nil
	}
	_ = scim.Config{Settings: settings}

	show(plans["V5"], "userType", "Manager")
	show(plans["V6"], "userType", "manager")
	show(plans["V6"], "userType", "viewer", scim.GroupRef{ID: "7", Name: "admins"})
	show(plans["V6"], "userType", "owner")
	// Output:
	// ["Manager"]
	// ["Creator - Manager"]
	// ["Admin"]
	// 400 userType must be one of "admin", "manager", "user" and "viewer", not "owner".
}

// A value must be a role of the application as it is written; who has none is an
// employee.
func Example_default() {
	roles := rolemap.Must(rolemap.Table{
		Attribute: "userType", Exact: true, Default: "Employee",
		Values: rolemap.Same("Employee", "Admin", "Auditor"),
	})
	show(roles, "userType", "Auditor")
	show(roles, "userType", nil)
	show(roles, "userType", "auditor")
	// Output:
	// ["Auditor"]
	// ["Employee"]
	// 400 userType must be one of "Admin", "Auditor" and "Employee", not "auditor".
}

// Groups named role.<name> stand for roles. They are no groups of the application.
func Example_roleGroups() {
	roles := rolemap.Must(rolemap.Table{
		Prefix:  "role.",
		Known:   []string{"Processmanager", "Approver", "system", "timer", "viewer"},
		Ignored: []string{"system", "timer", "viewer"},
	})
	fmt.Println(roles.GroupUse("Role.Processmanager", "") == scim.UseRole, roles.GroupUse("Sales", "") == scim.UseNone)
	show(roles, "title", nil,
		scim.GroupRef{ID: "rg-1", Name: "ROLE.processmanager", Role: true},
		scim.GroupRef{ID: "rg-2", Name: "role.approver", Role: true},
		scim.GroupRef{ID: "rg-3", Name: "role.system", Role: true},
		scim.GroupRef{ID: "rg-4", Name: "role.janitor", Role: true},
	)
	// Output:
	// true true
	// ["Approver" "Processmanager"]
	// The group "role.janitor" stands for a role that the application does not have.
	// The group "role.system" stands for a role that is never given.
}

// App roles of Entra ID arrive in "roles", in one of several forms.
func Example_appRoles() {
	roles := rolemap.Must(rolemap.Table{
		Attribute: "roles", Values: rolemap.Same("ReadOnly", "User", "Admin", "EnterpriseAdmin"),
		Priority: []string{"EnterpriseAdmin", "Admin", "User", "ReadOnly"},
	})
	show(roles, "roles", []map[string]any{{"value": "User", "display": "Users"}, {"value": "Admin", "type": "WindowsAzureActiveDirectoryRole"}})
	show(roles, "roles", []map[string]any{{"value": `{"id":"06b0","value":"ReadOnly","displayName":"Readers"}`, "primary": true}})
	show(roles, "roles", nil)
	// Output:
	// ["Admin"]
	// ["ReadOnly"]
	// []
}

// A table is data, which an administrator may edit: what is wrong with it is told at
// once.
func ExampleNew() {
	table, err := rolemap.Parse([]byte(`{
		"attribute": "userType",
		"values": {"admin": "Admin", "Admin": "Owner", "user": "Contributer"},
		"known": ["Admin", "Owner", "Contributor"]
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = rolemap.New(table)
	fmt.Println(err)
	// Output:
	// rolemap: Values has "Admin" and "admin", which are the same
	// rolemap: Values["user"] is "Contributer", which is not among Known
}

// What may stand in the attribute, and what comes of it, for a page on which the identity
// provider is set up.
func ExampleTable() {
	table := rolemap.Table{
		Attribute: "userType", Values: map[string]string{"admin": "Admin", "user": "Contributor"}, Unknown: rolemap.SkipUnknown,
		Prefix: "role.", Known: []string{"Admin", "Contributor", "Approver"},
	}
	fmt.Println(table.Allowed(), table.Roles(), table.RoleGroups())
	_ = json.NewEncoder(os.Stdout).Encode(table)
	// Output:
	// [admin user] [Admin Approver Contributor] [role.Admin role.Approver role.Contributor]
	// {"attribute":"userType","values":{"admin":"Admin","user":"Contributor"},"unknown":"skip","prefix":"role.","known":["Admin","Contributor","Approver"]}
}

// The roles of several tables together: one from the job, more from groups.
func ExampleUnion() {
	roles := rolemap.Union(
		rolemap.Must(rolemap.Table{Attribute: "userType", Values: rolemap.Same("Employee", "Contractor")}),
		rolemap.Must(rolemap.Table{Groups: map[string]string{"Board": "Auditor"}}),
	)
	show(roles, "userType", "employee", scim.GroupRef{ID: "7", Name: "Board"})
	// Output:
	// ["Auditor" "Employee"]
}
