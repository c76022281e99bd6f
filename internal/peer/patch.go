package peer

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/elimity-com/scim"
	scimerrors "github.com/elimity-com/scim/errors"
	scimfilter "github.com/elimity-com/scim/filter"
	"github.com/elimity-com/scim/schema"
	"github.com/scim2/filter-parser/v2"
)

// applyPatch returns what ops make of old. It copies what it changes and
// shares the rest, because readers may still encode old.
func (a *adapter) applyPatch(old scim.ResourceAttributes, ops []scim.PatchOperation) (scim.ResourceAttributes, error) {
	attrs := maps.Clone(old)
	for _, op := range ops {
		if err := a.applyOperation(attrs, op); err != nil {
			return nil, err
		}
	}
	dropPassword(attrs)
	for _, attr := range a.core.Attributes {
		if v := attrs[attr.Name()]; attr.Required() && (v == nil || v == "") {
			return nil, scimerrors.ScimErrorInvalidValue
		}
	}
	return attrs, nil
}

func (a *adapter) applyOperation(attrs scim.ResourceAttributes, op scim.PatchOperation) error {
	if op.Path != nil {
		return a.applyAt(attrs, op.Op, op.Path, op.Value)
	}
	values, ok := op.Value.(map[string]any)
	if !ok {
		return scimerrors.ScimErrorInvalidValue
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		path := filter.Path{AttributePath: filter.AttributePath{AttributeName: name}}
		if _, ok := a.core.Attributes.ContainsAttribute(name); !ok {
			// A key may be a whole path, such as name.familyName.
			var err error
			if path, err = filter.ParsePath([]byte(name)); err != nil {
				return scimerrors.ScimErrorInvalidPath
			}
		}
		if err := a.applyAt(attrs, op.Op, &path, values[name]); err != nil {
			return err
		}
	}
	return nil
}

func (a *adapter) applyAt(attrs scim.ResourceAttributes, op string, path *filter.Path, v any) error {
	attr, ext, ok := a.attribute(path.AttributePath)
	if !ok {
		return scimerrors.ScimErrorInvalidPath
	}
	if attr.Mutability() == "readOnly" {
		return scimerrors.ScimErrorMutability
	}
	t := target{op: op, attr: attr, filter: path.ValueExpression}
	if name := cmp.Or(path.SubAttributeName(), path.AttributePath.SubAttributeName()); name != "" {
		sub, ok := attr.SubAttributes().ContainsAttribute(name)
		if !ok {
			return scimerrors.ScimErrorInvalidPath
		}
		if sub.Mutability() == "readOnly" {
			return scimerrors.ScimErrorMutability
		}
		t.sub = sub.Name()
	}
	if ext == "" {
		return t.apply(attrs, v)
	}
	values := cloneMap(asMap(attrs[ext]))
	if err := t.apply(values, v); err != nil {
		return err
	}
	put(attrs, ext, values, len(values))
	return nil
}

// attribute returns the attribute that path names and, if an extension defines
// it, the extension's URI.
func (a *adapter) attribute(path filter.AttributePath) (attr schema.CoreAttribute, ext string, ok bool) {
	uri := path.URI()
	if uri == "" || strings.EqualFold(uri, a.core.ID) {
		if strings.EqualFold(path.AttributeName, schema.CommonAttributeExternalID) {
			return externalID, "", true
		}
		attr, ok = a.core.Attributes.ContainsAttribute(path.AttributeName)
		return attr, "", ok
	}
	for _, s := range a.exts {
		if strings.EqualFold(uri, s.ID) {
			attr, ok = s.Attributes.ContainsAttribute(path.AttributeName)
			return attr, s.ID, ok
		}
	}
	return attr, "", false
}

// externalID is the one common attribute that a client may change.
var externalID = schema.SimpleCoreAttribute(schema.SimpleStringParams(schema.StringParams{
	Name:      schema.CommonAttributeExternalID,
	CaseExact: true,
}))

// target is the place that one operation changes.
type target struct {
	op     string
	attr   schema.CoreAttribute
	sub    string            // name of the sub-attribute, "" for none
	filter filter.Expression // nil for none
}

// apply changes the target within container, the map that holds its attribute.
func (t target) apply(container map[string]any, v any) error {
	name := t.attr.Name()
	if t.attr.MultiValued() {
		list, err := t.applyToList(elements(container[name]), v)
		if err != nil {
			return err
		}
		put(container, name, list, len(list))
		return nil
	}
	if t.attr.HasSubAttributes() {
		values := t.applyToMap(asMap(container[name]), v)
		put(container, name, values, len(values))
		return nil
	}
	if t.op == scim.PatchOperationRemove {
		delete(container, name)
	} else {
		container[name] = v
	}
	return nil
}

// applyToMap returns what the operation makes of a complex value.
func (t target) applyToMap(old map[string]any, v any) map[string]any {
	remove := t.op == scim.PatchOperationRemove
	if t.sub == "" && remove {
		return nil
	}
	values := cloneMap(old)
	switch {
	case t.sub == "":
		// Sub-attributes that are not mentioned stay (RFC 7644, sections
		// 3.5.2.1 and 3.5.2.3).
		maps.Copy(values, asMap(v))
	case remove:
		delete(values, t.sub)
	default:
		values[t.sub] = v
	}
	return values
}

// applyToList returns what the operation makes of a multi-valued attribute.
func (t target) applyToList(old []any, v any) ([]any, error) {
	if t.filter != nil || t.sub != "" {
		return t.applyToMatches(old, v)
	}
	switch t.op {
	case scim.PatchOperationAdd:
		return t.add(old, elements(v)), nil
	case scim.PatchOperationReplace:
		return elements(v), nil
	}
	if v == nil {
		return nil, nil
	}
	return t.remove(old, elements(v)), nil
}

// applyToMatches changes or removes the elements that pass the filter.
func (t target) applyToMatches(old []any, v any) ([]any, error) {
	match := t.matcher()
	list := make([]any, 0, len(old))
	found := false
	for _, e := range old {
		if !match(e) {
			list = append(list, e)
			continue
		}
		found = true
		if t.op == scim.PatchOperationRemove && t.sub == "" {
			continue
		}
		if t.op == scim.PatchOperationReplace && t.sub == "" {
			list = append(list, v)
		} else {
			list = append(list, t.applyToMap(asMap(e), v))
		}
	}
	if found || t.op == scim.PatchOperationRemove {
		return list, nil
	}
	if t.op == scim.PatchOperationAdd {
		if values, ok := t.valuesOf(t.filter); ok {
			return append(list, t.applyToMap(values, v)), nil
		}
	}
	return nil, scimerrors.ScimErrorNoTarget
}

// matcher returns a function that reports whether an element passes the filter.
// Equality of a string, which nearly all value paths are, is compared here: the
// library makes an error for each element that it rejects.
func (t target) matcher() func(any) bool {
	if t.filter == nil {
		return func(any) bool { return true }
	}
	attrs := scimfilter.MultiValuedFilterAttributes(t.attr)
	if e, ok := t.filter.(*filter.AttributeExpression); ok && e.Operator == filter.EQ {
		sub, known := attrs.ContainsAttribute(e.AttributePath.AttributeName)
		want, isString := e.CompareValue.(string)
		if known && isString && sub.AttributeType() == "string" {
			equal := strings.EqualFold
			if sub.CaseExact() {
				equal = func(a, b string) bool { return a == b }
			}
			return func(e any) bool {
				got, ok := asMap(e)[sub.Name()].(string)
				return ok && equal(got, want)
			}
		}
	}
	validator := scimfilter.NewFilterValidator(t.filter, schema.Schema{Attributes: attrs})
	return func(e any) bool { return validator.PassesFilter(asMap(e)) == nil }
}

// valuesOf returns the values that an element must have to pass a filter of
// equalities, so that "add" can create it.
func (t target) valuesOf(expr filter.Expression) (map[string]any, bool) {
	switch e := expr.(type) {
	case *filter.AttributeExpression:
		sub, ok := t.attr.SubAttributes().ContainsAttribute(e.AttributePath.AttributeName)
		return map[string]any{sub.Name(): e.CompareValue}, ok && e.Operator == filter.EQ
	case *filter.LogicalExpression:
		left, ok := t.valuesOf(e.Left)
		right, ok2 := t.valuesOf(e.Right)
		if !ok || !ok2 || e.Operator != filter.AND {
			return nil, false
		}
		maps.Copy(left, right)
		return left, true
	default:
		return nil, false
	}
}

// add returns old followed by those of added that it does not hold.
func (t target) add(old, added []any) []any {
	list := make([]any, len(old), len(old)+len(added))
	copy(list, old)
	if len(added) == 1 {
		// One look at each element is cheaper than a set of all.
		key := t.key(added[0])
		if slices.ContainsFunc(old, func(e any) bool { return t.key(e) == key }) {
			return list
		}
		return append(list, added[0])
	}
	known := make(map[elementKey]bool, len(old)+len(added))
	for _, e := range old {
		known[t.key(e)] = true
	}
	for _, e := range added {
		if key := t.key(e); !known[key] {
			known[key] = true
			list = append(list, e)
		}
	}
	return list
}

// remove returns old without the elements that have the key of one of removed.
func (t target) remove(old, removed []any) []any {
	keys := make(map[elementKey]bool, len(removed))
	for _, e := range removed {
		keys[t.key(e)] = true
	}
	list := make([]any, 0, len(old))
	for _, e := range old {
		if !keys[t.key(e)] {
			list = append(list, e)
		}
	}
	return list
}

// elementKey tells the elements of a multi-valued attribute apart.
type elementKey struct{ value, kind string }

// key returns what identifies an element: the value of a member, the value and
// type of anything else. An element without a value, such as an address, is
// identified by its type and its formatted or street address.
func (t target) key(e any) elementKey {
	m := asMap(e)
	value, ok := m["value"].(string)
	if t.attr.Name() == "members" {
		return elementKey{value: value}
	}
	if !ok {
		formatted, _ := m["formatted"].(string)
		street, _ := m["streetAddress"].(string)
		value = formatted + "\n" + street
	}
	kind, _ := m["type"].(string)
	return elementKey{value, kind}
}

// elements returns the elements of a multi-valued attribute, of which the
// library accepts a single one outside a list.
func elements(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	default:
		return []any{v}
	}
}

func asMap(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

// cloneMap returns a copy of m that is not nil.
func cloneMap(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return maps.Clone(m)
}

// put stores v, which has n entries, or deletes the name if there are none: an
// attribute without a value is unassigned (RFC 7643, section 2.5).
func put(container map[string]any, name string, v any, n int) {
	if n == 0 {
		delete(container, name)
	} else {
		container[name] = v
	}
}
