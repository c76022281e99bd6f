package mapping

import (
	"context"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// swap is update by a [Swapper]; ErrNotImplemented if that can't do it.
func (s items[T]) swap(ctx context.Context, t scim.Tenant, key string, w scim.Write, p *plan) (*schema.Resource, error) {
	repo, ok := s.repo.(Swapper[T])
	if !ok || !p.isPlain() || w.Old == nil || w.Version == "" || w.Old.Version() != w.Version {
		return nil, scim.ErrNotImplemented
	}
	before, after := new(T), new(T)
	for _, v := range []*T{before, after} {
		if err := s.table.rebuild(v, key, w.Old); err != nil {
			return nil, err
		}
	}
	if err := p.change(after, s.now(), false); err != nil {
		return nil, err
	}
	if err := repo.Swap(ctx, t, key, before, after); err != nil {
		return nil, err
	}
	return s.table.read(after)
}

// isPlain reports whether the change gives fields values whatever else the row has.
func (p *plan) isPlain() bool {
	if p.table.special[isVersion] == nil || len(p.keys) > 0 || p.keepsRest() || p.password.IsSet() {
		return false
	}
	for _, s := range p.steps {
		if s.field.computed {
			return false
		}
	}
	return true
}

// rebuild makes v the row that a resource was read from. It is ErrNotImplemented if that
// does not look the same.
func (t *table) rebuild(v row, key string, r *schema.Resource) error {
	if err := t.setKey(v, key); err != nil {
		return err
	}
	m := r.Meta()
	for role, value := range map[role]any{isVersion: m.Version, isCreated: m.Created, isModified: m.LastModified} {
		f := t.special[role]
		if f == nil || f.computed {
			continue
		}
		made, err := t.attrs[role].Make(value)
		if err == nil {
			err = f.write(v, made)
		}
		if err != nil {
			return scim.ErrNotImplemented
		}
	}
	p := &plan{table: t, kind: creates, next: r}
	for _, s := range t.slots {
		s.values(r, schema.Value{}, func(f *field, value schema.Value) {
			if !f.computed {
				p.steps = append(p.steps, step{f, value})
			}
		})
	}
	if err := p.write(v); err != nil {
		return scim.ErrNotImplemented
	}
	again, err := t.read(v)
	if err != nil || !again.Equal(r) || !sameMeta(again.Meta(), m) {
		return scim.ErrNotImplemented
	}
	return nil
}

func sameMeta(a, b schema.Meta) bool {
	return a.Version == b.Version && a.Created.Equal(b.Created) && a.LastModified.Equal(b.LastModified)
}
