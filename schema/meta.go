package schema

// The URIs of the schemas that discovery answers have (RFC 7643, sections 5
// to 7).
const (
	ServiceProviderConfigURN = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
	ResourceTypeURN          = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
	SchemaURN                = "urn:ietf:params:scim:schemas:core:2.0:Schema"
)

// ServiceProviderConfig returns the schema of what /ServiceProviderConfig
// answers (RFC 7643, sections 5 and 8.7.2). It has what section 5 defines and
// the printed schema forgot: "etag", and "type" and "primary" of
// authenticationSchemes. It also has the "pagination" of RFC 9865, section 4.
//
// Each call returns a fresh value, which the caller owns and may edit.
func ServiceProviderConfig() Schema {
	return Schema{
		ID:          ServiceProviderConfigURN,
		Name:        "Service Provider Configuration",
		Description: "What this service provider can do.",
		Attributes: readOnly([]Attribute{
			{Name: "documentationUri", Type: Reference, References: []string{"external"},
				Description: "The address of the documentation for people."},
			feature("patch", "PATCH requests."),
			feature("bulk", "Bulk requests.",
				Attribute{Name: "maxOperations", Type: Integer, Required: true,
					Description: "How many operations one request may have."},
				Attribute{Name: "maxPayloadSize", Type: Integer, Required: true,
					Description: "How many bytes one request may have."}),
			feature("filter", "Filters in queries.",
				Attribute{Name: "maxResults", Type: Integer, Required: true,
					Description: "How many resources one answer has at most."}),
			feature("changePassword", "Changes of a user's password."),
			feature("sort", "Sorted answers."),
			feature("etag", "Versions in ETag headers."),
			{Name: "pagination", Type: Complex,
				Description: "How long lists are divided into pages.",
				Sub: []Attribute{
					{Name: "cursor", Type: Boolean, Required: true, Description: "Whether a cursor can ask for the next page."},
					{Name: "index", Type: Boolean, Required: true, Description: "Whether startIndex can ask for a page."},
					{Name: "defaultPaginationMethod", Canonical: []string{"cursor", "index"},
						Description: "Which of the two is used if a query names neither."},
					{Name: "defaultPageSize", Type: Integer, Description: "How many resources a page has if a query has no count."},
					{Name: "maxPageSize", Type: Integer, Description: "How many resources a page has at most, whatever the count."},
					{Name: "cursorTimeout", Type: Integer, Description: "For how many seconds a cursor can be used, at least."},
				}},
			{Name: "authenticationSchemes", Type: Complex, MultiValued: true, Required: true,
				Description: "How clients can authenticate.",
				Sub: []Attribute{
					{Name: "type", Required: true,
						Canonical:   []string{"oauth", "oauth2", "oauthbearertoken", "httpbasic", "httpdigest"},
						Description: "The keyword of the scheme."},
					{Name: "name", Required: true, Description: "The usual name of the scheme, such as \"HTTP Basic\"."},
					{Name: "description", Required: true, Description: "What there is to say about the scheme."},
					{Name: "specUri", Type: Reference, References: []string{"external"},
						Description: "The address of the scheme's specification."},
					{Name: "documentationUri", Type: Reference, References: []string{"external"},
						Description: "The address of the documentation of how to use the scheme here."},
					primary(),
				}},
		}),
	}
}

// ResourceType returns the schema of what /ResourceTypes answers (RFC 7643,
// sections 6 and 8.7.2): schemaExtensions are several (erratum 7522), name and
// endpoint are unique and case exact (erratum 8475).
//
// Each call returns a fresh value, which the caller owns and may edit.
func ResourceType() Schema {
	return Schema{
		ID:          ResourceTypeURN,
		Name:        "ResourceType",
		Description: "A kind of resource: its endpoint and its schemas.",
		Attributes: readOnly([]Attribute{
			{Name: "id", Description: "The identifier of the resource type, often the same as its name."},
			{Name: "name", Required: true, CaseExact: true, Uniqueness: Server,
				Description: "The name of the resource type, as in meta.resourceType."},
			{Name: "description", Description: "What the resources are."},
			{Name: "endpoint", Type: Reference, References: []string{"uri"}, Required: true, CaseExact: true, Uniqueness: Server,
				Description: "The path of the endpoint below the base URL, such as \"/Users\"."},
			{Name: "schema", Type: Reference, References: []string{"uri"}, Required: true, CaseExact: true,
				Description: "The URI of the base schema."},
			{Name: "schemaExtensions", Type: Complex, MultiValued: true, Required: true,
				Description: "The schemas that a resource may have beside the base schema.",
				Sub: []Attribute{
					{Name: "schema", Type: Reference, References: []string{"uri"}, Required: true, CaseExact: true,
						Description: "The URI of the extension."},
					{Name: "required", Type: Boolean, Required: true,
						Description: "Whether each resource must have the extension and its required attributes."},
				}},
		}),
	}
}

// SchemaDefinition returns the schema of what /Schemas answers (RFC 7643,
// sections 7 and 8.7.2): "binary" is a type (errata 5606 and 8415), a
// sub-attribute is never complex (erratum 8415) and may have several
// referenceTypes (erratum 5607).
//
// It is the one schema with complex attributes inside of complex ones, which
// section 7 allows to it alone. So it can be published, but [Compile] refuses
// it.
//
// Each call returns a fresh value, which the caller owns and may edit.
func SchemaDefinition() Schema {
	sub := Attribute{Name: "subAttributes", Type: Complex, MultiValued: true,
		Description: "The attributes inside of a complex attribute.",
		Sub:         definition("string", "boolean", "decimal", "integer", "dateTime", "reference", "binary")}
	return Schema{
		ID:          SchemaURN,
		Name:        "Schema",
		Description: "A schema: a set of attributes under a URI.",
		Attributes: readOnly([]Attribute{
			{Name: "id", Required: true, Description: "The URI of the schema."},
			{Name: "name", Required: true, Description: "The name of the schema, to show to people."},
			{Name: "description", Description: "What the schema is for."},
			{Name: "attributes", Type: Complex, MultiValued: true, Required: true,
				Description: "The attributes of the schema.",
				Sub:         append(definition("string", "complex", "boolean", "decimal", "integer", "dateTime", "reference", "binary"), sub)},
		}),
	}
}

// definition returns what defines an attribute, a sub-attribute just as well:
// only the types that it may have differ.
func definition(types ...string) []Attribute {
	return []Attribute{
		{Name: "name", Required: true, CaseExact: true, Description: "The name of the attribute."},
		{Name: "type", Required: true, Canonical: types, Description: "The type of its values."},
		{Name: "multiValued", Type: Boolean, Required: true, Description: "Whether it can have several values."},
		{Name: "description", CaseExact: true, Description: "What it is for."},
		{Name: "required", Type: Boolean, Description: "Whether it must have a value."},
		{Name: "canonicalValues", MultiValued: true, CaseExact: true, Description: "Values that are suggested, such as \"work\" and \"home\"."},
		{Name: "caseExact", Type: Boolean, Description: "Whether the case of letters makes a difference."},
		{Name: "mutability", CaseExact: true, Canonical: []string{"readOnly", "readWrite", "immutable", "writeOnly"},
			Description: "Who may change it and when."},
		{Name: "returned", CaseExact: true, Canonical: []string{"always", "never", "default", "request"},
			Description: "When it is part of an answer."},
		{Name: "uniqueness", CaseExact: true, Canonical: []string{"none", "server", "global"},
			Description: "Among which resources a value may occur only once."},
		{Name: "referenceTypes", MultiValued: true, CaseExact: true,
			Description: "What a reference may point to: resource types, \"external\" or \"uri\"."},
	}
}

// feature is a part of the protocol that a service provider may leave out.
func feature(name, description string, limits ...Attribute) Attribute {
	return Attribute{Name: name, Type: Complex, Required: true, Description: description,
		Sub: append([]Attribute{
			{Name: "supported", Type: Boolean, Required: true, Description: "Whether the service provider has it."},
		}, limits...)}
}

// readOnly makes all attributes readOnly, those inside of others too: nothing
// in the discovery schemas can be written.
func readOnly(attrs []Attribute) []Attribute {
	for i := range attrs {
		attrs[i].Mutability = ReadOnly
		readOnly(attrs[i].Sub)
	}
	return attrs
}
