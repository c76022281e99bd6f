package schema

// The URIs of the schemas that RFC 7643, section 4, defines for resources.
const (
	UserURN           = "urn:ietf:params:scim:schemas:core:2.0:User"
	GroupURN          = "urn:ietf:params:scim:schemas:core:2.0:Group"
	EnterpriseUserURN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
)

// User returns the core User schema (RFC 7643, sections 4.1 and 8.7.1, with
// the verified errata). Two things are added: addresses have a "primary", as
// in the RFC's own examples, and groups refer to groups only (erratum 8471).
//
// Each call returns a fresh value, which the caller owns and may edit: take
// out what the application has no use for, or make an attribute required.
// The common attributes id, externalId and meta are not in it; [Compile] adds
// them to every type.
func User() Schema {
	return Schema{
		ID:          UserURN,
		Name:        "User",
		Description: "The account of a person.",
		Attributes: []Attribute{
			{Name: "userName", Required: true, Uniqueness: Server,
				Description: "The name that identifies the user to the service, often the one to sign in with. Unique among all users; case does not matter."},
			{Name: "name", Type: Complex,
				Description: "The parts of the user's real name.",
				Sub: []Attribute{
					{Name: "formatted", Description: "The whole name as it is shown, with titles and suffixes."},
					{Name: "familyName", Description: "The family name; in most Western languages the last name."},
					{Name: "givenName", Description: "The given name; in most Western languages the first name."},
					{Name: "middleName", Description: "The middle names."},
					{Name: "honorificPrefix", Description: "What stands before the name, such as \"Ms.\" or \"Dr.\""},
					{Name: "honorificSuffix", Description: "What stands after the name, such as \"III\"."},
				}},
			{Name: "displayName", Description: "The name under which the service shows the user to others."},
			{Name: "nickName", Description: "What the user is called in everyday life, such as \"Bob\". Not the userName."},
			{Name: "profileUrl", Type: Reference, References: []string{"external"},
				Description: "The address of the user's profile page."},
			{Name: "title", Description: "The user's position, such as \"Vice President\"."},
			{Name: "userType", Description: "How the user is related to the organization, such as \"Employee\" or \"Contractor\"."},
			{Name: "preferredLanguage", Description: "The languages the user likes best, written as in the HTTP header Accept-Language."},
			{Name: "locale", Description: "The language tag by which dates, numbers and currencies are shown, such as \"en-US\"."},
			{Name: "timezone", Description: "The user's time zone by its IANA name, such as \"Europe/Berlin\"."},
			{Name: "active", Type: Boolean, Description: "Whether the account may be used. What else it means is up to the service."},
			{Name: "password", Mutability: WriteOnly, Returned: Never,
				Description: "Sets the user's password. It can be written, never read."},
			{Name: "emails", Type: Complex, MultiValued: true,
				Description: "The user's e-mail addresses.",
				Sub:         plural(Attribute{Description: "An e-mail address."}, "work", "home", "other")},
			{Name: "phoneNumbers", Type: Complex, MultiValued: true,
				Description: "The user's telephone numbers.",
				Sub: plural(Attribute{Description: "A telephone number, best as a \"tel:\" URI."},
					"work", "home", "mobile", "fax", "pager", "other")},
			{Name: "ims", Type: Complex, MultiValued: true,
				Description: "The user's instant messaging addresses.",
				Sub: plural(Attribute{Description: "An instant messaging address."},
					"aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo")},
			{Name: "photos", Type: Complex, MultiValued: true,
				Description: "Pictures of the user.",
				Sub: plural(Attribute{Type: Reference, References: []string{"external"}, Description: "The address of an image file."},
					"photo", "thumbnail")},
			{Name: "addresses", Type: Complex, MultiValued: true,
				Description: "The user's postal addresses.",
				Sub: []Attribute{
					{Name: "formatted", Description: "The whole address as it stands on a label; may have several lines."},
					{Name: "streetAddress", Description: "Street, house number, post office box; may have several lines."},
					{Name: "locality", Description: "The city or town."},
					{Name: "region", Description: "The state, province or region."},
					{Name: "postalCode", Description: "The postal code."},
					{Name: "country", Description: "The country by its two-letter code (ISO 3166-1), such as \"SE\"."},
					labelled("work", "home", "other"),
					primary(),
				}},
			{Name: "groups", Type: Complex, MultiValued: true, Mutability: ReadOnly,
				Description: "The groups that the user belongs to. Membership is changed at the group.",
				Sub: []Attribute{
					{Name: "value", Mutability: ReadOnly, Description: "The id of the group."},
					{Name: "$ref", Type: Reference, References: []string{"Group"}, Mutability: ReadOnly,
						Description: "The URI of the group."},
					{Name: "display", Mutability: ReadOnly, Description: "The group's name, to show to people."},
					{Name: "type", Canonical: []string{"direct", "indirect"}, Mutability: ReadOnly,
						Description: "Whether the user is a member itself or through another group."},
				}},
			{Name: "entitlements", Type: Complex, MultiValued: true,
				Description: "Things that the user is entitled to.",
				Sub:         plural(Attribute{Description: "An entitlement."})},
			{Name: "roles", Type: Complex, MultiValued: true,
				Description: "The roles that the user has.",
				Sub:         plural(Attribute{Description: "A role."})},
			{Name: "x509Certificates", Type: Complex, MultiValued: true,
				Description: "The user's certificates.",
				Sub:         plural(Attribute{Type: Binary, Description: "One X.509 certificate: DER, in base64."})},
		},
	}
}

// Group returns the core Group schema (RFC 7643, sections 4.2 and 8.7.1):
// displayName is required (erratum 5368), and members have a "display"
// (erratum 6011, only reported, but clients send it and show it).
//
// Each call returns a fresh value, which the caller owns and may edit.
func Group() Schema {
	return Schema{
		ID:          GroupURN,
		Name:        "Group",
		Description: "A group of users, and of other groups.",
		Attributes: []Attribute{
			{Name: "displayName", Required: true, Description: "The group's name, to show to people."},
			{Name: "members", Type: Complex, MultiValued: true,
				Description: "The members. One can be added or removed, but not turned into another.",
				Sub: []Attribute{
					{Name: "value", Mutability: Immutable, Description: "The id of the member."},
					{Name: "$ref", Type: Reference, References: []string{"User", "Group"}, Mutability: Immutable,
						Description: "The URI of the member."},
					{Name: "type", Canonical: []string{"User", "Group"}, Mutability: Immutable,
						Description: "The resource type of the member."},
					{Name: "display", Mutability: Immutable, Description: "The member's name, to show to people."},
				}},
		},
	}
}

// EnterpriseUser returns the enterprise extension of the User schema (RFC
// 7643, sections 4.3 and 8.7.1). The manager's value is an id, and so case
// exact (erratum 8472).
//
// Each call returns a fresh value, which the caller owns and may edit.
func EnterpriseUser() Schema {
	return Schema{
		ID:          EnterpriseUserURN,
		Name:        "EnterpriseUser",
		Description: "What an organization knows of a user who belongs to it.",
		Attributes: []Attribute{
			{Name: "employeeNumber", Description: "The number or code by which the organization knows the person."},
			{Name: "costCenter", Description: "The name of the cost center."},
			{Name: "organization", Description: "The name of the organization."},
			{Name: "division", Description: "The name of the division."},
			{Name: "department", Description: "The name of the department."},
			{Name: "manager", Type: Complex,
				Description: "The user to whom this user reports.",
				Sub: []Attribute{
					{Name: "value", CaseExact: true, Description: "The id of the manager's user."},
					{Name: "$ref", Type: Reference, References: []string{"User"}, Description: "The URI of the manager's user."},
					{Name: "displayName", Mutability: ReadOnly, Description: "The manager's name, to show to people."},
				}},
		},
	}
}

// plural returns the sub-attributes that RFC 7643, section 2.4, gives to a
// multi-valued attribute. Of value it fills in the name; types are the
// canonical values of "type".
func plural(value Attribute, types ...string) []Attribute {
	value.Name = "value"
	return []Attribute{
		value,
		{Name: "display", Description: "The value as it is shown to people."},
		labelled(types...),
		primary(),
	}
}

// labelled is the sub-attribute "type": it tells several values apart.
func labelled(types ...string) Attribute {
	return Attribute{Name: "type", Canonical: types, Description: "What this value is for."}
}

func primary() Attribute {
	return Attribute{Name: "primary", Type: Boolean, Description: "Whether this is the preferred value. At most one is."}
}
