package mapping

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// Option changes how a store works.
type Option func(*settings)

type settings struct {
	logger *slog.Logger
	now    func() time.Time
}

// WithLogger sets where hints go; it is [slog.Default] otherwise.
func WithLogger(l *slog.Logger) Option { return func(s *settings) { s.logger = l } }

// WithClock sets the clock for [Created], [Modified] and [DeletedAt]; it is
// [time.Now] otherwise.
func WithClock(now func() time.Time) Option { return func(s *settings) { s.now = now } }

// rows is what the stores of all types have in common.
type rows[T any] struct {
	settings
	table *table
	repo  reader[T]
	hint  sync.Once
}

// reader is the part that Repository and GroupRepository share.
type reader[T any] interface {
	Get(ctx context.Context, t scim.Tenant, id string) (*T, error)
	List(ctx context.Context, t scim.Tenant, q Query) (Rows[T], error)
	Delete(ctx context.Context, t scim.Tenant, id string) error
}

func newRows[T any](t *Table[T], r reader[T], options []Option) *rows[T] {
	s := &rows[T]{table: t.of, repo: r, settings: settings{now: time.Now}}
	for _, o := range options {
		o(&s.settings)
	}
	if s.logger == nil {
		s.logger = slog.Default()
	}
	return s
}

// SCIMType returns the table's type.
func (s *rows[T]) SCIMType() *schema.Type { return s.table.typ }

// ListsByKey reports whether the repository can.
func (s *rows[T]) ListsByKey() bool {
	l, ok := s.repo.(scim.CursorLister)
	return ok && l.ListsByKey()
}

// key returns what the repository knows an identifier by.
func (s *rows[T]) key(id string) (string, error) {
	key, ok := s.table.key(id)
	if !ok {
		return "", scim.ErrNotFound
	}
	return key, nil
}

// row returns a row that is in sight.
func (s *rows[T]) row(ctx context.Context, t scim.Tenant, id string) (*T, error) {
	key, err := s.key(id)
	if err != nil {
		return nil, err
	}
	v, err := s.repo.Get(ctx, t, key)
	switch {
	case err != nil:
		return nil, err
	case v == nil || s.table.isHidden(v):
		return nil, scim.ErrNotFound
	}
	return v, nil
}

func (s *rows[T]) get(ctx context.Context, t scim.Tenant, id string) (*schema.Resource, error) {
	v, err := s.row(ctx, t, id)
	if err != nil {
		return nil, err
	}
	return s.table.read(v)
}

// written returns a row that the repository has stored: as it is, if v is that and not
// only what was to be stored, or else after it was read again.
func (s *rows[T]) written(ctx context.Context, t scim.Tenant, id string, v *T) (*schema.Resource, error) {
	if r, ok := s.repo.(Rereader); ok && r.LeavesStored() {
		return s.table.read(v)
	}
	return s.get(ctx, t, id)
}

// created returns a new row as the database has made it. If it is not to be seen, v
// is what was written.
func (s *rows[T]) created(ctx context.Context, t scim.Tenant, v *T) (*schema.Resource, error) {
	id := s.table.id(v)
	if id == "" {
		return nil, errors.New("mapping: the repository has left the ID of a new row empty")
	}
	r, err := s.written(ctx, t, id, v)
	if errors.Is(err, scim.ErrNotFound) {
		return s.table.read(v)
	}
	return r, err
}

// checkVersion compares the version of a fresh row with the one that was read.
func (s *rows[T]) checkVersion(v *T, version string) error {
	if version == "" {
		return nil
	}
	r, err := s.table.read(v)
	if err != nil {
		return err
	}
	if r.Version() != version {
		return scim.ErrVersionMismatch
	}
	return nil
}

// once wraps a function for Update of a repository. done returns what came of it: the
// function's own error rather than what became of it on the way through the
// repository.
func once[T any](change func(*T) error) (call func(*T) error, done func(error) error) {
	called := false
	var failed error
	call = func(v *T) error {
		called = true
		failed = change(v)
		return failed
	}
	done = func(err error) error {
		switch {
		case failed != nil:
			return failed
		case err == nil && !called:
			return errors.New("mapping: the repository returned without having called change")
		}
		return err
	}
	return call, done
}

// delete erases a row, in sight or not.
func (s *rows[T]) delete(ctx context.Context, t scim.Tenant, id, version string) error {
	key, err := s.key(id)
	if err != nil {
		return err
	}
	if version == "" {
		return s.repo.Delete(ctx, t, key)
	}
	check := func(v *T) error { return s.checkVersion(v, version) }
	if d, ok := s.repo.(VersionDeleter[T]); ok {
		call, done := once(check)
		return done(d.DeleteIf(ctx, t, key, call))
	}
	v, err := s.repo.Get(ctx, t, key)
	if err != nil {
		return err
	}
	if v == nil {
		return scim.ErrNotFound
	}
	if err := check(v); err != nil {
		return err
	}
	return s.repo.Delete(ctx, t, key)
}

// foreign reports a query that was checked against another type: every attribute of
// it would be unassigned here.
func (s *rows[T]) foreign(q scim.Query) error {
	if f := q.Filter; f != nil && f.Type() != s.table.typ {
		return fmt.Errorf("mapping: the filter is of another resource type than the table's")
	}
	if q.SortBy != nil && q.SortBy.Of() != s.table.typ {
		return fmt.Errorf("mapping: SortBy is of another resource type than the table's")
	}
	return nil
}
