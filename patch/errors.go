package patch

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
)

// Error says what is wrong with a PATCH request. Its text names the operation and
// the attribute, for the administrator of the identity provider, and repeats no
// value.
type Error struct {
	// Index is the operation's place in the request, from 0; -1 if the request
	// as a whole is wrong.
	Index int

	Type schema.ScimType

	// Path is what the client sent, shortened, or the attribute's path. It may be
	// empty.
	Path string

	Msg string
}

// Error returns the text with the operation and the path in front.
func (e *Error) Error() string {
	switch {
	case e.Index < 0:
		return e.Msg
	case e.Path == "":
		return fmt.Sprintf("Operations[%d]: %s", e.Index, e.Msg)
	}
	return fmt.Sprintf("Operations[%d], path %s: %s", e.Index, e.Path, e.Msg)
}

func whole(msg string) *Error {
	return &Error{Index: -1, Type: schema.ScimTypeInvalidSyntax, Msg: msg}
}

// fail makes an error about this operation.
func (op *Op) fail(t schema.ScimType, format string, args ...any) *Error {
	return &Error{Index: op.Index, Type: t, Path: op.shownPath(), Msg: fmt.Sprintf(format, args...)}
}

func (op *Op) twice(name string) *Error {
	return op.fail(schema.ScimTypeInvalidSyntax, "%s is there twice; names ignore case", clip(name))
}

// wrap makes an error of a lower layer one about this operation.
func (op *Op) wrap(err error) *Error {
	t := schema.ScimTypeInvalidPath
	if e, ok := errors.AsType[*schema.Error](err); ok {
		t = e.Type
	}
	if e, ok := errors.AsType[*filter.TypeError](err); ok && e.InFilter {
		t = schema.ScimTypeInvalidFilter
	}
	if e, ok := errors.AsType[*filter.SyntaxError](err); ok && strings.IndexByte(e.Input[:e.Offset], '[') >= 0 {
		t = schema.ScimTypeInvalidFilter
	}
	msg := strings.TrimPrefix(err.Error(), "filter: ")
	if path := op.Path + ": "; len(msg) > len(path) && strings.EqualFold(msg[:len(path)], path) {
		msg = msg[len(path):] // Error has it in front
	}
	return op.fail(t, "%s", msg)
}

// shownPath returns the path as errors and notes have it: shortened, and without
// what a filter compares with, which may be personal. Only labels that the schema
// declares stay, as "work".
func (op *Op) shownPath() string {
	path := op.Path
	switch i := strings.IndexAny(path, `["'=`); { // no name has one of these
	case i < 0 || op.comparesLabels():
	case op.Target.Where != nil && op.Target.Sub != nil:
		path = path[:i] + "[…]." + op.Target.Sub.Name
	case path[i] == '[':
		path = path[:i] + "[…]"
	default:
		path = path[:i] + "…"
	}
	return clip(path)
}

// comparesLabels reports whether the filter names nothing but booleans and canonical
// values.
func (op *Op) comparesLabels() bool {
	terms, ok := op.Target.Where.Assertions()
	for _, t := range terms {
		if t.Sub == nil || t.Sub.Type != schema.Boolean && !slices.Contains(t.Sub.Canonical, t.Value.String()) {
			return false
		}
	}
	return ok
}

// clip keeps what a client sent as a path from filling logs and answers.
func clip(path string) string {
	const most = 300
	if len(path) > most {
		return strings.ToValidUTF8(path[:most], "") + "…"
	}
	return path
}

// foldASCII is how names and paths are compared: only ASCII letters lose their case,
// as in package schema.
func foldASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, s)
}
