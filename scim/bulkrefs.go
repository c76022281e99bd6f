package scim

import (
	"bytes"
	"iter"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// substitute returns data with every "bulkId:x" for which id knows an id replaced by
// that, and the bulkIds that it has. References may stand in any string, also within
// one, as in the filter of a PATCH path.
func substitute(data jsontext.Value, id func(bulkID string) (string, bool)) (jsontext.Value, []string) {
	if !bytes.Contains(data, []byte(bulkPrefix)) {
		return data, nil
	}
	var refs []string
	var out bytes.Buffer
	dec := jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(true))
	enc := jsontext.NewEncoder(&out, jsontext.AllowDuplicateNames(true))
	for {
		t, err := dec.ReadToken()
		if err != nil {
			return bytes.TrimSpace(out.Bytes()), refs
		}
		if t.Kind() == '"' {
			text := replaceRefs(t.String(), func(ref string) (string, bool) {
				refs = append(refs, ref)
				return id(ref)
			})
			t = jsontext.String(text)
		}
		if enc.WriteToken(t) != nil {
			return data, refs
		}
	}
}

// replaceRefs replaces the references in one string.
func replaceRefs(text string, id func(string) (string, bool)) string {
	var out strings.Builder
	for {
		i := strings.Index(text, bulkPrefix)
		if i < 0 {
			out.WriteString(text)
			return out.String()
		}
		rest := text[i+len(bulkPrefix):]
		end := strings.IndexAny(rest, "\"'] /")
		if end < 0 {
			end = len(rest)
		}
		out.WriteString(text[:i])
		if known, ok := id(rest[:end]); ok {
			out.WriteString(known)
		} else {
			out.WriteString(text[i : i+len(bulkPrefix)+end])
		}
		text = rest[end:]
	}
}

// prune returns an object without what refers to a resource that is missing: the
// element of a list, or the attribute. ok is false if nothing was found to take out.
func prune(data jsontext.Value, missing func(bulkID string) bool) (pruned jsontext.Value, ok bool) {
	var out []byte
	out, ok = pruneObject(nil, data, missing)
	return out, ok
}

// refersTo reports whether a value names a missing resource anywhere.
func refersTo(v jsontext.Value, missing func(string) bool) bool {
	found := false
	substitute(v, func(ref string) (string, bool) {
		found = found || missing(ref)
		return "", false
	})
	return found
}

func pruneObject(dst []byte, data jsontext.Value, missing func(string) bool) ([]byte, bool) {
	took := false
	dst = append(dst, '{')
	first := true
	for name, value := range membersOf(data) {
		if refersTo(value, missing) {
			took = true
			switch value.Kind() {
			case '[':
				value, _ = pruneList(nil, value, missing)
			case '{':
				if inner, ok := pruneObject(nil, value, missing); ok && isExtension(name) {
					value = inner
					break
				}
				continue
			default:
				continue
			}
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(append(append(dst, name...), ':'), value...)
	}
	return append(dst, '}'), took
}

// isExtension reports whether a name, quoted, is the URN of an extension: its object
// holds attributes, of which only those that refer are taken out.
func isExtension(name jsontext.Value) bool { return bytes.Contains(name, []byte(":")) }

func pruneList(dst []byte, data jsontext.Value, missing func(string) bool) ([]byte, bool) {
	took := false
	dst = append(dst, '[')
	first := true
	for value := range elementsOf(data) {
		if refersTo(value, missing) {
			took = true
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, value...)
	}
	return append(dst, ']'), took
}

// membersOf yields the members of an object that is known to be valid, names quoted.
func membersOf(data jsontext.Value) iter.Seq2[jsontext.Value, jsontext.Value] {
	return func(yield func(jsontext.Value, jsontext.Value) bool) {
		dec := jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(true))
		if t, err := dec.ReadToken(); err != nil || t.Kind() != '{' {
			return
		}
		for dec.PeekKind() == '"' {
			name, err := dec.ReadValue()
			if err != nil {
				return
			}
			name = name.Clone()
			value, err := dec.ReadValue()
			if err != nil || !yield(name, value.Clone()) {
				return
			}
		}
	}
}

func elementsOf(data jsontext.Value) iter.Seq[jsontext.Value] {
	return func(yield func(jsontext.Value) bool) {
		dec := jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(true))
		if t, err := dec.ReadToken(); err != nil || t.Kind() != '[' {
			return
		}
		for dec.PeekKind() != ']' {
			value, err := dec.ReadValue()
			if err != nil || !yield(value.Clone()) {
				return
			}
		}
	}
}

// pairs yields names and values in their order.
func pairs(namesAndValues ...string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for i := 0; i+1 < len(namesAndValues); i += 2 {
			if !yield(namesAndValues[i], namesAndValues[i+1]) {
				return
			}
		}
	}
}
