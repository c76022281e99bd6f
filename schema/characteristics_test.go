package schema_test

import (
	"encoding"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/schema"
)

// enum is what the four characteristics with keywords have in common.
type enum interface {
	~uint8
	fmt.Stringer
	encoding.TextMarshaler
}

// TestKeywords walks each characteristic from its first constant to its last.
// The keywords are written out here, in the words of RFC 7643, section 7, and
// section 2.3 for the types, so that a constant that moves is noticed.
func TestKeywords(t *testing.T) {
	walk[schema.DataType](t, "schema.DataType", []schema.DataType{
		schema.String, schema.Boolean, schema.Decimal, schema.Integer,
		schema.DateTime, schema.Binary, schema.Reference, schema.Complex,
	}, "string", "boolean", "decimal", "integer", "dateTime", "binary", "reference", "complex")
	walk[schema.Mutability](t, "schema.Mutability", []schema.Mutability{
		schema.ReadWrite, schema.ReadOnly, schema.Immutable, schema.WriteOnly,
	}, "readWrite", "readOnly", "immutable", "writeOnly")
	walk[schema.Returned](t, "schema.Returned", []schema.Returned{
		schema.ByDefault, schema.Always, schema.Never, schema.OnRequest,
	}, "default", "always", "never", "request")
	walk[schema.Uniqueness](t, "schema.Uniqueness", []schema.Uniqueness{
		schema.NotUnique, schema.Server, schema.Global,
	}, "none", "server", "global")
}

func walk[T enum, P interface {
	*T
	encoding.TextUnmarshaler
}](t *testing.T, typeName string, constants []T, keywords ...string) {
	t.Run(typeName, func(t *testing.T) {
		require.Len(t, keywords, len(constants))
		for i, c := range constants {
			assert.Equal(t, T(i), c, "constants are numbered from 0 without a gap")
			assert.Equal(t, keywords[i], c.String())
			text, err := c.MarshalText()
			require.NoError(t, err)
			assert.Equal(t, keywords[i], string(text))

			var back T
			require.NoError(t, P(&back).UnmarshalText(text))
			assert.Equal(t, c, back)
		}
		for _, beyond := range []T{T(len(constants)), 255} {
			assert.Equal(t, fmt.Sprintf("%s(%d)", typeName, uint8(beyond)), beyond.String())
			text, err := beyond.MarshalText()
			assert.Nil(t, text)
			assert.EqualError(t, err, fmt.Sprintf("schema: there is no %s %d", typeName, uint8(beyond)))
		}
		for _, unknown := range []string{"", "unknown", " " + keywords[0], keywords[0] + "\x00"} {
			v := constants[len(constants)-1]
			err := P(&v).UnmarshalText([]byte(unknown))
			assert.ErrorContains(t, err, fmt.Sprintf("schema: %q is not one of", unknown))
			assert.ErrorContains(t, err, keywords[0], "the error says what would do")
			assert.Equal(t, constants[len(constants)-1], v, "an error changes nothing")
		}
	})
}
