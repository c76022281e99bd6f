// Package rolemap makes the resolvers of [scim.Settings.Roles] from tables: which value
// of a user's attribute is which role, which of the application's groups gives one, and
// how groups are named that stand for a role.
//
//	roles, err := rolemap.New(rolemap.Table{
//		Attribute: "userType",
//		Values:    map[string]string{"admin": "Admin", "user": "Contributor"},
//	})
//	…
//	scim.Settings{Roles: roles}
//
// A [Table] is plain data with a JSON form, so that an application can keep one per
// tenant, connection or plan and let its administrators edit it: [Parse] reads it,
// [New] reports everything that is wrong with it at once, [Table.Allowed] and
// [Table.Roles] say what may stand in it. Several tables for one user are put together
// by [Union].
//
// # Where a role comes from
//
// From an attribute: Table.Attribute names it and Table.Values has a role for each value.
// It may be any path, as userType, title, roles, entitlements or
// urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department. Of a
// multi-valued one every element counts, or with Table.Primary the primary one. Entra ID
// sends app roles in three forms, which all mean the same here: as elements with value,
// as roles[primary eq "True"].value, and as a JSON document inside of the value.
//
// From a group of the application: Table.Groups has its displayName or externalId. The
// application keeps the group, and whoever is in it has the role.
//
// From a role group: a group whose name begins with Table.Prefix, as role.approver, is
// none of the application's. Muster keeps it, and the rest of its name is the role, which
// must be in Table.Known. Renamed to something else it gives no role any more.
//
// # What counts as the same
//
// Names of groups and roles are the same ignoring case, by [schema.Fold], and so are
// values unless Table.Exact. A role is given in the spelling that the table has.
//
// # Security considerations
//
// Whoever may write users and groups over SCIM may give every role that the table can
// give, and no other. So a prefix needs a list of the roles that there are, and
// Table.Ignored takes those off it which the application uses itself; naming one
// of these elsewhere in the table is a mistake that New reports.
package rolemap
