// Package schema has the definitions of SCIM attributes, the resource types
// compiled from them, and the resources themselves.
//
// A [Schema] is a literal. [Compile] makes a [Type] of a base schema and its
// extensions; every attribute then has a number, and every way to write its
// path is found in one step. [Decode] reads JSON straight into a [Resource] of
// that type, [Resource.AppendJSON] writes it.
//
//	user := schema.MustCompile(schema.TypeConfig{
//		Name:       "User",
//		Schema:     schema.User(),
//		Extensions: []schema.Extension{{Schema: schema.EnterpriseUser()}},
//	})
//	doc, err := schema.Decode(user, body, schema.Decoding{})
//	doc.Resource.Get("name.givenName").String()
//
// # Resources
//
// A Resource is immutable. It holds its values as a flat tape: small nodes in
// preorder that point into one string, in the order of the type's attributes.
// Two resources hold the same exactly if their tapes are the same, a stretch of
// attributes is copied as a stretch of memory, and the garbage collector finds
// nothing to follow. [Value] is a cursor into it. [Resource.Edit] starts a
// [Builder], which copies all that is not changed.
//
// What a resource does not hold: "schemas" follows from its data, "id" and
// "meta" are set by the store, a password is split off at decode ([Secret]),
// members of groups and groups of users are edges that package scim asks the
// store for.
//
// # Dialects
//
// [Decoding] names what a reader may refuse. Its zero value takes what real
// identity providers send and tells of it in notes; [StrictDecoding] follows
// RFC 7643 to the letter.
//
// # Security considerations
//
// Decoding takes time and memory in proportion to its input, which the caller must
// bound. Values that no schema knows are skipped, down to 10,000 levels; keys of
// open extensions are limited in length and number. Text from a client stands in
// errors and notes only where it is the name of an attribute, and shortened.
package schema
