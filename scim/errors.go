package scim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
)

// What stores and authenticators report; see [UserStore] and [Authenticator]
// for the answer that each makes. They may be wrapped.
var (
	ErrUnauthorized    = errors.New("scim: unauthorized")
	ErrNotFound        = errors.New("scim: not found")
	ErrVersionMismatch = errors.New("scim: version mismatch")
	ErrNotImplemented  = errors.New("scim: not implemented")
	ErrTooBroad        = errors.New("scim: too many results")

	// ErrInsufficientScope says that the credential is good but not for this: a
	// 403, which tells so to who sent a bearer token (RFC 6750, section 3.1). An
	// [*Error] may have it as its Err.
	ErrInsufficientScope = errors.New("scim: insufficient scope")
)

// Error is an error that says what the client is answered (RFC 7644, section
// 3.12). A store may return one; the constructors below make the usual ones.
type Error struct {
	Status int             // HTTP status
	Type   schema.ScimType // may be empty
	Detail string          // shown to the client: a sentence for the IdP's administrator

	// RetryAfter is what a 429 or 503 tells the client to wait; zero is half a
	// minute.
	RetryAfter time.Duration

	// Err is the cause. It is logged and never shown.
	Err error
}

// Error is for logs.
func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("scim: %d %s: %v", e.Status, e.Detail, e.Err)
	}
	return fmt.Sprintf("scim: %d %s", e.Status, e.Detail)
}

func (e *Error) Unwrap() error { return e.Err }

// Taken is the answer to a value that must be unique and is in use: 409
// uniqueness. attr is the attribute's path.
func Taken(attr string) *Error {
	return &Error{Status: http.StatusConflict, Type: schema.ScimTypeUniqueness,
		Detail: attr + " is in use by another resource; it must be unique."}
}

// Invalid is the answer to a value that the application can't take: 400
// invalidValue. The text says what is allowed.
func Invalid(attr, format string, args ...any) *Error {
	return &Error{Status: http.StatusBadRequest, Type: schema.ScimTypeInvalidValue,
		Detail: attr + " " + fmt.Sprintf(format, args...)}
}

// unknownMember is the cause of an UnknownMember error.
type unknownMember struct{ id string }

func (e unknownMember) Error() string { return "unknown member " + e.id }

// UnknownMember is the answer to a member that does not exist (any more): 400
// invalidValue.
func UnknownMember(id string) *Error {
	return &Error{Status: http.StatusBadRequest, Type: schema.ScimTypeInvalidValue,
		Detail: "members: there is no user or group with the id " + id + ".", Err: unknownMember{id}}
}

// Unsupported is the answer to a filter that the store can't do: 400
// invalidFilter. supported lists what it can, as "userName eq".
func Unsupported(supported ...string) *Error {
	return &Error{Status: http.StatusBadRequest, Type: schema.ScimTypeInvalidFilter,
		Detail: "This filter is not supported. Supported are: " + strings.Join(supported, ", ") + "."}
}

// Forbidden is the answer to what the client may not do: 403.
func Forbidden(format string, args ...any) *Error {
	return &Error{Status: http.StatusForbidden, Detail: fmt.Sprintf(format, args...)}
}

func badRequest(t schema.ScimType, detail string) *Error {
	return &Error{Status: http.StatusBadRequest, Type: t, Detail: detail}
}

// asError turns what any layer reported into what the client is told. No other
// code picks a status for an error. What it does not know becomes a 500 whose text
// does not depend on err.
func asError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if e := asDocumentError(err); e != nil {
		e.Err = err
		return e
	}
	switch {
	case errors.Is(err, ErrNotFound):
		return &Error{Status: http.StatusNotFound, Detail: "There is no such resource.", Err: err}
	case errors.Is(err, ErrVersionMismatch):
		return &Error{Status: http.StatusPreconditionFailed, Detail: "The resource has changed since it was read.", Err: err}
	case errors.Is(err, ErrUnauthorized):
		return &Error{Status: http.StatusUnauthorized, Detail: "A valid credential is required.", Err: err}
	case errors.Is(err, ErrInsufficientScope):
		return &Error{Status: http.StatusForbidden, Detail: "The credential does not allow this.", Err: err}
	case errors.Is(err, ErrNotImplemented):
		return &Error{Status: http.StatusNotImplemented, Detail: "This is not supported here.", Err: err}
	case errors.Is(err, ErrTooBroad):
		return &Error{Status: http.StatusBadRequest, Type: schema.ScimTypeTooMany, Detail: "Too many resources match; use a narrower filter.", Err: err}
	case errors.Is(err, context.Canceled):
		return &Error{Status: statusClientClosed, Detail: "The client went away.", Err: err}
	}
	return &Error{Status: http.StatusInternalServerError, Detail: "Internal error. The log of the application has details under the request id.", Err: err}
}

// statusClientClosed is for the log only: nobody reads the answer.
const statusClientClosed = 499

// asDocumentError knows the errors of the packages below: all are the client's.
func asDocumentError(err error) *Error {
	if e, ok := errors.AsType[*patch.Error](err); ok {
		return badRequest(e.Type, e.Error())
	}
	if e, ok := errors.AsType[*schema.Error](err); ok {
		return badRequest(e.Type, e.Error())
	}
	if e, ok := errors.AsType[*filter.SyntaxError](err); ok {
		return badRequest(schema.ScimTypeInvalidFilter, e.Error())
	}
	if e, ok := errors.AsType[*filter.TypeError](err); ok {
		return badRequest(schema.ScimTypeInvalidFilter, e.Error())
	}
	return nil
}
