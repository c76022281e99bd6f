package schema

// The URIs of resources that tell which roles and entitlements there are.
const (
	RoleURN        = "urn:ietf:params:scim:schemas:core:2.0:Role"
	EntitlementURN = "urn:ietf:params:scim:schemas:core:2.0:Entitlement"

	OktaRoleURN        = "urn:okta:scim:schemas:core:1.0:Role"
	OktaEntitlementURN = "urn:okta:scim:schemas:core:1.0:Entitlement"
)

// Role returns the schema of a role that users can have, as
// draft-ietf-scim-roles-entitlements has it: "value" is what stands in the users'
// "roles". All of it is readOnly.
//
// Each call returns a fresh value, which the caller owns and may edit.
func Role() Schema { return catalogEntry(RoleURN, "Role", "role") }

// Entitlement returns the schema of an entitlement that users can have, see [Role].
func Entitlement() Schema { return catalogEntry(EntitlementURN, "Entitlement", "entitlement") }

func catalogEntry(urn, name, noun string) Schema {
	return Schema{
		ID: urn, Name: name, Description: "A " + noun + " that users can be given.",
		Attributes: readOnly([]Attribute{
			{Name: "value", Required: true, CaseExact: true, Description: "What stands in the user's attribute."},
			{Name: "display", Description: "The name for people."},
			{Name: "type", Description: "The kind of " + noun + "."},
			{Name: "supported", Type: Boolean, Required: true, Description: "Whether users can be given it now."},
			{Name: "limitedAssignmentsPermitted", Type: Boolean, Description: "Whether only so many users can have it."},
			{Name: "totalAssignmentsPermitted", Type: Integer, Description: "How many users can have it."},
			{Name: "totalAssignmentsUsed", Type: Integer, Description: "How many users have it."},
			{Name: "containedBy", MultiValued: true, Description: "The values of those that include this one."},
			{Name: "contains", MultiValued: true, Description: "The values of those that this one includes."},
		}),
	}
}

// OktaRole returns the schema by which Okta's entitlement management finds roles.
//
// Each call returns a fresh value, which the caller owns and may edit.
func OktaRole() Schema { return oktaEntry(OktaRoleURN, "Role", "role") }

// OktaEntitlement returns the schema by which Okta's entitlement management finds
// entitlements.
func OktaEntitlement() Schema { return oktaEntry(OktaEntitlementURN, "Entitlement", "entitlement") }

func oktaEntry(urn, name, noun string) Schema {
	return Schema{
		ID: urn, Name: name, Description: "A " + noun + " that Okta can assign.",
		Attributes: readOnly([]Attribute{
			{Name: "displayName", Required: true, Description: "The name for people."},
			{Name: "type", Description: "The kind of " + noun + "."},
			{Name: "description", Description: "What it is for."},
		}),
	}
}
