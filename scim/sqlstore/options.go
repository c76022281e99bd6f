package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// Options say how a store differs from the usual one. The zero value is usable.
// They are read once, by [Open] or [OpenState].
type Options struct {
	// Dialect is what the database understands. If zero it is found out.
	Dialect filter.SQLDialect

	// Schema is a schema of PostgreSQL to put the tables into; it is made if
	// there is none. If empty it is the one that the connection's search_path
	// has first. SQLite has none.
	Schema string

	// Prefix stands before the name of each table and index; if empty it is
	// "muster_". Schema and Prefix are made of small letters, digits and
	// underscores.
	Prefix string

	// Tx finds the application's own transaction in a context, nil if there is
	// none: what the store does with that context is then part of it, and is
	// neither committed nor tried again by the store.
	Tx func(ctx context.Context) Conn

	// UserType and GroupType say which attributes users and groups have. If nil
	// they are User with the enterprise extension, and Group. The same types
	// must be in [scim.Config], see [Store.UserType].
	UserType, GroupType *schema.Type

	// UniqueExternalID refuses an externalId that another resource of the same
	// type has. RFC 7643, section 3.1, leaves that to the client; IdPs that find
	// accounts by it are safer with it.
	UniqueExternalID bool

	// DuplicateGroupNames lets groups have the same displayName. RFC 7643 has
	// nothing against it, but Entra ID finds groups by their names and can't go
	// on once two have the same.
	DuplicateGroupNames bool

	// Now tells the time for meta.created and meta.lastModified; nil is
	// [time.Now].
	Now func() time.Time
}

// identifiers are names that mean the same with and without quotes, and that
// leave room for what is put behind a prefix.
var identifiers = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,30}$`)

// complete fills in what was left zero.
func (o Options) complete(ctx context.Context, db *sql.DB) (Options, error) {
	if db == nil {
		return o, errors.New("sqlstore: the database is nil")
	}
	if o.Prefix == "" {
		o.Prefix = "muster_"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	for _, name := range []string{o.Prefix, o.Schema} {
		if name != "" && !identifiers.MatchString(name) {
			return o, fmt.Errorf("sqlstore: %q is no name for a schema or prefix: up to 31 small letters, digits and underscores", name)
		}
	}
	var err error
	if o.Dialect == 0 {
		o.Dialect, err = dialectOf(ctx, db)
	}
	if err == nil && o.Dialect == filter.SQLite && o.Schema != "" {
		err = errors.New("sqlstore: SQLite has no schemas: use Options.Prefix")
	}
	return o, err
}

// Open returns a store for users, groups, other resources and Muster's own records
// in db. It makes the tables that are missing, see "Migrations" in the package
// documentation. db stays the caller's, who closes it.
func Open(ctx context.Context, db *sql.DB, o Options) (*Store, error) {
	o, err := o.complete(ctx, db)
	if err != nil {
		return nil, err
	}
	if o.UserType == nil {
		if o.UserType, err = defaultUserType(); err != nil {
			return nil, err
		}
	}
	if o.GroupType == nil {
		if o.GroupType, err = defaultGroupType(); err != nil {
			return nil, err
		}
	}
	d := newDatabase(db, o)
	if err := d.migrate(ctx, stateTables, storeTables); err != nil {
		return nil, err
	}
	s := &Store{State: &State{d}}
	s.users = newShelf(d, userKind, o.UserType, o)
	s.hidden = newShelf(d, hiddenKind, o.UserType, o)
	s.groups = newShelf(d, groupKind, o.GroupType, o)
	s.options = o
	return s, nil
}

// OpenState returns a store for Muster's own records alone: for applications that
// keep users and groups in tables of their own in the same database.
func OpenState(ctx context.Context, db *sql.DB, o Options) (*State, error) {
	o, err := o.complete(ctx, db)
	if err != nil {
		return nil, err
	}
	d := newDatabase(db, o)
	return &State{d}, d.migrate(ctx, stateTables)
}

func defaultUserType() (*schema.Type, error) {
	return schema.Compile(schema.TypeConfig{
		Name:        "User",
		Description: "User accounts.",
		Schema:      schema.User(),
		Extensions:  []schema.Extension{{Schema: schema.EnterpriseUser()}},
	})
}

func defaultGroupType() (*schema.Type, error) {
	return schema.Compile(schema.TypeConfig{Name: "Group", Description: "Groups of users.", Schema: schema.Group()})
}

var (
	_ scim.UserStore     = (*Store)(nil)
	_ scim.GroupStore    = (*Store)(nil)
	_ scim.StateStore    = (*Store)(nil)
	_ scim.Transactor    = (*Store)(nil)
	_ scim.UserTrash     = (*Store)(nil)
	_ scim.RoleSetter    = (*Store)(nil)
	_ scim.CursorLister  = (*Store)(nil)
	_ scim.ResourceStore = (*Resources)(nil)
	_ scim.CursorLister  = (*Resources)(nil)
	_ scim.StateStore    = (*State)(nil)
	_ scim.Transactor    = (*State)(nil)
)
