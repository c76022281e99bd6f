package schema

import "log/slog"

// Secret holds a password. It is never part of a [Resource]: decoding splits it
// off, so that it can't get into comparisons, events, logs or answers by being
// forgotten. It prints, marshals and logs as "[redacted]".
type Secret struct {
	value string
	set   bool
}

// NewSecret returns a Secret that holds value.
func NewSecret(value string) Secret { return Secret{value, true} }

// IsSet reports whether the client sent a password.
func (s Secret) IsSet() bool { return s.set }

// Reveal returns the password. Hash it at once and keep nothing else.
func (s Secret) Reveal() string { return s.value }

const redacted = "[redacted]"

func (Secret) String() string               { return redacted }
func (Secret) GoString() string             { return redacted }
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
func (Secret) LogValue() slog.Value         { return slog.StringValue(redacted) }
