package transcript

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// A Kind is a way to check one value of a reply.
type Kind string

// The kinds of assertions, each spelled as in a transcript.
const (
	Eq            Kind = "eq"            // equal, JSON type included
	Absent        Kind = "absent"        // not there, not even as null
	EmptyOrAbsent Kind = "emptyOrAbsent" // not there, null, "", [], {} or an object of such
	Exists        Kind = "exists"        // there, and not null
	IsNumber      Kind = "isNumber"      // a JSON number
	GTE           Kind = "gte"           // a number, at least as large
	Len           Kind = "len"           // an array of that length; absent and null count as 0
	LenLTE        Kind = "lenLte"        // an array of at most that length
	Contains      Kind = "contains"      // an array with that element
	AnyMatch      Kind = "anyMatch"      // an array with an element that has these members
	SetEqBy       Kind = "setEqBy"       // an array whose elements have, at one member, exactly these values in any order
)

// An Assertion is one thing that must hold of a reply.
type Assertion struct {
	// Pointer is a JSON Pointer to the value.
	Pointer string
	Kind    Kind

	// Key is the member that SetEqBy compares.
	Key string

	// Operand is what the value is compared with, with placeholders in it.
	Operand json.RawMessage
}

// UnmarshalJSON reads an assertion such as {"ptr": "/active", "eq": false}.
func (a *Assertion) UnmarshalJSON(data []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return err
	}
	if err := json.Unmarshal(members["ptr"], &a.Pointer); err != nil {
		return fmt.Errorf("assertion %s: ptr is missing or not a string", data)
	}
	delete(members, "ptr")
	if key, ok := members[string(SetEqBy)]; ok {
		if err := json.Unmarshal(key, &a.Key); err != nil || members[string(Eq)] == nil {
			return fmt.Errorf("assertion %s: setEqBy needs the name of a member, and eq", data)
		}
		members[string(SetEqBy)] = members[string(Eq)]
		delete(members, string(Eq))
	}
	if len(members) != 1 {
		return fmt.Errorf("assertion %s: not exactly one kind", data)
	}
	for kind, operand := range members {
		a.Kind, a.Operand = Kind(kind), operand
	}
	if err := a.validate(); err != nil {
		return fmt.Errorf("assertion %s: %w", data, err)
	}
	return nil
}

// validate reports a kind that doesn't exist, or an operand that the kind
// can't work with.
func (a *Assertion) validate() error {
	if a.Pointer != "" && !strings.HasPrefix(a.Pointer, "/") {
		return fmt.Errorf("%q is not a JSON Pointer", a.Pointer)
	}
	var operand any
	if err := json.Unmarshal(a.Operand, &operand); err != nil {
		return err
	}
	var ok bool
	switch a.Kind {
	case Eq, Contains:
		ok = true
	case Absent, EmptyOrAbsent, Exists, IsNumber:
		ok = operand == true
	case GTE, Len, LenLTE:
		_, ok = operand.(float64)
	case AnyMatch:
		_, ok = operand.(map[string]any)
	case SetEqBy:
		_, ok = operand.([]any)
	default:
		return fmt.Errorf("unknown kind %q", a.Kind)
	}
	if !ok {
		return fmt.Errorf("%s can't have the operand %s", a.Kind, a.Operand)
	}
	return nil
}

// describe returns the assertion in words, for an error. operand has its
// placeholders replaced.
func (a *Assertion) describe(operand string) string {
	where := a.Pointer
	if where == "" {
		where = "the body"
	}
	switch a.Kind {
	case Absent, EmptyOrAbsent, Exists, IsNumber:
		return where + " " + string(a.Kind)
	case SetEqBy:
		return fmt.Sprintf("%s setEqBy %s %s", where, a.Key, operand)
	}
	return fmt.Sprintf("%s %s %s", where, a.Kind, operand)
}

// holds reports whether the assertion holds of the value that was found at its
// pointer, or of its absence.
func (a *Assertion) holds(got any, found bool, operand any) bool {
	switch a.Kind {
	case Eq:
		return found && reflect.DeepEqual(got, operand)
	case Absent:
		return !found
	case EmptyOrAbsent:
		return !found || isEmpty(got)
	case Exists:
		return found && got != nil
	case IsNumber:
		_, ok := got.(float64)
		return ok
	case GTE:
		n, ok := got.(float64)
		limit, _ := operand.(float64)
		return ok && n >= limit
	case Len:
		n, ok := length(got)
		return ok && operand == float64(n)
	case LenLTE:
		n, ok := length(got)
		limit, _ := operand.(float64)
		return ok && float64(n) <= limit
	case Contains:
		return slices.ContainsFunc(asArray(got), func(v any) bool { return reflect.DeepEqual(v, operand) })
	case AnyMatch:
		return slices.ContainsFunc(asArray(got), func(v any) bool { return hasMembers(v, operand) })
	case SetEqBy:
		return sameSet(got, a.Key, operand)
	}
	return false
}

// isEmpty reports whether v says nothing: RFC 7643, section 2.5, makes null
// and the empty array the same as no value, and clients treat an object
// without a value in it alike.
func isEmpty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		for _, member := range v {
			if !isEmpty(member) {
				return false
			}
		}
		return true
	}
	return false
}

// length returns the length of an array, where no value is an empty one.
func length(v any) (n int, ok bool) {
	if v == nil {
		return 0, true
	}
	array, ok := v.([]any)
	return len(array), ok
}

// hasMembers reports whether v is an object that has all members of want.
func hasMembers(v, want any) bool {
	object, ok := v.(map[string]any)
	if !ok {
		return false
	}
	members, _ := want.(map[string]any)
	for name, value := range members {
		if got, ok := object[name]; !ok || !reflect.DeepEqual(got, value) {
			return false
		}
	}
	return true
}

// sameSet reports whether the elements of the array v have at key the values
// of want, in any order. A value that comes twice is a fault: a set has it
// once, and a doubled member is what the assertion is there to find.
func sameSet(v any, key string, want any) bool {
	if _, ok := length(v); !ok {
		return false
	}
	left := slices.Clone(asArray(want))
	for _, element := range asArray(v) {
		object, _ := element.(map[string]any)
		value, ok := object[key]
		if !ok {
			return false
		}
		i := slices.IndexFunc(left, func(w any) bool { return reflect.DeepEqual(w, value) })
		if i < 0 {
			return false
		}
		left = slices.Delete(left, i, i+1)
	}
	return len(left) == 0
}

// asArray returns the array v, or an empty one if v is something else.
func asArray(v any) []any {
	array, _ := v.([]any)
	return array
}

// lookup finds the value a JSON Pointer points to (RFC 6901). Names are
// compared exactly: clients read replies with ordinary JSON libraries.
func lookup(doc any, pointer string) (v any, found bool) {
	if pointer == "" {
		return doc, true
	}
	v = doc
	for token := range strings.SplitSeq(pointer[1:], "/") {
		token = strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
		switch container := v.(type) {
		case map[string]any:
			if v, found = container[token]; !found {
				return nil, false
			}
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(container) {
				return nil, false
			}
			v = container[i]
		default:
			return nil, false
		}
	}
	return v, true
}
