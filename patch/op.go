package patch

import (
	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
)

// Kind is what an operation does.
type Kind uint8

// The operations of RFC 7644, section 3.5.2.
const (
	Add Kind = iota
	Remove
	Replace
)

// String returns the keyword of RFC 7644, section 3.5.2.
func (k Kind) String() string {
	return [...]string{"add", "remove", "replace"}[k]
}

// Op is one operation with its target resolved and its value typed. What a
// client sent without a path is one Op for each key.
type Op struct {
	Kind Kind

	// Index is the place in the request, Path the path or key as it was sent.
	Index int
	Path  string

	Target filter.Target

	// Value is what the operation has; unassigned stands for null, "", [] and
	// for no value at all. For a whole multi-valued attribute, or a multi-valued
	// sub-attribute, it is a list.
	Value schema.Value

	// Cleared are sub-attributes that an object names with null or "".
	Cleared []*schema.Attr

	// Listed says that a remove has a value: only these elements go.
	Listed bool

	// Null says that a single value was null, "" or [], not an empty object.
	Null bool

	// Key says that Path was a key of a value without a path.
	Key bool

	// Password is the new password, if that is the target.
	Password schema.Secret
}
