package mapping

import (
	"context"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// swap is update by a [Swapper]; ErrNotImplemented if that can't do it.
func (s items[T]) swap(ctx context.Context, t scim.Tenant, key string, w scim.Write, p *plan[T]) (*schema.Resource, error) {
	repo, ok := s.repo.(Swapper[T])
	if !ok || !p.isPlain() || w.Old == nil || w.Version == "" || w.Old.Meta().Version != w.Version {
		return nil, scim.ErrNotImplemented
	}
	before, err := s.table.rebuild(key, w.Old)
	if err != nil {
		return nil, err
	}
	after, err := s.table.rebuild(key, w.Old)
	if err != nil {
		return nil, err
	}
	if err := p.change(after, s.now(), false); err != nil {
		return nil, err
	}
	if err := repo.Swap(ctx, t, key, before, after); err != nil {
		return nil, err
	}
	return s.table.Read(after)
}

// isPlain reports whether the change gives fields values whatever else the row has.
func (p *plan[T]) isPlain() bool {
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

// rebuild makes a row of the resource that was read from it. It is ErrNotImplemented if
// that does not look the same.
func (t *Table[T]) rebuild(key string, r *schema.Resource) (*T, error) {
	v := new(T)
	if err := t.SetKey(v, key); err != nil {
		return nil, err
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
			return nil, scim.ErrNotImplemented
		}
	}
	p := &plan[T]{table: t, kind: creates, next: r}
	for _, s := range t.slots {
		s.values(r, schema.Value{}, func(f *field[T], value schema.Value) {
			if !f.computed {
				p.steps = append(p.steps, step[T]{f, value})
			}
		})
	}
	if err := p.write(v); err != nil {
		return nil, scim.ErrNotImplemented
	}
	again, err := t.Read(v)
	if err != nil || !again.Equal(r) || !sameMeta(again.Meta(), m) {
		return nil, scim.ErrNotImplemented
	}
	return v, nil
}

func sameMeta(a, b schema.Meta) bool {
	return a.Version == b.Version && a.Created.Equal(b.Created) && a.LastModified.Equal(b.LastModified)
}
