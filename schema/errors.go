package schema

import "strings"

// ScimType is a keyword of RFC 7644, table 9, that tells a client what kind of
// mistake it made.
type ScimType string

// The keywords of RFC 7644, table 9.
const (
	ScimTypeInvalidFilter ScimType = "invalidFilter"
	ScimTypeTooMany       ScimType = "tooMany"
	ScimTypeUniqueness    ScimType = "uniqueness"
	ScimTypeMutability    ScimType = "mutability"
	ScimTypeInvalidSyntax ScimType = "invalidSyntax"
	ScimTypeInvalidPath   ScimType = "invalidPath"
	ScimTypeNoTarget      ScimType = "noTarget"
	ScimTypeInvalidValue  ScimType = "invalidValue"
	ScimTypeInvalidVers   ScimType = "invalidVers"
	ScimTypeSensitive     ScimType = "sensitive"
)

// Error says what is wrong with a document or a value, and where. Its text is
// meant for the administrator of the sending identity provider: it names the
// attribute, the kind of value found and what is allowed, but does not repeat
// the value.
type Error struct {
	Type ScimType
	Path string // the attribute, as "emails.value"; empty for the whole document
	Msg  string
}

// Error returns the text with the attribute in front.
func (e *Error) Error() string {
	if e.Path == "" {
		return e.Msg
	}
	return e.Path + ": " + e.Msg
}

func invalid(path, msg string) *Error {
	return &Error{Type: ScimTypeInvalidValue, Path: clip(path), Msg: msg}
}

func syntax(msg string) *Error { return &Error{Type: ScimTypeInvalidSyntax, Msg: msg} }

// clip keeps what a client made up, such as the key of an open extension, from
// filling errors, notes and logs.
func clip(path string) string {
	const most = 200
	if len(path) > most {
		return strings.ToValidUTF8(path[:most], "") + "…"
	}
	return path
}
