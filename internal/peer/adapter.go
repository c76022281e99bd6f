package peer

import (
	"maps"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/elimity-com/scim"
	scimerrors "github.com/elimity-com/scim/errors"
	"github.com/elimity-com/scim/schema"
	"github.com/scim2/filter-parser/v2"
)

// adapter is the library's ResourceHandler for one resource type.
type adapter struct {
	store        *Store
	table        *table
	name         string
	endpoint     string
	core         schema.Schema
	exts         []schema.Schema
	patchIsQuiet bool // a PATCH answers 204
}

var _ scim.ResourceHandler = (*adapter)(nil)

// Create implements [scim.ResourceHandler].
func (a *adapter) Create(_ *http.Request, attrs scim.ResourceAttributes) (scim.Resource, error) {
	dropPassword(attrs)
	return value(a.table.insert(attrs))
}

// Get implements [scim.ResourceHandler].
func (a *adapter) Get(_ *http.Request, id string) (scim.Resource, error) {
	r, ok := a.table.get(id)
	if !ok {
		return scim.Resource{}, scimerrors.ScimErrorResourceNotFound(id)
	}
	return *r, nil
}

// Replace implements [scim.ResourceHandler].
func (a *adapter) Replace(_ *http.Request, id string, attrs scim.ResourceAttributes) (scim.Resource, error) {
	dropPassword(attrs)
	return value(a.table.update(id, func(scim.ResourceAttributes) (scim.ResourceAttributes, error) {
		return attrs, nil
	}))
}

// Delete implements [scim.ResourceHandler].
func (a *adapter) Delete(_ *http.Request, id string) error {
	if !a.table.remove(id) {
		return scimerrors.ScimErrorResourceNotFound(id)
	}
	return nil
}

// Patch implements [scim.ResourceHandler].
func (a *adapter) Patch(_ *http.Request, id string, ops []scim.PatchOperation) (scim.Resource, error) {
	r, err := value(a.table.update(id, func(old scim.ResourceAttributes) (scim.ResourceAttributes, error) {
		return a.applyPatch(old, ops)
	}))
	if err != nil || a.patchIsQuiet {
		// A resource without attributes makes the library answer 204.
		return scim.Resource{}, err
	}
	return r, nil
}

// GetAll implements [scim.ResourceHandler].
func (a *adapter) GetAll(_ *http.Request, params scim.ListRequestParams) (scim.Page, error) {
	start := params.StartIndex - 1
	if params.FilterValidator == nil {
		resources, total := a.table.page(start, params.Count)
		return newPage(resources, total), nil
	}
	matches, err := a.search(params)
	if err != nil {
		return scim.Page{}, err
	}
	return newPage(window(matches, start, params.Count), len(matches)), nil
}

// search returns all resources that pass the filter.
func (a *adapter) search(params scim.ListRequestParams) (matches []*scim.Resource, err error) {
	expr := params.FilterValidator.GetFilter()
	if a.store.indexed.Load() {
		if key, ok := a.equality(expr); ok {
			if r, ok := a.table.find(key); ok {
				matches = append(matches, r)
			}
			return matches, nil
		}
	}
	// The library panics when a value has another type than the filter's
	// operator can compare, such as a complex one.
	defer func() {
		if recover() != nil {
			matches, err = nil, scimerrors.ScimErrorInvalidFilter
		}
	}()
	all, _ := a.table.page(0, math.MaxInt)
	flat := a.needsFlat(expr)
	for _, r := range all {
		attrs := map[string]any(r.Attributes)
		if flat {
			attrs = a.flatten(r)
		}
		if params.FilterValidator.PassesFilter(attrs) == nil {
			matches = append(matches, r)
		}
	}
	return matches, nil
}

// equality returns the value that expr compares the unique attribute with, if
// that is all it does.
func (a *adapter) equality(expr filter.Expression) (string, bool) {
	e, ok := expr.(*filter.AttributeExpression)
	if !ok || e.Operator != filter.EQ || !strings.EqualFold(e.AttributePath.AttributeName, a.table.unique) {
		return "", false
	}
	if uri := e.AttributePath.URI(); uri != "" && uri != a.core.ID {
		return "", false
	}
	key, ok := e.CompareValue.(string)
	return key, ok
}

// needsFlat reports whether expr names an attribute that the library doesn't
// find among those it has handed over: one of an extension, id or meta.
func (a *adapter) needsFlat(expr filter.Expression) bool {
	switch e := expr.(type) {
	case *filter.AttributeExpression:
		return a.outsideCore(e.AttributePath)
	case *filter.ValuePath:
		return a.outsideCore(e.AttributePath)
	case *filter.LogicalExpression:
		return a.needsFlat(e.Left) || a.needsFlat(e.Right)
	case *filter.NotExpression:
		return a.needsFlat(e.Expression)
	default:
		return true
	}
}

func (a *adapter) outsideCore(path filter.AttributePath) bool {
	if uri := path.URI(); uri != "" && uri != a.core.ID {
		return true
	}
	if strings.EqualFold(path.AttributeName, schema.CommonAttributeExternalID) {
		return false
	}
	_, ok := a.core.Attributes.ContainsAttribute(path.AttributeName)
	return !ok
}

// flatten returns the attributes of r with id and meta among them, and those
// of extensions under their full names.
func (a *adapter) flatten(r *scim.Resource) map[string]any {
	attrs := maps.Clone(map[string]any(r.Attributes))
	attrs[schema.CommonAttributeID] = r.ID
	attrs[schema.CommonAttributeMeta] = map[string]any{
		"resourceType": a.name,
		"created":      r.Meta.Created.Format(time.RFC3339),
		"lastModified": r.Meta.LastModified.Format(time.RFC3339),
		"location":     a.endpoint[1:] + "/" + r.ID,
		"version":      r.Meta.Version,
	}
	for _, ext := range a.exts {
		for name, v := range asMap(r.Attributes[ext.ID]) {
			attrs[ext.ID+":"+name] = v
		}
	}
	return attrs
}

func newPage(resources []*scim.Resource, total int) scim.Page {
	// The library writes a nil slice as null.
	p := scim.Page{TotalResults: total, Resources: make([]scim.Resource, len(resources))}
	for i, r := range resources {
		p.Resources[i] = *r
	}
	return p
}

func value(r *scim.Resource, err error) (scim.Resource, error) {
	if err != nil {
		return scim.Resource{}, err
	}
	return *r, nil
}

// dropPassword removes the password, which is never returned and which this
// store has no use for.
func dropPassword(attrs scim.ResourceAttributes) {
	delete(attrs, "password")
}
