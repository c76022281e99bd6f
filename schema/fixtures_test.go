package schema

// The URNs of the fixtures.
const (
	ThingURN    = "urn:example:params:scim:schemas:Thing"
	ThingExtURN = "urn:example:params:scim:schemas:extension:thing:2.0:Thing"
	MetadataURN = "urn:example:params:scim:schemas:extension:Metadata"
	CountersURN = "urn:example:params:scim:schemas:extension:Counters"
)

// everyType has one sub-attribute of each data type.
func everyType() []Attribute {
	return []Attribute{
		{Name: "str"},
		{Name: "bool", Type: Boolean},
		{Name: "dec", Type: Decimal},
		{Name: "num", Type: Integer},
		{Name: "when", Type: DateTime},
		{Name: "bin", Type: Binary},
		{Name: "link", Type: Reference, References: []string{"external"}},
		{Name: "tags", MultiValued: true},
	}
}

// thing is a schema that has everything: the standard User can't exercise half of
// the rules.
func thing() Schema {
	attrs := append(everyType(),
		Attribute{Name: "name", Required: true},
		Attribute{Name: "strExact", CaseExact: true},
		Attribute{Name: "ro", Mutability: ReadOnly},
		Attribute{Name: "imm", Mutability: Immutable},
		Attribute{Name: "wo", Mutability: WriteOnly, Returned: Never},
		Attribute{Name: "always", Returned: Always},
		Attribute{Name: "never", Returned: Never},
		Attribute{Name: "req", Returned: OnRequest},
		Attribute{Name: "uniq", Uniqueness: Server},
		Attribute{Name: "canon", Canonical: []string{"a", "b", "Übung"}},
		Attribute{Name: "canonExact", CaseExact: true, Canonical: []string{"A", "b"}},
		Attribute{Name: "nums", Type: Integer, MultiValued: true},
		Attribute{Name: "flags", Type: Boolean, MultiValued: true},
		Attribute{Name: "one", Type: Complex, Sub: append(everyType(),
			Attribute{Name: "must", Required: true},
			Attribute{Name: "ro", Mutability: ReadOnly},
			Attribute{Name: "imm", Mutability: Immutable},
			Attribute{Name: "always", Returned: Always},
			Attribute{Name: "never", Returned: Never},
			Attribute{Name: "req", Returned: OnRequest},
		)},
		Attribute{Name: "many", Type: Complex, MultiValued: true, Sub: everyType()},
		Attribute{Name: "plural", Type: Complex, MultiValued: true, Sub: plural(Attribute{}, "work", "home")},
		Attribute{Name: "owner", Type: Complex, Sub: refTo("User")},
		Attribute{Name: "teams", Type: Complex, MultiValued: true, Sub: refTo("Team")},
		Attribute{Name: "members", Type: Complex, MultiValued: true, Sub: refTo("User", "Group")},
	)
	return Schema{ID: ThingURN, Name: "Thing", Attributes: attrs}
}

func refTo(types ...string) []Attribute {
	return []Attribute{
		{Name: "value", CaseExact: true},
		{Name: "$ref", Type: Reference, References: types},
		{Name: "display"},
	}
}

// ThingType is a type with all data types in all places, an extension with names
// that the base schema has too, and two open extensions.
func ThingType() *Type {
	return MustCompile(TypeConfig{
		Name:   "Thing",
		Schema: thing(),
		Extensions: []Extension{
			{Schema: EnterpriseUser()},
			{Schema: Schema{ID: ThingExtURN, Attributes: append(everyType(),
				Attribute{Name: "must", Required: true},
				Attribute{Name: "one", Type: Complex, Sub: everyType()},
				Attribute{Name: "many", Type: Complex, MultiValued: true, Sub: everyType()},
			)}},
			{Schema: Schema{ID: MetadataURN, Open: &Attribute{}, Attributes: []Attribute{
				{Name: "known", Type: Integer},
				{Name: "box", Type: Complex, Sub: everyType()},
			}}},
			{Schema: Schema{ID: CountersURN, Open: &Attribute{Type: Integer, MultiValued: true}}},
		},
	})
}

// UserType is the user of RFC 7643 with the enterprise extension.
func UserType() *Type {
	return MustCompile(TypeConfig{
		Name:       "User",
		Schema:     User(),
		Extensions: []Extension{{Schema: EnterpriseUser()}},
	})
}

// GroupType is the group of RFC 7643.
func GroupType() *Type { return MustCompile(TypeConfig{Name: "Group", Schema: Group()}) }
