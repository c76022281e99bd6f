// Package sqlstore keeps users, groups, memberships, other resources and Muster's
// own records in a database: SQLite, embedded and with nothing to run, or
// PostgreSQL, for several instances of an application. It speaks database/sql; the
// driver is the application's choice.
//
//	db, err := sql.Open("pgx", url)
//	store, err := sqlstore.Open(ctx, db, sqlstore.Options{})
//	h, err := scim.New(scim.Config{
//		Users: store, UserType: store.UserType(),
//		Groups: store, GroupType: store.GroupType(), …
//	})
//
// A [Store] is a [scim.UserStore], [scim.GroupStore], [scim.StateStore],
// [scim.Transactor], [scim.UserTrash], [scim.RoleSetter] and [scim.CursorLister]; it
// behaves as that of package memstore does. [OpenState] is for applications that
// have tables of their own for users.
//
// # Databases
//
// SQLite from version 3.39 on, with a file in WAL mode. A DSN for
// modernc.org/sqlite:
//
//	file:app.db?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)&_pragma=synchronous(FULL)&_pragma=mmap_size(2000000000)
//
// With synchronous(NORMAL) writes are several times quicker, and the last of them
// may be lost when the power fails. With mmap_size a look-up among a million users costs
// 1.2 times of one among a thousand, instead of 1.5 times. In memory a database belongs to one connection:
// use a file, or db.SetMaxOpenConns(1). Of the goroutines of one process one writes
// at a time, in turn; readers don't wait.
//
// PostgreSQL from version 12 on. Nothing is used that databases which speak its
// language lack, such as CockroachDB and YugabyteDB: no advisory locks, no LISTEN,
// no extensions, no triggers. What fails because of a serialization failure or a
// deadlock is tried again. Through pgx/v5/stdlib nothing needs to be set.
//
// Either way let the pool keep its connections, as db.SetMaxOpenConns(16) and
// db.SetMaxIdleConns(16) do: package database/sql keeps two, and a new one must connect and
// have all statements prepared again.
//
// # Migrations
//
// [Open] and [OpenState] make and change the tables. Migrations only go forward and
// are done once, whoever else starts at the same time; an older program refuses a
// newer database. The user of the database needs the right to create tables only as
// long as there is something to migrate.
//
// # Transactions
//
// [State.InTx] makes several calls one. With [Options.Tx] the store joins a
// transaction that the application has begun:
//
//	sqlstore.Options{Tx: func(ctx context.Context) sqlstore.Conn {
//		if tx, ok := ctx.Value(txKey{}).(*sql.Tx); ok {
//			return sqlstore.FromSQL(tx)
//		}
//		return nil
//	}}
//
// With SQLite an application that writes in such a transaction must hand its context
// on: a call with another one would wait for it.
//
// # Tables of the application
//
// [Users] and [Groups] keep users, groups and memberships in tables that the
// application has already, over a table of package mapping whose bindings name columns:
//
//	accounts, err := sqlstore.Users(ctx, db, users, sqlstore.Table{Name: "accounts", Tenant: "org_id"}, sqlstore.Options{})
//	teams, err := sqlstore.Groups(ctx, db, groups, sqlstore.Table{Name: "teams", Tenant: "org_id"},
//		sqlstore.Members{Name: "team_members", Group: "team_id", Member: "account_id", Of: accounts}, sqlstore.Options{})
//	…
//	scim.Config{Users: mapping.UserStore(users, accounts), Groups: mapping.GroupStore(groups, teams), …}
//
// Nothing is migrated. Only columns of the mapping are read and written, of a change
// only those that differ. Keys may be numbers, UUIDs or text, made by the database or the
// application. In SQLite number keys need AUTOINCREMENT, or the next user gets the key
// of the last one who was deleted.
//
// A row that changes is locked (SELECT … FOR UPDATE; in SQLite the writer is alone) and
// its version compared under the lock, so that it may be a counter or follow from the
// content. Rows and [State] on the same *sql.DB share transactions.
//
// What must be unique needs a column. The database holds it, by an index as that on (org_id,
// lower(email)), where deleted_at is NULL if rows are hidden. Its refusal names the
// attribute. Besides, each write looks whether anybody has the value in any spelling,
// which such an index serves for ASCII; without one, and for other text, all rows of the
// tenant are read.
//
// Filters and orders are done by the database where columns hold the attributes. It
// folds ASCII alone, so rows with other characters in such a column are compared in Go,
// up to some thousand; a look-up by name is one statement that finds these rows too, and
// therefore reads all rows of the tenant. Set [Table.Folded] where rows are many: with an
// expression that is folded already an index serves. What no column holds is left to
// package scim, which reads the tenant's rows up to scim.Config.MaxScan or refuses.
//
// # What it costs
//
// A look-up by id or by an equal userName or externalId, a POST, and a page without
// a filter take one statement; a PATCH takes two without a transaction; so do the
// memberships of all resources of a page take one. What is new in a group is
// stored, and what is gone deleted, by one statement each, whatever the size of
// delta and group. A full page has its total counted, in the index if there is no
// filter; by key only the first has.
//
// Other filters look at every resource of the tenant, in the database: each row has
// a document with folded values for that, see [filter.AppendDocument]. Filters give
// exactly what [filter.Filter.Match] does.
//
// # What it does not do
//
// Passwords are not kept in any form. If an attribute changes its type or its case
// sensitivity, what was stored before is found by its old value until it is written
// again; an attribute that the schema has no more is dropped by the next write.
package sqlstore
