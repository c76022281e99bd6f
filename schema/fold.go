package schema

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"

	"github.com/muster-scim/muster/internal/jsonscan"
)

// preparation says how an attribute's strings are made comparable.
type preparation uint8

const (
	exact    preparation = iota // compared as they are
	folded                      // [Fold]
	username                    // PRECIS UsernameCaseMapped (RFC 7644, section 5)
)

func preparationOf(a *Attr) preparation {
	switch {
	case a.CaseExact, a.Type == Binary, a.Type == Reference:
		return exact
	case a.parent == nil && a.ext == 0 && a.Name == "userName":
		return username
	}
	return folded
}

// Key returns the form in which values of a are compared: equal keys mean equal
// values. It is what an index of unique values holds. Text that needs no
// preparation is returned as it is, without a copy.
func (a *Attr) Key(text string) string {
	switch a.prep {
	case exact:
		return text
	case username:
		return FoldUserName(text)
	}
	return Fold(text)
}

// Folds reports whether the case of letters makes no difference to [Attr.Key].
func (a *Attr) Folds() bool { return a.prep != exact }

// sameKey reports whether the keys of two values are equal.
func (a *Attr) sameKey(s, t string) bool {
	switch {
	case s == t:
		return true
	case a.prep == exact:
		return false
	case isASCII(s) && isASCII(t):
		return equalFold(s, t)
	}
	return a.Key(s) == a.Key(t)
}

// Fold returns s for comparison where case does not count: Unicode case
// folding, then NFC. ASCII in lower case is returned as it is.
func Fold(s string) string {
	if isLowerASCII(s) {
		return s
	}
	if isASCII(s) {
		return foldASCII(s)
	}
	return norm.NFC.String(cases.Fold().String(norm.NFC.String(strings.Map(upperCherokee, s))))
}

// upperCherokee evens out that x/text folds Cherokee letters of either case to the
// other one.
func upperCherokee(r rune) rune {
	if unicode.Is(unicode.Cherokee, r) {
		return unicode.ToUpper(r)
	}
	return r
}

// FoldUserName returns s prepared by the PRECIS profile UsernameCaseMapped
// (RFC 8265), as RFC 7644, section 5, wants it before userNames are compared.
// What the profile does not allow, such as a blank, is folded by [Fold], so
// that every stored name has a key.
func FoldUserName(s string) string {
	if isLowerASCII(s) {
		return s
	}
	if isASCII(s) {
		return foldASCII(s)
	}
	if p, err := precis.UsernameCaseMapped.String(s); err == nil {
		return p
	}
	return Fold(s)
}

// isLowerASCII reports whether s is what foldASCII makes of ASCII, as most of what is
// compared is. Eight bytes are looked at together.
func isLowerASCII(s string) bool {
	const each, high = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(s); i += 8 {
		w := jsonscan.Word(s[i:])
		upper := (w + (0x80-'A')*each) ^ (w + (0x7f-'Z')*each) // the highest bit of each byte from A to Z
		if (w|upper)&high != 0 {
			return false
		}
	}
	for ; i < len(s); i++ {
		if s[i] >= 0x80 || lower(s[i]) != s[i] {
			return false
		}
	}
	return true
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// foldASCII is for names and URNs. Only ASCII letters are folded, so that the
// length stays as it is and what follows a prefix can be cut off.
func foldASCII(s string) string {
	for i := range len(s) {
		if lower(s[i]) == s[i] {
			continue
		}
		folded := []byte(s)
		for ; i < len(s); i++ {
			folded[i] = lower(s[i])
		}
		return string(folded)
	}
	return s
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c |= 0x20
	}
	return c
}

// equalFold reports whether two names are the same when folded.
func equalFold[S, T string | []byte](s S, t T) bool {
	return len(s) == len(t) && compareFold(s, t) == 0
}

// compareFold is the order of folded names.
func compareFold[S, T string | []byte](s S, t T) int {
	for i := range min(len(s), len(t)) {
		if c, d := lower(s[i]), lower(t[i]); c != d {
			return int(c) - int(d)
		}
	}
	return len(s) - len(t)
}
