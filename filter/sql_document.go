package filter

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/muster-scim/muster/schema"
)

// AppendDocument appends to dst a JSON object that a [Document] column holds: the
// values of r in a form that SQL can compare exactly without functions of its own.
// Text is in the form of [schema.Attr.Key], then of [SQLText]; booleans are text;
// dateTimes are text that sorts as they do; decimals are integers that sort as
// they do; binaries are base64 in one spelling. Names are in lower case.
//
// The form is kept from version to version, since databases hold it. It changes
// with the schema of a resource: if an attribute gets another type, or its case
// another meaning, documents have to be made anew.
func AppendDocument(dst []byte, r *schema.Resource) []byte {
	dst = append(dst, '{')
	urn := ""
	for _, path := range r.Changed(nil) {
		a, ok := r.Type().Attr(path)
		if !ok {
			continue
		}
		if a.URN() != urn {
			dst = endExtension(dst, urn)
			urn = a.URN()
			dst = appendName(dst, extensionName(urn))
			dst = append(dst, '{')
		}
		dst = appendMember(dst, a, r.Value(a))
	}
	return append(endExtension(dst, urn), '}')
}

func endExtension(dst []byte, urn string) []byte {
	if urn == "" {
		return dst
	}
	return append(dst, '}')
}

// appendName appends a comma, if there is something before, and a name.
func appendName(dst []byte, name string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst = schema.AppendQuote(dst, name)
	return append(dst, ':')
}

func appendMember(dst []byte, a *schema.Attr, v schema.Value) []byte {
	dst = appendName(dst, attrName(a))
	if !v.IsList() {
		return appendElement(dst, a, v)
	}
	dst = append(dst, '[')
	for e := range v.Elems() {
		if dst[len(dst)-1] != '[' {
			dst = append(dst, ',')
		}
		dst = appendElement(dst, a, e)
	}
	return append(dst, ']')
}

func appendElement(dst []byte, a *schema.Attr, v schema.Value) []byte {
	if !v.IsObject() {
		return appendScalar(dst, a, v)
	}
	dst = append(dst, '{')
	for s, m := range v.Members() {
		dst = appendMember(dst, s, m)
	}
	return append(dst, '}')
}

func appendScalar(dst []byte, a *schema.Attr, v schema.Value) []byte {
	switch a.Type {
	case schema.Boolean:
		b, _ := v.Bool()
		return schema.AppendQuote(dst, documentLiteral(b).(string))
	case schema.Integer:
		n, _ := v.Int()
		return strconv.AppendInt(dst, n, 10)
	case schema.Decimal:
		f, _ := v.Float()
		return strconv.AppendInt(dst, sortableFloat(f), 10)
	case schema.DateTime:
		t, _ := v.Time()
		return schema.AppendQuote(dst, sortableTime(t))
	case schema.Binary:
		data, _ := schema.DecodeBinary(v.String())
		return schema.AppendQuote(dst, documentLiteral(data).(string))
	}
	return schema.AppendQuote(dst, SQLText(a.Key(v.String())))
}

// documentLiteral turns a literal into what a document has for it.
func documentLiteral(v any) any {
	switch v := v.(type) {
	case string:
		return SQLText(v)
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return sortableFloat(v)
	case time.Time:
		return sortableTime(v)
	case []byte:
		return base64.RawStdEncoding.EncodeToString(v)
	}
	return v
}

// sortableFloat returns an integer with the order of floats: SQLite's own reading
// of decimals is off by a bit now and then.
func sortableFloat(f float64) int64 {
	if f == 0 {
		return 0 // whatever the sign
	}
	bits := int64(math.Float64bits(f))
	if bits < 0 {
		bits ^= math.MaxInt64
	}
	return bits
}

// sortableTime returns a text with the order of times: seconds, counted from
// before the year 0, and what is needed of the nanoseconds. An integer of 64 bits
// would not do for all years that a dateTime can have.
func sortableTime(t time.Time) string {
	const before = 1 << 36
	return strings.TrimRight(fmt.Sprintf("%012d%09d", t.Unix()+before, t.Nanosecond()), "0")
}

// attrName returns the name of an attribute in a document: a key of an open
// extension may be any text.
func attrName(a *schema.Attr) string { return SQLText(lowerASCII(a.Name)) }

// extensionName returns the name of an extension in a document. It is made of
// characters that mean nothing, neither in SQL nor in paths of JSON.
func extensionName(urn string) string {
	var b strings.Builder
	for _, c := range []byte(urn) {
		c = lower(c)
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("-._~:/", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02x", c)
		}
	}
	return b.String()
}

func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		b[i] = lower(c)
	}
	return string(b)
}

// SQLText returns text in a form that every database can hold: PostgreSQL refuses
// U+0000, and functions of SQLite stop there. Text without the characters U+0000 to
// U+0003, which is nearly all there is, stays as it is. The order of texts, and
// which are part of which, stay in any case: these characters become U+0001 and two
// of U+0002 and U+0003, which do not occur otherwise.
func SQLText(s string) string {
	if strings.IndexFunc(s, isArmoured) < 0 {
		return s
	}
	var b strings.Builder
	for _, c := range []byte(s) {
		if c > 3 {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{1, 2 + c>>1, 2 + c&1})
	}
	return b.String()
}

// PlainText is the inverse of [SQLText].
func PlainText(s string) string {
	if strings.IndexFunc(s, isArmoured) < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != 1 || i+2 >= len(s) {
			b.WriteByte(s[i])
			continue
		}
		b.WriteByte((s[i+1]-2)<<1 | (s[i+2] - 2))
		i += 2
	}
	return b.String()
}

func isArmoured(r rune) bool { return r <= 3 }
