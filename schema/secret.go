package schema

import (
	"fmt"
	"io"
	"log/slog"

	"golang.org/x/text/secure/precis"
)

// Secret holds a password, or a token that was issued. A password is never part of a
// [Resource]: decoding splits it off, so that it can't get into comparisons, events,
// logs or answers by being forgotten. A Secret prints, marshals and logs as
// "[redacted]".
type Secret struct {
	// A pointer, since fmt prints the fields of structs that it can't call
	// methods on: what holds a Secret in an unexported field.
	value *string
}

// NewSecret returns a Secret that holds value.
func NewSecret(value string) Secret { return Secret{&value} }

// PreparePassword returns a password that a client sent, prepared by the PRECIS
// profile OpaqueString (RFC 8265), so that it is the same whichever keyboard typed it
// (RFC 7644, section 5). The error is an [*Error]; it does not hold the password.
func PreparePassword(text string) (Secret, error) {
	prepared, err := precis.OpaqueString.String(text)
	if err != nil {
		return Secret{}, invalid("password", "has characters that a password can't have, such as control characters")
	}
	return NewSecret(prepared), nil
}

// IsSet reports whether there is one: whether the client sent a password.
func (s Secret) IsSet() bool { return s.value != nil }

// Reveal returns the secret, "" if none is set. Hash a password at once and keep
// nothing else; show a token once.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

const redacted = "[redacted]"

// String returns "[redacted]".
func (Secret) String() string { return redacted }

// GoString returns "[redacted]".
func (Secret) GoString() string { return redacted }

// Format writes "[redacted]" for every verb, %d and %x too.
func (Secret) Format(f fmt.State, _ rune) {
	// Printing can't report an error.
	_, _ = io.WriteString(f, redacted)
}

// MarshalText returns "[redacted]", in JSON too.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue returns "[redacted]".
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
