package patch_test

import (
	"encoding/json"
	"strings"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/muster-scim/muster/schema"
)

// texts are few, so that they meet often. Some differ by case only, some need
// escapes.
var texts = []string{"a", "A", "b", "work", "home", "Work", "é", "É", ` q"\`, "{}", "True"}

// openKeys are keys of open extensions. Most of them are no paths.
var openKeys = []string{"k", "key-2", "a key", "d.o.t", `br[value eq "x"]`, "é", `"q"`, "a:b", "*", " k"}

// drawResource draws a resource of a type, without what clients can't write. What can
// be set only once is the same in all of them.
func drawResource(t *rapid.T, typ *schema.Type, label string) *schema.Resource {
	doc := map[string]any{}
	object := func(urn string) map[string]any {
		if urn == "" {
			return doc
		}
		if doc[urn] == nil {
			doc[urn] = map[string]any{}
		}
		return doc[urn].(map[string]any)
	}
	without := map[string]bool{}
	for _, e := range typ.Config().Extensions {
		urn := e.Schema.ID
		without[urn] = !e.Required && rapid.Bool().Draw(t, label+" without "+urn)
		if without[urn] || e.Schema.Open == nil {
			continue
		}
		for _, key := range rapid.SliceOfDistinct(rapid.SampledFrom(openKeys), rapid.ID).Draw(t, label+" keys") {
			a, _ := typ.ExtensionAttr(urn, key)
			object(urn)[key] = drawValue(t, a, label)
		}
	}
	for _, a := range typ.Attrs() {
		common := a.Path() == "schemas" || a.Path() == "id" || a.Path() == "meta"
		if common || without[a.URN()] || a.IsPassword() || a.Mutability == schema.ReadOnly || a.Mutability == schema.Immutable {
			continue
		}
		if a.Required || rapid.IntRange(0, 2).Draw(t, label+" "+a.Path()) == 0 {
			object(a.URN())[a.Name] = drawValue(t, a, label)
		}
	}
	if typ == thingType {
		object(mustURN)["a"] = "x"
	}
	data, err := json.Marshal(doc)
	require.NoError(t, err)
	return resource(t, typ, string(data))
}

func drawValue(t *rapid.T, a *schema.Attr, label string) any {
	if !a.MultiValued {
		return drawOne(t, a, label)
	}
	list := []any{}
	if a.Parent() != nil {
		// Decode leaves what is there twice in lists inside of complex values.
		for _, text := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"x", "y", "z"}), 1, 3, rapid.ID).Draw(t, label) {
			list = append(list, text)
		}
		return list
	}
	for range rapid.IntRange(1, 4).Draw(t, label+" elements") {
		list = append(list, drawOne(t, a, label))
	}
	return list
}

// drawOne draws one value. Elements have a "value", or no "primary": without both,
// two that differ by primary alone may become the same.
func drawOne(t *rapid.T, a *schema.Attr, label string) any {
	switch a.Type {
	case schema.Complex:
		object := map[string]any{}
		value := a.SubAttr("value")
		for _, s := range a.Subs() {
			once := s.Mutability == schema.Immutable && !a.MultiValued
			if s.Mutability == schema.ReadOnly || once || value == nil && s.Name == "primary" {
				continue
			}
			if s.Required || s == value || rapid.IntRange(0, 2).Draw(t, label+" "+s.Path()) > 0 {
				object[s.Name] = drawValue(t, s, label)
			}
		}
		return object
	case schema.Boolean:
		return rapid.Bool().Draw(t, label)
	case schema.Integer:
		return rapid.IntRange(-2, 2).Draw(t, label)
	case schema.Decimal:
		return rapid.SampledFrom([]float64{0, 1, -1.5, 1e300}).Draw(t, label)
	case schema.DateTime:
		return rapid.SampledFrom([]string{"2020-01-01T00:00:00Z", "2020-01-01T01:00:00+01:00"}).Draw(t, label)
	case schema.Binary:
		return rapid.SampledFrom([]string{"TWE=", "TWFu"}).Draw(t, label)
	case schema.Reference:
		return rapid.SampledFrom([]string{"https://example.com/Users/a", "b"}).Draw(t, label)
	}
	return rapid.SampledFrom(texts).Draw(t, label)
}

// drawOp draws an operation on an attribute of a type, in one of the forms that
// clients send. Most of them can be applied.
func drawOp(t *rapid.T, typ *schema.Type) string {
	var attrs []*schema.Attr
	for _, a := range typ.Attrs() {
		if a.Mutability == schema.ReadWrite && a.Path() != "schemas" {
			attrs = append(attrs, a)
		}
	}
	for _, path := range []string{openURN + ":k", openURN + ":K", tagsURN + ":k", tagsURN + ":K"} {
		if a, ok := typ.Attr(path); ok {
			attrs = append(attrs, a)
		}
	}
	kind := rapid.SampledFrom([]string{"add", "remove", "replace", "replace"}).Draw(t, "kind")
	a := rapid.SampledFrom(attrs).Draw(t, "attribute")
	if a.URN() != "" && rapid.IntRange(0, 9).Draw(t, "extension") == 0 {
		return drawExtensionOp(t, kind, a)
	}
	path, target, list := a.Path(), a, a.MultiValued
	if a.MultiValued && rapid.IntRange(0, 3).Draw(t, "filter") > 0 {
		path, list = path+"["+drawFilter(t, a)+"]", false
	}
	if a.Type == schema.Complex && !list && rapid.Bool().Draw(t, "sub") {
		target = rapid.SampledFrom(a.Subs()).Draw(t, "sub-attribute")
		path, list = path+"."+target.Name, target.MultiValued
	}
	op := map[string]any{"op": kind}
	var value any
	switch n := rapid.IntRange(0, 9).Draw(t, "value"); {
	case n == 0:
	case n == 1 && list:
		value = []any{}
	case list:
		value = drawValue(t, target, "value")
	default:
		value = drawOne(t, target, "value")
	}
	switch {
	case kind == "remove" && (!list || rapid.Bool().Draw(t, "all")):
		op["path"] = path
	case kind != "remove" && rapid.IntRange(0, 3).Draw(t, "key") == 0:
		op["value"] = map[string]any{path: value}
	default:
		op["path"], op["value"] = path, value
	}
	data, err := json.Marshal(op)
	require.NoError(t, err)
	return string(data)
}

func drawExtensionOp(t *rapid.T, kind string, a *schema.Attr) string {
	op := map[string]any{"op": kind, "path": a.URN(), "value": map[string]any{a.Name: drawValue(t, a, "value")}}
	if kind == "remove" {
		delete(op, "value")
	}
	data, err := json.Marshal(op)
	require.NoError(t, err)
	return string(data)
}

// drawFilter draws what stands in brackets. Elements of a list of simple values are
// called "value".
func drawFilter(t *rapid.T, a *schema.Attr) string {
	name, s := "value", a
	if a.Type == schema.Complex {
		s = rapid.SampledFrom(a.Subs()).Draw(t, "filtered")
		name = s.Name
	}
	literal, err := json.Marshal(drawOne(t, s, "literal"))
	require.NoError(t, err)
	op := rapid.SampledFrom([]string{"eq", "eq", "eq", "ne", "pr"}).Draw(t, "operator")
	if op == "pr" {
		return name + " pr"
	}
	return strings.Join([]string{name, op, string(literal)}, " ")
}

// drawJSON draws a value of any shape; names are those of attributes, mostly.
func drawJSON(t *rapid.T, names []string, depth int) any {
	switch n := rapid.IntRange(0, 9).Draw(t, "shape"); {
	case n < 2 && depth > 0:
		list := []any{}
		for range rapid.IntRange(0, 3).Draw(t, "elements") {
			list = append(list, drawJSON(t, names, depth-1))
		}
		return list
	case n < 5 && depth > 0:
		object := map[string]any{}
		for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 4, strings.ToLower).Draw(t, "names") {
			object[name] = drawJSON(t, names, depth-1)
		}
		return object
	case n == 5:
		return nil
	case n == 6:
		return rapid.Bool().Draw(t, "boolean")
	case n == 7:
		return rapid.SampledFrom([]float64{0, 1, 1.5, 1e30}).Draw(t, "number")
	}
	return rapid.SampledFrom(append([]string{"", "x", "2020-01-01T00:00:00Z", "u1"}, texts...)).Draw(t, "text")
}
