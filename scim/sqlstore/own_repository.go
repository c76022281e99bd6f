package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/scim"
)

// Repository keeps rows of the application's own table: a Repository of package
// mapping. It is made by [Users] and may be used from many goroutines and in many
// processes at once. An application that does more with a row than its columns say does
// it by [Repository.Then].
type Repository[T any] struct {
	own[T]

	// memberships are the tables that rows are members in.
	memberships []*membership
}

// Users returns a repository of users, or of resources of any other type than groups,
// over a table of the application, for UserStore and ResourceStore of package mapping:
//
//	accounts, err := sqlstore.Users(ctx, db, users, sqlstore.Table{Name: "accounts", Tenant: "org_id"}, sqlstore.Options{})
//	…
//	scim.Config{Users: mapping.UserStore(users, accounts), …}
//
// Its error names everything in the table that the mapping does not fit. Of the
// options it uses Dialect and Tx.
func Users[T any](ctx context.Context, db *sql.DB, m Mapper[T], t Table, o Options) (*Repository[T], error) {
	x, err := openOwn(ctx, db, m, t, o)
	if err != nil {
		return nil, err
	}
	return &Repository[T]{own: *x}, nil
}

// Then sets what is done in the transaction that has stored a row, new or changed: for
// what the application keeps of it in other tables, see [Within]. An error undoes
// both and is the answer. v is as it is stored, and not to be changed. Then is called
// before the repository is used, and returns it.
func (r *Repository[T]) Then(f func(ctx context.Context, t scim.Tenant, v *T) error) *Repository[T] {
	r.then = f
	return r
}

// stored calls what Then has set.
func (x *own[T]) stored(ctx context.Context, t scim.Tenant, v *T) error {
	if x.then == nil {
		return nil
	}
	return x.then(ctx, t, v)
}

// InTx is [State.InTx]: rows and Muster's records on the same database share a
// transaction.
func (r *Repository[T]) InTx(ctx context.Context, f func(ctx context.Context) error) error {
	return r.d.inTx(ctx, f)
}

// ListsByKey says that pages can be asked for by where the last one ended.
func (r *Repository[T]) ListsByKey() bool { return true }

// LeavesStored says that Create and Update leave in a row what the database has
// stored.
func (r *Repository[T]) LeavesStored() bool { return true }

// Get returns a row, in sight or not, or [scim.ErrNotFound].
func (r *Repository[T]) Get(ctx context.Context, t scim.Tenant, id string) (*T, error) {
	return r.read(ctx, t, id, "")
}

// read returns a row. A lock keeps others from changing it until the transaction ends.
func (x *own[T]) read(ctx context.Context, t scim.Tenant, id, lock string) (v *T, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	a := &args{d: x.d}
	where, err := x.one(t, id, a)
	if err != nil {
		return nil, err
	}
	err = x.d.queryText(ctx, func(rows Rows) error {
		v, err = x.scan(rows)
		return err
	}, "SELECT "+x.list+" FROM "+x.name+" AS "+alias+" WHERE "+where+lock, a.all)
	if err == nil && v == nil {
		err = scim.ErrNotFound
	}
	return v, err
}

// one is the condition on one row.
func (x *own[T]) one(t scim.Tenant, id string, a *args) (string, error) {
	where, ok := x.base(t, a)
	key, err := x.key(id)
	if !ok || errors.Is(err, errNoKey) {
		return "", scim.ErrNotFound
	}
	return where + " AND " + x.idColumn() + " = " + a.bind(key), err
}

// locked is what makes a SELECT hold the row. In SQLite the writer is alone.
func (x *own[T]) locked() string {
	if x.d.dialect == filter.PostgreSQL {
		return " FOR UPDATE"
	}
	return ""
}

// Create stores a row with its values that are not left to the database: keys, and
// columns without a value that have a default. It is [scim.Taken] if a value is in use.
func (r *Repository[T]) Create(ctx context.Context, t scim.Tenant, v *T) error {
	return r.create(ctx, t, v, nil)
}

// create is Create; with, if not nil, is done in the same transaction.
func (x *own[T]) create(ctx context.Context, t scim.Tenant, v *T, with func(ctx context.Context) error) error {
	if x.m.ID(v) == "" && x.table.NewKey != nil {
		if err := x.m.SetKey(v, x.table.NewKey()); err != nil {
			return fmt.Errorf("sqlstore: Table.NewKey: %w", err)
		}
	}
	p, err := x.attempt(t, v, nil, nil, func(ctx context.Context, g *guard) (bool, error) {
		done, err := x.insert(ctx, t, v, g)
		if done && err == nil && with != nil {
			err = with(ctx)
		}
		if done && err == nil {
			err = x.stored(ctx, t, v)
		}
		return done, err
	})
	if err != nil {
		return err
	}
	return p.alone(ctx, with != nil || x.then != nil)
}

// insert stores a new row; done is false if the guard refuses it.
func (x *own[T]) insert(ctx context.Context, t scim.Tenant, v *T, g *guard) (done bool, err error) {
	values, err := x.values(v)
	if err != nil {
		return false, err
	}
	a := &args{d: x.d}
	var names, places []string
	add := func(name, cast string, value any) {
		names = append(names, quote(name))
		place := a.bind(value)
		if x.d.dialect == filter.PostgreSQL {
			place = "CAST(" + place + " AS " + cast + ")"
		}
		places = append(places, place)
	}
	assigned := x.m.Assigned(v)
	for i, c := range x.columns {
		if assigned[i] || !c.hasDefault && !c.nullable {
			if i == x.id && !assigned[i] {
				return false, fmt.Errorf("sqlstore: the key of %s has no default: set Table.NewKey, or OnCreate of the mapping", x.name)
			}
			add(c.name, c.cast, values[i])
		}
	}
	switch {
	case x.table.Tenant != "":
		if k := slices.IndexFunc(x.columns, func(c column) bool { return c.name == x.table.Tenant }); k < 0 {
			add(x.table.Tenant, x.tenantCast, string(t))
		}
	case t != x.table.Only:
		return false, scim.ErrNotFound
	}
	text := "INSERT INTO " + x.name + " (" + strings.Join(names, ", ") + ") SELECT " + strings.Join(places, ", ") + " WHERE " + g.condition(a)
	err = x.d.changeText(ctx, func(rows Rows) error {
		stored, err := x.scan(rows)
		if err == nil {
			*v, done = *stored, true
		}
		return err
	}, text+" RETURNING "+x.list, a.all)
	return done, err
}

// Update locks the row, calls change with it, and stores the columns that differ then.
// It is [scim.Taken] if a value is in use.
func (r *Repository[T]) Update(ctx context.Context, t scim.Tenant, id string, change func(*T) error) error {
	return r.changing(ctx, t, id, func(ctx context.Context) (*T, func(*T) error, error) {
		v, err := r.read(ctx, t, id, r.locked())
		return v, change, err
	})
}

// changing stores what a function does to a row, in a transaction in which load reads
// and locks the row.
func (x *own[T]) changing(ctx context.Context, t scim.Tenant, id string, load func(ctx context.Context) (*T, func(*T) error, error)) error {
	var p *attempt[T]
	err := x.d.inTx(ctx, func(ctx context.Context) error {
		p = nil
		v, change, err := load(ctx)
		if err != nil {
			return err
		}
		if p, err = x.change(t, id, v, change); p == nil || err != nil {
			return err
		}
		return p.run(ctx)
	})
	if p == nil {
		return err
	}
	return p.settle(ctx, err)
}

// Swap stores the columns in which two rows differ, in the row that has the version of
// the first and is in sight: by one statement, without a transaction unless something is
// to be done [Repository.Then].
func (r *Repository[T]) Swap(ctx context.Context, t scim.Tenant, id string, before, after *T) error {
	if r.version < 0 {
		return scim.ErrNotImplemented
	}
	from, err := r.values(before)
	if err != nil {
		return err
	}
	to, err := r.values(after)
	if err != nil {
		return err
	}
	if from[r.version] == nil || slices.EqualFunc(from, to, sameValue) {
		return scim.ErrNotImplemented
	}
	old, err := r.m.Read(before)
	if err != nil {
		return err
	}
	p, err := r.attempt(t, after, old, &id, func(ctx context.Context, g *guard) (bool, error) {
		current := &guard{conditions: append(slices.Clip(g.conditions), func(a *args) string {
			return r.seen(alias+"."+quote(r.columns[r.version].name)+" = "+a.bind(from[r.version]), false)
		})}
		return r.replace(ctx, t, id, after, from, to, current)
	})
	if err != nil {
		return err
	}
	if err = p.alone(ctx, r.then != nil); errors.Is(err, scim.ErrVersionMismatch) {
		err = scim.ErrNotImplemented
	}
	return err
}

// change calls a function with a row that is locked, and returns the write of what it has
// changed; nil if that is nothing.
func (x *own[T]) change(t scim.Tenant, id string, v *T, change func(*T) error) (*attempt[T], error) {
	before, err := x.values(v)
	if err != nil {
		return nil, err
	}
	old, err := x.m.Read(v)
	if err != nil {
		return nil, err
	}
	wasHidden := x.m.Hidden(v)
	if err := change(v); err != nil {
		return nil, err
	}
	if wasHidden {
		old = nil // all of its unique values come into use
	}
	after, err := x.values(v)
	if err != nil || slices.EqualFunc(before, after, sameValue) {
		return nil, err
	}
	return x.attempt(t, v, old, &id, func(ctx context.Context, g *guard) (bool, error) {
		return x.replace(ctx, t, id, v, before, after, g)
	})
}

// replace stores the columns that differ; done is false if the guard refuses it.
func (x *own[T]) replace(ctx context.Context, t scim.Tenant, id string, v *T, before, after []any, g *guard) (done bool, err error) {
	a := &args{d: x.d}
	var sets []string
	for i, c := range x.columns {
		if !sameValue(before[i], after[i]) {
			if i == x.id {
				return false, fmt.Errorf("sqlstore: the key of a row of %s was changed", x.name)
			}
			sets = append(sets, quote(c.name)+" = "+a.bind(after[i]))
		}
	}
	where, err := x.one(t, id, a)
	if err != nil {
		return false, err
	}
	err = x.d.changeText(ctx, func(rows Rows) error {
		stored, err := x.scan(rows)
		if err == nil {
			*v, done = *stored, true
		}
		return err
	}, "UPDATE "+x.name+" AS "+alias+" SET "+strings.Join(sets, ", ")+" WHERE "+where+" AND "+g.condition(a)+" RETURNING "+x.list, a.all)
	if done && err == nil {
		err = x.stored(ctx, t, v)
	}
	return done, err
}

// Delete erases a row, in sight or not, and its memberships.
func (r *Repository[T]) Delete(ctx context.Context, t scim.Tenant, id string) error {
	return r.DeleteIf(ctx, t, id, nil)
}

// DeleteIf locks the row, calls check with it and erases it unless that fails.
func (r *Repository[T]) DeleteIf(ctx context.Context, t scim.Tenant, id string, check func(*T) error) error {
	return r.remove(ctx, t, id, check, func(ctx context.Context, key any) error {
		for _, m := range r.memberships {
			if err := m.leaveAll(ctx, t, key); err != nil {
				return err
			}
		}
		return r.table.Roles.forget(ctx, r.d, t, key)
	})
}

// remove deletes a row after what depends on it.
func (x *own[T]) remove(ctx context.Context, t scim.Tenant, id string, check func(*T) error, dependents func(ctx context.Context, key any) error) error {
	return x.d.inTx(ctx, func(ctx context.Context) error {
		v, err := x.read(ctx, t, id, x.locked())
		if err != nil {
			return err
		}
		if check != nil {
			if err := check(v); err != nil {
				return err
			}
		}
		key, err := x.key(id)
		if err != nil {
			return err
		}
		if err := dependents(ctx, key); err != nil {
			return err
		}
		a := &args{d: x.d}
		where, err := x.one(t, id, a)
		if err != nil {
			return err
		}
		_, err = x.d.execText(ctx, "DELETE FROM "+x.name+" AS "+alias+" WHERE "+where, a.all)
		return err
	})
}
