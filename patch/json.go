package patch

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/muster-scim/muster/internal/jsonscan"
)

// eachMember calls do for each member of the JSON object data, in their order. Names that
// are there twice are found by who knows whether case counts.
func eachMember(data []byte, do func(name []byte, value jsontext.Value) error) error {
	s := jsonscan.New(data)
	if s.First() != '{' && s.Err() == "" {
		return whole("A JSON object is expected.")
	}
	return each(&s, '}', do)
}

// eachElement calls do for each element of the JSON list data, which has been read.
func eachElement(data []byte, do func(jsontext.Value) error) error {
	s := jsonscan.Again(data)
	return each(&s, ']', func(_ []byte, value jsontext.Value) error { return do(value) })
}

// each goes through an object or list, as its end says, and makes sure that nothing
// follows.
func each(s *jsonscan.Scanner, end byte, do func(name []byte, value jsontext.Value) error) error {
	for s.Enter(); s.More(end); {
		var name []byte
		if end == '}' {
			name = s.Name()
		}
		value := s.Value()
		if s.Err() != "" {
			break // value is not all of one
		}
		if err := do(name, value); err != nil {
			return err
		}
	}
	s.End()
	if msg := s.Err(); msg != "" {
		return whole(msg)
	}
	return nil
}

// stringOf reads a JSON string.
func stringOf(raw jsontext.Value) (string, bool) {
	if len(raw) == 0 || raw.Kind() != '"' {
		return "", false
	}
	return string(unquoted(raw)), true
}

// unquoted returns the text of a JSON string that has been read: a part of the
// document if it has no escapes.
func unquoted(raw jsontext.Value) []byte {
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1]
	}
	// What was read is valid.
	text, _ := jsontext.AppendUnquote(nil, raw)
	return text
}

// isNamed reports whether the name of a member is that, ignoring case.
func isNamed(name []byte, want string) bool {
	return string(name) == want || strings.EqualFold(string(name), want)
}
