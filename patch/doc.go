// Package patch reads PATCH requests in every form that identity providers send
// and applies them to resources.
//
// [Decode] turns a request's body into operations: targets resolved against the
// resource type, values read as what the attribute is. This is the normalising
// step: names ignore case, a value without a path becomes one operation for each
// of its keys, and what a dialect tolerates is rewritten, with a note. [Apply] is a
// pure function from a resource and operations to a new resource (RFC 7644, section
// 3.5.2): all of them hold or none, and the input is never changed. [Diff] makes
// operations of two resources.
//
//	doc, err := patch.Decode(userType, body, patch.Options{})
//	res, err := patch.Apply(user, doc.Ops, patch.Options{})
//	res.Resource, res.Changed
//
// Members of groups are never part of a resource. [Split] takes the operations on
// them out and folds them, in whatever order they come, into one [MemberDelta],
// so that a group of a million costs as much as a group of ten.
//
// # What is done where the RFC leaves room
//
// Removing what is not there succeeds and changes nothing. Adding by a filter of
// "eq" terms that nothing matches creates the element which the filter describes;
// so does replacing, unless Options.RefuseCreateOnReplace. Removing with a list of
// values removes these, and an empty list none. Replacing an element that a filter
// selects keeps of it what the filter says. Setting "primary" takes it from the
// other elements; of several that become primary the first is. An element that
// loses its "value" goes, if only its type, display or primary flag is left.
// Elements that become the same become one. A complex value is merged. An object,
// list or complex value that would be empty is unassigned. What is required and
// what is immutable is checked at the end, for attributes that the request changes.
//
// # Security considerations
//
// Requests come from strangers. Time and memory are bounded ([MaxOps],
// [MaxRebuilds], [MaxVisits], [MaxWhere]) and no input makes the package panic.
// Errors and notes name attributes but repeat no value, nor what a filter compares
// with, unless the schema declares it as a label. A password is split off.
package patch
