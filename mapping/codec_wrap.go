package mapping

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unsafe"

	"github.com/muster-scim/muster/schema"
)

// negated is for a bool that says the opposite of the attribute.
func negated(t reflect.Type, c codec, a *schema.Attr) (codec, error) {
	if a.Type != schema.Boolean || a.MultiValued {
		return codec{}, fmt.Errorf("Not is for booleans; this is of type %s", a.Type)
	}
	values := booleans(a)
	return codec{
		get: func(p unsafe.Pointer) (any, error) {
			v, err := c.get(p)
			if b, ok := v.(bool); ok {
				return !b, err
			}
			return nil, err
		},
		set: func(p unsafe.Pointer, v schema.Value) error {
			b, ok := v.Bool()
			if !ok && isNullable(t) {
				return c.set(p, v)
			}
			return c.set(p, values[!b])
		},
	}, nil
}

// booleans returns true and false as values of a.
func booleans(a *schema.Attr) map[bool]schema.Value {
	values := map[bool]schema.Value{}
	for _, b := range []bool{false, true} {
		// A boolean attribute takes a bool.
		values[b], _ = a.Make(b)
	}
	return values
}

// orTrue takes no value as true.
func orTrue(c codec, a *schema.Attr) codec {
	yes := booleans(a)[true]
	set := c.set
	c.set = func(p unsafe.Pointer, v schema.Value) error {
		if v.IsZero() {
			v = yes
		}
		return set(p, v)
	}
	return c
}

// enumCodec is for texts, or true and false, that stand for values of V.
func enumCodec[V any](values map[string]V, a *schema.Attr) (codec, error) {
	if !reflect.TypeFor[V]().Comparable() {
		return codec{}, fmt.Errorf("Enum needs values that can be compared; a Go %s can't", reflect.TypeFor[V]())
	}
	if !isTextual(a) && a.Type != schema.Boolean || a.MultiValued {
		return codec{}, fmt.Errorf("Enum is for a single text or boolean; this is of type %s", a.Type)
	}
	texts, byKey := map[any]any{}, map[string]V{}
	for text, v := range values {
		if _, twice := texts[any(v)]; twice {
			return codec{}, fmt.Errorf("Enum has two texts for the value %v", v)
		}
		made, err := enumText(a, text)
		if err != nil {
			return codec{}, err
		}
		texts[any(v)], byKey[a.Key(text)] = made, v
	}
	if len(byKey) < len(values) {
		return codec{}, errors.New("Enum has a text twice")
	}
	return codec{
		get: func(p unsafe.Pointer) (any, error) {
			v := *(*V)(p)
			if text, ok := texts[any(v)]; ok {
				return text, nil
			}
			var zero V
			if any(v) == any(zero) {
				return nil, nil
			}
			return nil, fmt.Errorf("Enum has no text for the value %v", v)
		},
		set: func(p unsafe.Pointer, v schema.Value) error {
			*(*V)(p) = byKey[v.Key()]
			return nil
		},
	}, nil
}

// enumText returns what the attribute has for a text of an Enum.
func enumText(a *schema.Attr, text string) (any, error) {
	if a.Type != schema.Boolean {
		return text, nil
	}
	if text != "true" && text != "false" {
		return nil, fmt.Errorf("Enum has %q for a boolean; its texts are \"true\" and \"false\"", text)
	}
	return text == "true", nil
}

// splitCodec is for a list of texts in one string.
func splitCodec(t reflect.Type, a *schema.Attr, list bool, sep string) (codec, error) {
	if t.Kind() != reflect.String || !list {
		return codec{}, fmt.Errorf("Split is for a list of texts in a Go string, not a Go %s for %s", t, describe(a, list))
	}
	texts, err := sliceCodec(reflect.TypeFor[[]string](), a)
	if err != nil {
		return codec{}, err
	}
	return codec{
		get: func(p unsafe.Pointer) (any, error) {
			var parts []string
			for part := range strings.SplitSeq(*(*string)(p), sep) {
				if part = strings.TrimSpace(part); part != "" {
					parts = append(parts, part)
				}
			}
			return texts.get(unsafe.Pointer(&parts))
		},
		set: func(p unsafe.Pointer, v schema.Value) error {
			var parts []string
			if err := texts.set(unsafe.Pointer(&parts), v); err != nil {
				return err
			}
			joined, err := joinTexts(parts, sep)
			if err == nil {
				*(*string)(p) = joined
			}
			return err
		},
	}, nil
}

// joinCodec is for one text that holds the elements of a slice.
func joinCodec(t reflect.Type, a *schema.Attr, list bool, sep string) (codec, error) {
	if t.Kind() != reflect.Slice || t.Elem().Kind() != reflect.String || list || !isTextual(a) {
		return codec{}, fmt.Errorf("Join is for a single text in a Go slice of strings, not a Go %s for %s", t, describe(a, list))
	}
	return codec{
		get: func(p unsafe.Pointer) (any, error) {
			joined, err := joinTexts(*(*[]string)(p), sep)
			if joined == "" || err != nil {
				return nil, err
			}
			return joined, nil
		},
		set: func(p unsafe.Pointer, v schema.Value) error {
			var parts []string
			for part := range strings.SplitSeq(v.String(), sep) {
				if part = strings.TrimSpace(part); part != "" {
					parts = append(parts, part)
				}
			}
			*(*[]string)(p) = parts
			return nil
		},
	}, nil
}

func joinTexts(parts []string, sep string) (string, error) {
	for _, part := range parts {
		if strings.Contains(part, sep) {
			return "", fmt.Errorf("must not have %q in a value, which stands between values", sep)
		}
	}
	return strings.Join(parts, sep), nil
}

// describe says what an attribute holds.
func describe(a *schema.Attr, list bool) string {
	if list {
		return "a list of type " + a.Type.String()
	}
	return "a single value of type " + a.Type.String()
}

// prefixed is for a key that clients see with a prefix.
func prefixed(c codec, a *schema.Attr, prefix string) codec {
	return codec{
		get: func(p unsafe.Pointer) (any, error) {
			v, err := c.get(p)
			if text, ok := v.(string); ok {
				return prefix + text, err
			}
			return nil, err
		},
		set: func(p unsafe.Pointer, v schema.Value) error {
			text, ok := strings.CutPrefix(v.String(), prefix)
			if !ok {
				return fmt.Errorf("must begin with %q", prefix)
			}
			key, err := a.Make(text)
			if err == nil {
				err = c.set(p, key)
			}
			return err
		},
	}
}
