package schema

import "fmt"

// DataType is the type of an attribute's values (RFC 7643, section 2.3).
type DataType uint8

const (
	String DataType = iota
	Boolean
	Decimal
	Integer
	DateTime
	Binary
	Reference
	Complex
)

// Mutability says who may change an attribute and when (RFC 7643, section 7).
type Mutability uint8

const (
	ReadWrite Mutability = iota
	ReadOnly
	Immutable
	WriteOnly
)

// Returned says when an attribute is part of an answer (RFC 7643, section 7).
type Returned uint8

const (
	ByDefault Returned = iota
	Always
	Never
	OnRequest
)

// Uniqueness says among which resources a value may occur only once
// (RFC 7643, section 7).
type Uniqueness uint8

const (
	NotUnique Uniqueness = iota
	Server
	Global
)

// The keywords of RFC 7643, section 7, in the order of the constants above.
var (
	dataTypes    = [...]string{"string", "boolean", "decimal", "integer", "dateTime", "binary", "reference", "complex"}
	mutabilities = [...]string{"readWrite", "readOnly", "immutable", "writeOnly"}
	returneds    = [...]string{"default", "always", "never", "request"}
	uniquenesses = [...]string{"none", "server", "global"}
)

// String returns the keyword of RFC 7643, section 7.
func (t DataType) String() string { return keyword(dataTypes[:], t) }

// String returns the keyword of RFC 7643, section 7.
func (m Mutability) String() string { return keyword(mutabilities[:], m) }

// String returns the keyword of RFC 7643, section 7.
func (r Returned) String() string { return keyword(returneds[:], r) }

// String returns the keyword of RFC 7643, section 7.
func (u Uniqueness) String() string { return keyword(uniquenesses[:], u) }

// MarshalText returns the keyword, or an error if t is no DataType.
func (t DataType) MarshalText() ([]byte, error) { return marshalKeyword(dataTypes[:], t) }

// MarshalText returns the keyword, or an error if m is no Mutability.
func (m Mutability) MarshalText() ([]byte, error) { return marshalKeyword(mutabilities[:], m) }

// MarshalText returns the keyword, or an error if r is no Returned.
func (r Returned) MarshalText() ([]byte, error) { return marshalKeyword(returneds[:], r) }

// MarshalText returns the keyword, or an error if u is no Uniqueness.
func (u Uniqueness) MarshalText() ([]byte, error) { return marshalKeyword(uniquenesses[:], u) }

// UnmarshalText reads a keyword as MarshalText writes it.
func (t *DataType) UnmarshalText(text []byte) error { return unmarshalKeyword(dataTypes[:], text, t) }

// UnmarshalText reads a keyword as MarshalText writes it.
func (m *Mutability) UnmarshalText(text []byte) error {
	return unmarshalKeyword(mutabilities[:], text, m)
}

// UnmarshalText reads a keyword as MarshalText writes it.
func (r *Returned) UnmarshalText(text []byte) error { return unmarshalKeyword(returneds[:], text, r) }

// UnmarshalText reads a keyword as MarshalText writes it.
func (u *Uniqueness) UnmarshalText(text []byte) error {
	return unmarshalKeyword(uniquenesses[:], text, u)
}

type characteristic interface {
	DataType | Mutability | Returned | Uniqueness
}

func keyword[T characteristic](keywords []string, v T) string {
	if int(v) < len(keywords) {
		return keywords[v]
	}
	return fmt.Sprintf("%T(%d)", v, uint8(v))
}

func marshalKeyword[T characteristic](keywords []string, v T) ([]byte, error) {
	if int(v) >= len(keywords) {
		return nil, fmt.Errorf("schema: there is no %T %d", v, uint8(v))
	}
	return []byte(keywords[v]), nil
}

func unmarshalKeyword[T characteristic](keywords []string, text []byte, v *T) error {
	for i, k := range keywords {
		if k == string(text) {
			*v = T(i)
			return nil
		}
	}
	return fmt.Errorf("schema: %q is not one of %q", text, keywords)
}
