package schema

import (
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// checkString reports why text is no value of a, which has a type that is
// written as a JSON string.
func checkString(a *Attr, text string) error {
	if !utf8.ValidString(text) {
		return invalid(a.path, "is not UTF-8")
	}
	switch a.Type {
	case String:
		return checkUserName(a, text)
	case DateTime:
		if _, ok := ParseTime(text); !ok {
			return invalid(a.path, "is not a dateTime such as 2008-01-23T04:56:22Z")
		}
	case Binary:
		if _, err := DecodeBinary(text); err != nil {
			return invalid(a.path, "is not base64")
		}
	case Reference:
		if _, err := url.Parse(text); err != nil || strings.ContainsFunc(text, notInURI) {
			return invalid(a.path, "is not a URI: blanks, quotes, angle brackets and the like must be percent-encoded")
		}
	default:
		return invalid(a.path, "is "+article(a.Type)+", not a string")
	}
	return nil
}

// notInURI reports whether RFC 3986 has no place for r. Letters beyond ASCII are
// taken, as in an IRI.
func notInURI(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("\"<>\\^`{|}", r)
}

// checkUserName refuses in userNames what no PRECIS profile takes and nobody sees:
// control characters and those that only format (RFC 7644, section 5).
func checkUserName(a *Attr, text string) error {
	if a.prep == username && hasInvisible(text) {
		return invalid(a.path, "must not have control characters or others that can't be seen")
	}
	return nil
}

func hasInvisible[T string | []byte](text T) bool {
	for i := range len(text) { // most names are ASCII, and this is quick
		switch c := text[i]; {
		case c >= utf8.RuneSelf:
			return strings.ContainsFunc(string(text[i:]), isInvisible)
		case c < ' ' || c == 0x7f:
			return true
		}
	}
	return false
}

func isInvisible(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }

// checkNumber reports why the JSON number text is no value of a.
func checkNumber(a *Attr, text string) error {
	switch a.Type {
	case Integer:
		if _, err := strconv.ParseInt(text, 10, 64); err != nil {
			return invalid(a.path, "is an integer of at most 64 bits, without fraction or exponent")
		}
	case Decimal:
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			return invalid(a.path, "is too large for a decimal")
		}
	default:
		return invalid(a.path, "is "+article(a.Type)+", not a number")
	}
	return nil
}

func article(t DataType) string {
	switch t {
	case Integer:
		return "an integer"
	case Complex:
		return "complex (a JSON object)"
	}
	return "a " + t.String()
}

// DecodeBinary decodes the text of a Binary value: base64 in the standard or
// the URL alphabet, with or without padding (RFC 7643, section 2.3.6).
func DecodeBinary(text string) ([]byte, error) {
	text = strings.TrimRight(text, "=")
	if strings.ContainsAny(text, "-_") {
		return base64.RawURLEncoding.DecodeString(text)
	}
	return base64.RawStdEncoding.DecodeString(text)
}

// timeLayouts are the lexical forms of xsd:dateTime with and without a zone.
// Go's parser takes fractional seconds wherever the layout has none.
var timeLayouts = [...]string{time.RFC3339, "2006-01-02T15:04:05"}

// ParseTime reads an xsd:dateTime of a year with four digits (RFC 7643, section
// 2.3.5). One without a zone is taken as UTC.
func ParseTime(text string) (time.Time, bool) {
	if !isStrict(text) {
		return time.Time{}, false
	}
	const date = len("2008-01-23")
	if rest, ok := strings.CutPrefix(text[date:], "T24:00:00"); ok {
		midnight, ok := ParseTime(text[:date] + "T00:00:00" + rest)
		return midnight.AddDate(0, 0, 1), ok && midnight.Nanosecond() == 0
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// isStrict refuses what Go's parser would take: an hour of one digit, a comma for
// the point, sixty minutes and more in the zone, and a zone beyond 14 hours.
func isStrict(text string) bool {
	const hours, zone = len("2008-01-23T04"), len("+02:00")
	if len(text) <= hours || text[hours] != ':' || strings.Contains(text, ",") {
		return false
	}
	tail := text[len(text)-zone:]
	return tail[0] != '+' && tail[0] != '-' || tail[4] < '6' && tail[1:] <= "14:00"
}

// FormatTime writes a time as Muster emits it: UTC, microseconds at most.
func FormatTime(t time.Time) string { return string(appendTime(nil, t)) }

// emitted is the longest form of a time that Muster emits.
const emitted = "2006-01-02T15:04:05.999999Z"

// appendTime does what AppendFormat would, in a third of the time: an answer of a
// hundred resources has two hundred times in it.
func appendTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	if year < 1000 || year > 9999 {
		return t.Truncate(time.Microsecond).AppendFormat(dst, time.RFC3339Nano)
	}
	hour, minute, second := t.Clock()
	var text [len(emitted)]byte
	copy(text[:], emitted)
	put := func(i, n int) { *(*[2]byte)(text[i:]) = twoDigits[n%100] }
	put(0, year/100)
	put(2, year)
	put(5, int(month))
	put(8, day)
	put(11, hour)
	put(14, minute)
	put(17, second)
	micro := t.Nanosecond() / 1000
	put(20, micro/10000)
	put(22, micro/100)
	put(24, micro)
	n := len(text) - 1
	for text[n-1] == '0' && n > 20 {
		n--
	}
	if n == 20 {
		n-- // the point, too
	}
	text[n] = 'Z'
	return append(dst, text[:n+1]...)
}

// twoDigits has 00 to 99.
var twoDigits = func() (texts [100][2]byte) {
	for i := range texts {
		texts[i] = [2]byte{byte('0' + i/10), byte('0' + i%10)}
	}
	return texts
}()
