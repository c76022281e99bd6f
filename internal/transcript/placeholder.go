package transcript

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"time"
)

// timeLayout is the form in which Entra ID writes times into filters.
const timeLayout = "2006-01-02T15:04:05.0000000Z"

// placeholderPattern takes anything between double braces for a name, so that
// a misspelt placeholder is reported rather than sent. JSON itself has no "{{".
var placeholderPattern = regexp.MustCompile(`\{\{([^{}]*)\}\}`)

// variables are the values of placeholders, by name.
type variables map[string]string

// newVariables returns the values that the player supplies, with fresh random
// ones, and those of extra in place of them.
func newVariables(token string, extra map[string]string) variables {
	now := time.Now().UTC()
	username := "user-" + randomText()
	vars := variables{
		"token":              token,
		"badToken":           "bad-" + randomText(),
		"randomGuid":         randomGUID(),
		"randomEmail":        "mail-" + randomText() + "@example.com",
		"randomUsername":     username,
		"randomUsernameCaps": strings.ToUpper(username),
		"randomInvalidUser":  "nobody-" + randomText(),
		"randomGivenName":    "Given " + randomText(),
		"randomFamilyName":   "Family " + randomText(),
		// A day ahead, so that all that a test writes lies before it.
		"lastWatermark": now.AddDate(0, 0, 1).Format(timeLayout),
		"currentTime":   now.Format(timeLayout),
		"app":           "exampleapp_1",
		"testUserEmail": "test.user@example.com",
		"testGroup":     "Test Group",
	}
	maps.Copy(vars, extra)
	return vars
}

// expand replaces the placeholders of text by their values, each of them
// escaped by the given function.
func (v variables) expand(text string, escape func(string) string) (string, error) {
	var missing string
	out := placeholderPattern.ReplaceAllStringFunc(text, func(match string) string {
		value, ok := v[strings.Trim(match, "{}")]
		if !ok {
			missing = match
		}
		return escape(value)
	})
	if missing != "" {
		return "", fmt.Errorf("no value for %s", missing)
	}
	return out, nil
}

// expandJSON is expand for JSON, in which placeholders stand inside strings.
// It works on the text: the order of members stays, and so do repeated ones.
// Space between tokens goes, since no client sends it.
func (v variables) expandJSON(text json.RawMessage) ([]byte, error) {
	out, err := v.expand(string(text), escapeJSON)
	if err != nil {
		return nil, err
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(out)); err != nil {
		return nil, err
	}
	return compact.Bytes(), nil
}

// The escape functions for the places a value may stand in, besides those of
// net/url.

func verbatim(s string) string { return s }

func escapeJSON(s string) string {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always has a JSON form
	}
	return string(quoted[1 : len(quoted)-1])
}

func escapePointer(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "~", "~0"), "/", "~1")
}

func randomText() string { return strings.ToLower(rand.Text()) }

// randomGUID returns a version 4 UUID (RFC 9562, section 5.4).
func randomGUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
