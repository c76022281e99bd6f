package scim

import (
	"fmt"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
)

// defaulted fills in what the settings say and a body does not name. null and [] are
// said: they keep an attribute unassigned (RFC 7644, section 3.3), but for one that is
// required, which can't be.
func (c *collection) defaulted(q *request, r *schema.Resource, named func(*schema.Attr) bool) (*schema.Resource, error) {
	if c != q.h.users || len(q.settings.Defaults) == 0 {
		return r, nil
	}
	b := r.Edit()
	for path, v := range q.settings.Defaults {
		a, err := c.defaultAttr(path)
		if err != nil {
			return nil, err
		}
		if !named(a.Top()) || a.Required && isBlank(r.Get(path)) {
			b.Set(path, v)
		}
	}
	return b.Build()
}

// keptRequired is defaulted for a replacement: what it does not name is taken away, which
// what is required can't be.
func (c *collection) keptRequired(q *request, r *schema.Resource) (*schema.Resource, error) {
	return c.defaulted(q, r, func(*schema.Attr) bool { return true })
}

func isBlank(v schema.Value) bool { return v.IsZero() || v.String() == "" }

func (c *collection) defaultAttr(path string) (*schema.Attr, error) {
	a, ok := c.typ.Attr(path)
	if !ok {
		return nil, fmt.Errorf("scim: Settings.Defaults has %q, which is no attribute of %s", path, c.typ.Name())
	}
	return a, nil
}

// defaultedOps makes of operations that would take a required attribute away some that
// set it to what the settings say.
func (c *collection) defaultedOps(q *request, ops []patch.Op) ([]patch.Op, error) {
	if c != q.h.users || len(q.settings.Defaults) == 0 {
		return ops, nil
	}
	all := make([]patch.Op, len(ops))
	for i, op := range ops {
		all[i] = op
		a := op.Target.Attr
		if a == nil || !a.Required || a.MultiValued || op.Target.Sub != nil || op.Kind != patch.Remove && !op.Value.IsZero() {
			continue
		}
		for path, v := range q.settings.Defaults {
			if other, err := c.defaultAttr(path); err != nil {
				return nil, err
			} else if other != a {
				continue
			}
			value, err := a.Make(v)
			if err != nil {
				return nil, err
			}
			all[i].Kind, all[i].Value, all[i].Null = patch.Replace, value, false
		}
	}
	return all, nil
}
