package schema

// Attribute defines one attribute. The zero value of every field is the
// default of RFC 7643, section 2.2, so a literal says only what differs:
//
//	{Name: "userName", Required: true, Uniqueness: schema.Server}
type Attribute struct {
	Name        string
	Type        DataType
	MultiValued bool

	// Required says that a resource without a value is refused. For a
	// sub-attribute it counts only where its parent has a value.
	Required bool

	// CaseExact says that "a" and "A" are different values: in filters, in
	// sorting and for uniqueness.
	CaseExact bool

	Mutability Mutability
	Returned   Returned
	Uniqueness Uniqueness

	// Canonical lists the values that clients are told of. Others are taken
	// as well, unless a Decoding says RefuseNonCanonical.
	Canonical []string

	Description string

	// References names what a Reference may point to: resource types,
	// "external" or "uri".
	References []string

	// Sub defines the sub-attributes of a Complex attribute. They are not
	// Complex themselves (RFC 7643, section 2.3.8).
	Sub []Attribute
}

// Schema is a set of attributes under a URI: the base of a resource type or an
// extension of one (RFC 7643, section 3.3).
type Schema struct {
	// ID is the schema's URI, usually a URN.
	ID          string
	Name        string
	Description string
	Attributes  []Attribute

	// Open, if set, admits attributes that Attributes does not list, under
	// any name. Each is taken as Open defines it, but for the name. It must
	// not be Complex. JSON values of another type become strings if Open is
	// a String: this is how keys come that nobody knew in advance, such as
	// "urn:…:Metadata:costUnit". Only an extension may be open.
	Open *Attribute
}
