package guides

import (
	"fmt"
	"regexp"
	"strings"
)

// place is where a SCIM path points to in a JSON document.
type place struct {
	urn, attr   string
	filterAttr  string // of attr[filterAttr eq "filterValue"]
	filterValue string
	sub         string
}

var pathForm = regexp.MustCompile(`^(?:(urn:.+):)?(\w+)(?:\[(\w+) eq "([^"]*)"\])?(?:\.(\w+))?$`)

func placeOf(path string) place {
	m := pathForm.FindStringSubmatch(path)
	if m == nil {
		panic("guides: " + path + " is no path")
	}
	return place{m[1], m[2], m[3], m[4], m[5]}
}

// set puts a value into a document, making what is on the way.
func set(doc map[string]any, path string, v any) {
	p := placeOf(path)
	if p.urn != "" {
		doc = child(doc, p.urn)
	}
	switch {
	case p.filterAttr != "":
		e := p.element(doc)
		if e == nil {
			e = map[string]any{p.filterAttr: p.filterValue}
			list, _ := doc[p.attr].([]any)
			doc[p.attr] = append(list, e)
		}
		e[p.sub] = v
	case p.sub != "":
		child(doc, p.attr)[p.sub] = v
	default:
		doc[p.attr] = v
	}
}

// remove takes an attribute out of a document.
func remove(doc map[string]any, path string) {
	p := placeOf(path)
	if p.urn != "" {
		doc = child(doc, p.urn)
	}
	if p.sub == "" {
		delete(doc, p.attr)
	} else if e := p.element(doc); e != nil {
		delete(e, p.sub)
	}
}

// Get returns what a document, decoded from JSON, has at a path; nil if it has nothing.
// A reference, as a manager, is its value.
func Get(doc map[string]any, path string) any {
	p := placeOf(path)
	if p.urn != "" {
		doc, _ = doc[p.urn].(map[string]any)
	}
	v := doc[p.attr]
	if p.sub != "" {
		v = p.element(doc)[p.sub]
	}
	if o, ok := v.(map[string]any); ok {
		return o["value"]
	}
	return v
}

// element returns the object that a sub-attribute belongs to.
func (p place) element(doc map[string]any) map[string]any {
	if p.filterAttr == "" {
		o, _ := doc[p.attr].(map[string]any)
		return o
	}
	list, _ := doc[p.attr].([]any)
	for _, e := range list {
		if o, ok := e.(map[string]any); ok && strings.EqualFold(fmt.Sprint(o[p.filterAttr]), p.filterValue) {
			return o
		}
	}
	return nil
}

func child(doc map[string]any, name string) map[string]any {
	o, ok := doc[name].(map[string]any)
	if !ok {
		o = map[string]any{}
		doc[name] = o
	}
	return o
}
