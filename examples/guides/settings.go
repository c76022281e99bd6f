package guides

import (
	_ "embed"
	"go/ast"
	"go/parser"
	"go/token"
	"time"

	"github.com/muster-scim/muster/rolemap"
	"github.com/muster-scim/muster/scim"
)

const day = 24 * time.Hour

// roles are the roles of the application that the guides are about.
func roles() scim.RoleResolver {
	return rolemap.Must(rolemap.Table{
		Attribute: "userType",
		Values:    map[string]string{"admin": "Admin", "manager": "Manager", "user": "Contributor", "viewer": "Viewer"},
		Default:   "Contributor",
	})
}

// Entra ID deletes a user 30 days after it was removed. Another 30 days are for
// mistakes: until then the user comes back as the same one.
func entraSettings() scim.Settings {
	return scim.Settings{Roles: roles(), OnDelete: scim.Tombstone, Retention: 30 * day}
}

// Okta never deletes. Who is inactive for 90 days is erased, which you may leave out.
func oktaSettings() scim.Settings {
	return scim.Settings{Roles: roles(), OnDeactivate: scim.Tombstone, SuspendedFor: 90 * day}
}

// OneLogin fills groups that the application makes, so it need not make any.
func oneLoginSettings() scim.Settings {
	return scim.Settings{Roles: roles(), NoGroupCreate: true, OnDelete: scim.Tombstone, Retention: 30 * day}
}

// JumpCloud's mapping has no attribute to spare for a role, so a group gives it.
func jumpCloudSettings() scim.Settings {
	byGroup := rolemap.Must(rolemap.Table{
		Groups:  map[string]string{"App Admins": "Admin"},
		Default: "Contributor",
	})
	return scim.Settings{Roles: byGroup, OnDelete: scim.Tombstone, Retention: 30 * day}
}

// Google Workspace sends no role: everybody begins as a user.
func googleSettings() scim.Settings {
	return scim.Settings{
		Roles: roles(), Defaults: map[string]any{"userType": "user"},
		OnDelete: scim.Tombstone, Retention: 30 * day,
	}
}

// Ping disables or deletes, as its administrator chooses.
func pingSettings() scim.Settings {
	return scim.Settings{Roles: roles(), OnDelete: scim.Tombstone, Retention: 30 * day}
}

// ConnectionSettings returns the settings for a connection of the provider.
func (p Provider) ConnectionSettings() scim.Settings {
	return map[string]func() scim.Settings{
		"entraSettings": entraSettings, "oktaSettings": oktaSettings, "oneLoginSettings": oneLoginSettings,
		"jumpCloudSettings": jumpCloudSettings, "googleSettings": googleSettings, "pingSettings": pingSettings,
	}[p.Settings]()
}

//go:embed settings.go
var settingsSource string

// sourceOf returns the text of a function in this file, with its comment, so that a
// guide quotes the code that is compiled and tested.
func sourceOf(function string) string {
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, "settings.go", settingsSource, parser.ParseComments)
	if err != nil {
		panic(err) // it has been compiled
	}
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Name.Name == function {
			return settingsSource[files.Position(fn.Doc.Pos()).Offset:files.Position(fn.End()).Offset]
		}
	}
	panic("guides: there is no function " + function)
}
