package jwt

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/muster-scim/muster/scim"
)

// Claims are those of a token that was checked, by name, as encoding/json decodes
// values.
type Claims map[string]any

// Text returns a claim that is a string, "" if it is none.
func (c Claims) Text(name string) string {
	text, _ := c[name].(string)
	return text
}

// Values returns a claim as a list of strings: of one if it is a string, of its words if
// it is "scope" or "scp" (RFC 8693, section 4.2), and of what is a string in a list.
func (c Claims) Values(name string) []string {
	switch v := c[name].(type) {
	case string:
		if name == "scope" || name == "scp" {
			return strings.Fields(v)
		}
		return []string{v}
	case []any:
		var all []string
		for _, one := range v {
			if text, ok := one.(string); ok {
				all = append(all, text)
			}
		}
		return all
	}
	return nil
}

// Has reports whether a value is among those of a claim.
func (c Claims) Has(name, value string) bool { return slices.Contains(c.Values(name), value) }

// satisfy returns a 403 that names the first claim, in the order of names, which is
// required and missing.
func (c Claims) satisfy(required map[string][]string) error {
	for _, name := range slices.Sorted(maps.Keys(required)) {
		_, ok := c[name]
		if values := required[name]; len(values) > 0 {
			ok = slices.ContainsFunc(values, func(v string) bool { return c.Has(name, v) })
		}
		if !ok {
			return &scim.Error{
				Status: http.StatusForbidden, Err: scim.ErrInsufficientScope,
				Detail: fmt.Sprintf("The access token does not have what is asked for here in its claim %q.", name),
			}
		}
	}
	return nil
}
