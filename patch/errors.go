package patch

import (
	"errors"
	"fmt"
	"strings"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
)

// Error says what is wrong with a PATCH request. Its text names the operation and
// the attribute, for the administrator of the identity provider.
type Error struct {
	// Index is the operation's place in the request, from 0; -1 if the request
	// as a whole is wrong.
	Index int

	Type schema.ScimType
	Path string // as the client sent it; may be empty
	Msg  string
}

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
	return &Error{Index: op.Index, Type: t, Path: clip(op.Path), Msg: fmt.Sprintf(format, args...)}
}

// wrap makes an error of a lower layer one about this operation.
func (op *Op) wrap(err error) *Error {
	if e, ok := errors.AsType[*schema.Error](err); ok {
		return op.fail(e.Type, "%s", e.Error())
	}
	if e, ok := errors.AsType[*filter.TypeError](err); ok && e.InFilter {
		return op.fail(schema.ScimTypeInvalidFilter, "%s", e.Error())
	}
	if e, ok := errors.AsType[*filter.SyntaxError](err); ok && strings.IndexByte(e.Input[:e.Offset], '[') >= 0 {
		return op.fail(schema.ScimTypeInvalidFilter, "%s", e.Error())
	}
	return op.fail(schema.ScimTypeInvalidPath, "%s", err.Error())
}

// clip keeps what a client sent as a path from filling logs and answers.
func clip(path string) string {
	const most = 300
	if len(path) > most {
		return path[:most] + "…"
	}
	return path
}
