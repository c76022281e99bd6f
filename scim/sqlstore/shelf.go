package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// shelf is one kind of resources in all tenants, with the noun taken off: what
// users, groups and others have in common.
type shelf struct {
	d     *database
	kind  string
	typ   *schema.Type
	index indexing
}

func newShelf(d *database, kind string, t *schema.Type, o Options) *shelf {
	return &shelf{d: d, kind: kind, typ: t, index: newIndexing(kind, t, o)}
}

// check refuses resources of a type that is not the store's: their attributes
// would be looked for in vain.
func (s *shelf) check(r *schema.Resource) error {
	switch {
	case r == nil:
		return errors.New("sqlstore: Write.New is nil")
	case r.Type() != s.typ:
		return fmt.Errorf("sqlstore: a %s of another type than the store's: give one *schema.Type to both sqlstore.Options and scim.Config, as Store.UserType and Store.GroupType return it", r.Type().Name())
	}
	return nil
}

func (s *shelf) get(ctx context.Context, t scim.Tenant, id string) (*schema.Resource, error) {
	f, err := s.read(ctx, t, id, "")
	return f.resource, err
}

// read returns a row, or ErrNotFound. A lock keeps others from changing it until
// the transaction ends.
func (s *shelf) read(ctx context.Context, t scim.Tenant, id, lock string) (f found, err error) {
	if err := ctx.Err(); err != nil {
		return f, err
	}
	if !isID(id) {
		return f, scim.ErrNotFound
	}
	err = s.d.query(ctx, func(rows Rows) error {
		f, err = s.scan(rows)
		return err
	}, "SELECT "+rowColumns+" FROM {resources} r WHERE r.tenant = $1 AND r.kind = $2 AND r.id = $3"+lock, name(t), s.kind, id)
	if err == nil && f.resource == nil {
		err = scim.ErrNotFound
	}
	return f, err
}

// name returns a tenant as the tables have it.
func name(t scim.Tenant) string { return filter.SQLText(string(t)) }

func (s *shelf) create(ctx context.Context, t scim.Tenant, r *schema.Resource) (*schema.Resource, error) {
	if err := s.check(r); err != nil {
		return nil, err
	}
	w := s.newRow(name(t), r)
	now := s.d.stamper.micros()
	run := s.d.alone
	if len(w.unique) > 0 {
		run = s.d.inTx
	}
	id := s.d.stamper.id()
	err := run(ctx, func(ctx context.Context) error { return s.insert(ctx, name(t), id, now, w) })
	if err != nil {
		return nil, err
	}
	return r.WithMeta(id, meta(now, now, now)), nil
}

// insert stores a new row. A key that is taken is no error in SQL, which would
// break a transaction, but no row.
func (s *shelf) insert(ctx context.Context, tenant, id string, now int64, w *row) error {
	nameTwin, externalTwin := s.twins(id)
	n, err := s.d.exec(ctx, `
		INSERT INTO {resources} (tenant, kind, id, shelf, version, created, modified, label,
			name_key, name_twin, external_key, external_twin, data, search)
		VALUES ($1, $2, $3, $4, $5, $5, $5, $6, $7, $8, $9, $10, $11, JSON($12))
		ON CONFLICT DO NOTHING`,
		tenant, s.kind, id, s.place(tenant), now, w.label, w.name, nameTwin, w.external, externalTwin, w.data, w.search)
	switch {
	case err != nil:
		return err
	case n == 0:
		return s.taken(ctx, tenant, id, w)
	}
	return s.insertUnique(ctx, tenant, id, w.unique)
}

// taken says which key of w another row has. If there is none any more, it is worth
// another try.
func (s *shelf) taken(ctx context.Context, tenant, id string, w *row) error {
	err := s.lookUp(ctx, tenant, id, w)
	if err == nil {
		return errAgain
	}
	return err
}

// lookUp is Taken if another row has a key of w.
func (s *shelf) lookUp(ctx context.Context, tenant, id string, w *row) error {
	var names, externals int64
	err := s.d.query(ctx, func(rows Rows) error { return rows.Scan(&names, &externals) }, `
		SELECT
			(SELECT count(*) FROM {resources} r WHERE r.tenant = $1 AND r.kind = $2 AND r.name_key = $3 AND r.name_twin = '' AND r.id <> $5),
			(SELECT count(*) FROM {resources} r WHERE r.tenant = $1 AND r.kind = $2 AND r.external_key = $4 AND r.external_twin = '' AND r.id <> $5)`,
		tenant, s.kind, w.name, w.external, id)
	switch {
	case err != nil:
		return err
	case names > 0 && s.index.nameUnique:
		return scim.Taken(s.index.name.Path())
	case externals > 0 && s.index.externalUnique:
		return scim.Taken(s.index.external.Path())
	}
	return nil
}

// insertUnique stores keys that must be unique; it is part of a transaction.
func (s *shelf) insertUnique(ctx context.Context, tenant, id string, keys []uniqueKey) error {
	for _, k := range keys {
		n, err := s.d.exec(ctx, `
			INSERT INTO {unique} (space, kind, path, key, tenant, id) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
			k.space, s.uniqueKind(), k.path, k.key, tenant, id)
		if err != nil {
			return err
		}
		if n == 0 {
			return scim.Taken(k.path)
		}
	}
	return nil
}

// uniqueKind is the kind in the table of unique values, where hidden users have
// nothing.
func (s *shelf) uniqueKind() string {
	if s.kind == hiddenKind {
		return userKind
	}
	return s.kind
}

func (s *shelf) deleteUnique(ctx context.Context, tenant, id string) error {
	if len(s.index.unique) == 0 {
		return nil
	}
	_, err := s.d.exec(ctx, "DELETE FROM {unique} WHERE tenant = $1 AND kind = $2 AND id = $3", tenant, s.uniqueKind(), id)
	return err
}

// update stores what w.Changed names. It trusts w.Old to be what is stored, so that
// nothing is read; the statement itself holds that trust to the data, and if it
// was wrong the row is read and all is done again.
func (s *shelf) update(ctx context.Context, t scim.Tenant, id string, w scim.Write) (r *schema.Resource, err error) {
	var base found
	if w.Old != nil && w.Old.Type() == s.typ && w.Old.ID() == id && w.Version != "" && w.Old.Version() == w.Version {
		base = found{w.Old, encode(w.Old)}
	}
	err = s.d.alone(ctx, func(ctx context.Context) error {
		for range tries {
			if r, err = s.updateFrom(ctx, t, id, base, w); !errors.Is(err, errAgain) {
				break
			}
			base = found{}
		}
		return err
	})
	return r, err
}

// updateFrom is update with a base that the row may have; it is read if there is
// none. It is errAgain if the row has another.
func (s *shelf) updateFrom(ctx context.Context, t scim.Tenant, id string, base found, w scim.Write) (*schema.Resource, error) {
	isRead := base.resource == nil
	if isRead {
		var err error
		if base, err = s.read(ctx, t, id, ""); err != nil {
			return nil, err
		}
		if err := checkVersion(base.resource, w.Version); err != nil {
			return nil, err
		}
	}
	r, err := s.merge(base.resource, w)
	if err != nil {
		return nil, err
	}
	if r.Equal(base.resource) {
		if isRead {
			return base.resource, nil
		}
		return nil, errAgain // to be read, since nothing will be written
	}
	return s.replace(ctx, name(t), base, r)
}

func checkVersion(r *schema.Resource, version string) error {
	if version != "" && version != r.Version() {
		return scim.ErrVersionMismatch
	}
	return nil
}

// merge returns old with the values of w.New for what w.Changed names.
func (s *shelf) merge(old *schema.Resource, w scim.Write) (*schema.Resource, error) {
	if len(w.Changed) == 0 {
		return old, nil
	}
	if err := s.check(w.New); err != nil {
		return nil, err
	}
	b := old.Edit()
	for _, path := range w.Changed {
		a, ok := s.typ.Attr(path)
		if !ok {
			return nil, fmt.Errorf("sqlstore: Write.Changed names %q, which %s does not have", path, s.typ.Name())
		}
		a = a.Top()
		b.Put(a, w.New.Value(a))
	}
	return b.Build()
}

// replace puts r in the place of base, if that is what the row has.
func (s *shelf) replace(ctx context.Context, tenant string, base found, r *schema.Resource) (*schema.Resource, error) {
	old, w := s.keysOf(tenant, base.resource), s.newRow(tenant, r)
	if old.equal(w.keys) {
		return s.swap(ctx, tenant, base, w)
	}
	if len(old.unique) == 0 && len(w.unique) == 0 {
		return s.swapKeys(ctx, tenant, base, w)
	}
	err := s.d.inTx(ctx, func(ctx context.Context) (err error) {
		if r, err = s.swapKeys(ctx, tenant, base, w); err != nil {
			return err
		}
		if err := s.deleteUnique(ctx, tenant, r.ID()); err != nil {
			return err
		}
		return s.insertUnique(ctx, tenant, r.ID(), w.unique)
	})
	return r, err
}

// swapKeys is swap where keys change. In a transaction of PostgreSQL it looks first
// whether they are taken, since to be refused would break the transaction.
func (s *shelf) swapKeys(ctx context.Context, tenant string, base found, w *row) (*schema.Resource, error) {
	id := base.resource.ID()
	if s.d.dialect == filter.PostgreSQL && s.d.current(ctx) != nil {
		if err := s.lookUp(ctx, tenant, id, w); err != nil {
			return nil, err
		}
	}
	r, err := s.swap(ctx, tenant, base, w)
	return r, s.refused(err)
}

// refused returns an error of the unique indexes as Taken: others were quicker. A
// transaction of PostgreSQL is broken then, and is run again if it is ours.
func (s *shelf) refused(err error) error {
	if !isTaken(err) {
		return err
	}
	taken := scim.Taken("A value")
	switch text := err.Error(); {
	case strings.Contains(text, "resources_external") || strings.Contains(text, "external_key"):
		taken = scim.Taken(s.index.external.Path())
	case s.index.name != nil:
		taken = scim.Taken(s.index.name.Path())
	}
	taken.Err = err
	return taken
}

// swap compares and writes in one statement.
func (s *shelf) swap(ctx context.Context, tenant string, base found, w *row) (r *schema.Resource, err error) {
	m := base.resource.Meta()
	id := base.resource.ID()
	nameTwin, externalTwin := s.twins(id)
	err = s.d.change(ctx, func(rows Rows) error {
		var version, modified int64
		err := rows.Scan(&version, &modified)
		r = w.resource.WithMeta(id, schema.Meta{Created: m.Created, LastModified: timeOf(modified), Version: formatVersion(version)})
		return err
	}, `
		UPDATE {resources} SET version = GREATEST($6, version + 1), modified = GREATEST($6, modified + 1), label = $7,
			name_key = $8, name_twin = $9, external_key = $10, external_twin = $11, data = $12, search = JSON($13)
		WHERE tenant = $1 AND kind = $2 AND id = $3 AND version = $4 AND data = $5
		RETURNING version, modified`,
		tenant, s.kind, id, parseVersion(m.Version), base.data, s.d.stamper.micros(), w.label,
		w.name, nameTwin, w.external, externalTwin, w.data, w.search)
	if err == nil && r == nil {
		err = errAgain
	}
	return r, err
}

// remove deletes a row, if it has that version, and says why it did not.
func (s *shelf) remove(ctx context.Context, tenant, id, version string) error {
	n, err := s.d.exec(ctx, `
		DELETE FROM {resources} WHERE tenant = $1 AND kind = $2 AND id = $3 AND CAST($4 AS bigint) IN (0, version)`,
		tenant, s.kind, id, wanted(version))
	if err != nil {
		return err
	}
	if n == 0 {
		return s.missing(ctx, tenant, id)
	}
	return s.deleteUnique(ctx, tenant, id)
}

// anyVersion is the condition that all versions meet.
const anyVersion int64 = 0

// wanted returns a version as a condition: anyVersion, or one that none has if it is no
// version.
func wanted(version string) int64 {
	if version == "" {
		return anyVersion
	}
	if n := parseVersion(version); n > 0 {
		return n
	}
	return -1
}

// missing says why a statement has found no row: there is none, or none of that
// version.
func (s *shelf) missing(ctx context.Context, tenant, id string) error {
	err := scim.ErrNotFound
	failed := s.d.query(ctx, func(Rows) error { err = scim.ErrVersionMismatch; return nil },
		"SELECT 1 FROM {resources} r WHERE r.tenant = $1 AND r.kind = $2 AND r.id = $3", tenant, s.kind, id)
	if failed != nil {
		return failed
	}
	return err
}

// list returns ids as LIST takes them, each once. What is no id is left out.
func list(ids []string) string {
	known := make([]string, 0, len(ids))
	for _, id := range ids {
		if isID(id) {
			known = append(known, id)
		}
	}
	return jsonList(known)
}

// jsonList returns texts as LIST takes them, each once.
func jsonList(texts []string) string {
	texts = slices.Clone(texts)
	slices.Sort(texts)
	text, _ := json.Marshal(slices.Compact(append([]string{}, texts...))) // strings can be marshalled
	return string(text)
}

// place returns the shelf of a tenant, as the index of lists has it.
func (s *shelf) place(tenant string) string { return s.kind + "\x1f" + tenant }
