// Package filter reads the filters and attribute paths of SCIM and, given a
// schema, says what they mean.
//
// # From text to an answer
//
// [Parse] turns the text of a filter into an [Expression], [ParsePath] that of a
// PATCH path into a [Path]. They know the grammar and nothing of attributes.
// [Check] holds an Expression against a resource type: it resolves paths, checks
// that operators and values fit, and returns a [Filter]. That matches
// resources in memory, or becomes an SQL condition with bound arguments; both
// give the same answer. Stores get a [Filter], never text. [String] and
// [PathString] print what was parsed, in canonical form.
//
// # Grammar
//
// Filters are those of RFC 7644, section 3.4.2.2:
//
//	userName eq "bjensen"
//	title pr and userType ne "Intern"
//	not (active eq false) or meta.lastModified gt "2011-05-13T04:42:34Z"
//	emails[type eq "work" and value co "@example.com"]
//	urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"
//
// "not" binds tighter than "and", which binds tighter than "or". Operators
// ignore case. Values are those of JSON: text in double quotes with its escapes,
// numbers, true, false, null. A filter in brackets can't hold another.
//
// PATCH paths are those of RFC 7644, section 3.5.2:
//
//	name.familyName
//	addresses[type eq "work"]
//	members[value eq "2819c223-7f76-453a-919d-413861904646"].displayName
//
// # What is accepted beyond it
//
// Accepted always, since it can mean one thing only:
//   - several blanks for one, blanks at the ends, within parentheses and
//     brackets, and before a bracket. Tabs are no blanks;
//   - "not(" and "not (": the grammar of the RFC has the one, its examples the
//     other;
//   - "$" in names, as in members.$ref: RFC 7643, section 2.1 has it, the
//     grammar of RFC 7644 forgot it;
//   - keywords as names of attributes: not eq "x" and pr pr are comparisons, as
//     the grammar has it.
//
// Accepted unless a [Leniency] refuses it, because identity providers send it:
// text without quotes, True and NULL, and emails[type eq "work"].value eq "x".
//
// Refused always: text in single quotes, "not" without parentheses, operators
// joined to their neighbours, array indices, names below a sub-attribute.
//
// # Paths
//
// A path may start with the URI of a schema, and such URIs hold dots and colons
// themselves. Without the schemas nobody can tell where one ends: in
// urn:example:2.0:User:name the attribute is "name", in urn:example:2.0:User,
// which a PATCH may address as a whole, there is none, and Entra ID has sent
// urn:example:2.0:User.department. So an [AttributePath] is split by its last
// colon and the dot after it, which may be wrong but loses nothing:
//
//	URIPrefix + ":" + AttributeName + "." + SubAttribute
//
// is the text again, and [Check] looks for the longest URI it knows in that.
// That is also why what follows a URI may hold the characters of one, and start
// with a digit: urn:scim:schemas:core:2.0 becomes "urn:scim:schemas:core", "2"
// and "0". The same freedom serves open extensions, whose keys are not known in
// advance: a path can name any key made of letters, digits and
// - _ $ ~ ! * & + ; = @ % / ? # with one dot in it at most. Other keys are
// reached through a value without a path.
//
// # Security considerations
//
// Filters come from strangers. Length, nesting and the number of terms are
// bounded ([MaxLength], [MaxDepth], [MaxTerms]), time and memory grow no faster
// than the text, and no input makes the package panic. Text must be valid UTF-8;
// it may hold any character that JSON can escape, U+0000 too, which not every
// database can store. A filter often holds personal data, such as a mail
// address: a [SyntaxError] keeps it in Input but repeats only the words at fault
// in its message. Nothing of a filter ever becomes part of an SQL text.
package filter
