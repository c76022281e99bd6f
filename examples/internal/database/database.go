// Package database opens what the flag -db of the examples names: a file of SQLite
// or a database of PostgreSQL.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"
)

// Memory is the name for data that is in memory and in no database.
const Memory = ":memory:"

// Usage describes the flag.
const Usage = "where to keep the data: " + Memory + ", a file of SQLite, or postgres://user:password@host/database"

// patience is how long a server may take to answer for the first time.
const patience = 10 * time.Second

// Open opens a database and asks whether it is there. Its errors show no password.
func Open(ctx context.Context, name string) (*sql.DB, error) {
	open := openFile
	if isURL(name) {
		open = openServer
	}
	db, err := open(name)
	if err != nil {
		return nil, fmt.Errorf("-db %s: %w", Describe(name), err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := db.PingContext(ctx); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("-db %s: %w", Describe(name), err)
	}
	return db, nil
}

// connections are as many as there may be, and as are kept: package database/sql would keep
// two, and open the others again and again, to prepare every statement anew.
const connections = 16

func isURL(name string) bool { return strings.Contains(name, "://") }

// openServer opens a database of PostgreSQL.
func openServer(name string) (*sql.DB, error) {
	if scheme, _, _ := strings.Cut(name, "://"); scheme != "postgres" && scheme != "postgresql" {
		return nil, fmt.Errorf("%s:// is no database that is known here: name a file, or postgres://user:password@host/database", scheme)
	}
	config, err := pgx.ParseConfig(name)
	if err != nil {
		// The error of the driver quotes the URL.
		return nil, errors.New("this is no URL of PostgreSQL: it looks like postgres://user:password@host:5432/database?sslmode=require, with special characters escaped")
	}
	return stdlib.OpenDB(*config), nil
}

// settings let readers go on while one writes, make writers wait for each other, have
// the disk acknowledge what a client is told is stored, hold foreign keys, and read the file
// through the memory of the system.
const settings = "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)&_pragma=mmap_size(2000000000)"

// openFile opens a file of SQLite, which is made if it is missing.
func openFile(name string) (*sql.DB, error) {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return nil, errors.New("this is a folder: name a file in it")
	}
	// As a path of a URI, so that no character in it means something else.
	file := url.URL{Path: name}
	return sql.Open("sqlite", "file:"+file.EscapedPath()+settings)
}

// Describe returns the name with the password left out, for people to read.
func Describe(name string) string {
	if !isURL(name) {
		return name
	}
	if u, err := url.Parse(name); err == nil {
		query := u.Query()
		if query.Has("password") {
			query.Set("password", "xxxxx")
			u.RawQuery = query.Encode()
		}
		return u.Redacted()
	}
	scheme, _, _ := strings.Cut(name, "://")
	return scheme + "://…"
}
