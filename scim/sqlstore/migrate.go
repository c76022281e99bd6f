package sqlstore

import (
	"context"
	"embed"
	"fmt"
	"strings"

	"github.com/muster-scim/muster/filter"
)

// Migrations are numbered per set of tables, from 1, and never change once they
// are released. Every statement can be run again, for databases that don't undo
// a CREATE TABLE with its transaction.
//
//go:embed migrations
var migrations embed.FS

const (
	stateTables = "state"
	storeTables = "store"
)

// migrationsOf returns the statements of each migration.
func (d *database) migrationsOf(set string) [][]string {
	folder := "migrations/sqlite/"
	if d.dialect == filter.PostgreSQL {
		folder = "migrations/postgres/"
	}
	var all [][]string
	for {
		text, err := migrations.ReadFile(fmt.Sprintf("%s%s_%d.sql", folder, set, len(all)+1))
		if err != nil {
			return all
		}
		all = append(all, strings.Split(strings.TrimSpace(string(text)), ";\n"))
	}
}

// migrate brings the tables up to date. When several do so at once, one of them
// does each migration: who stores its number first; the others wait for it.
func (d *database) migrate(ctx context.Context, sets ...string) error {
	for _, set := range sets {
		if err := d.migrateSet(ctx, set); err != nil {
			return fmt.Errorf("sqlstore: migrating the tables: %w", err)
		}
	}
	return nil
}

func (d *database) migrateSet(ctx context.Context, set string) error {
	all := d.migrationsOf(set)
	done, err := d.migrated(ctx, set)
	if err != nil {
		if err := d.prepare(ctx); err != nil {
			return err
		}
		if done, err = d.migrated(ctx, set); err != nil {
			return err
		}
	}
	if done > len(all) {
		return fmt.Errorf("the database has version %d of the tables for %s, and this program knows %d: it is too old", done, set, len(all))
	}
	for ; done < len(all); done++ {
		if err := d.migrateOnce(ctx, set, done+1, all[done]); err != nil {
			return err
		}
	}
	return nil
}

// migrated returns the number of the last migration; an error if there is no table
// to tell.
func (d *database) migrated(ctx context.Context, set string) (n int, err error) {
	err = d.query(ctx, func(r Rows) error { return r.Scan(&n) },
		"SELECT coalesce(max(version), 0) FROM {migrations} WHERE tables = $1", set)
	return n, err
}

// prepare makes the table of migrations. Two at once may fail in PostgreSQL, which
// checks whether there is one before it makes one.
func (d *database) prepare(ctx context.Context) error {
	statements := []string{"CREATE TABLE IF NOT EXISTS {migrations} (tables text NOT NULL, version integer NOT NULL, PRIMARY KEY (tables, version))"}
	if d.options.Schema != "" {
		statements = append([]string{"CREATE SCHEMA IF NOT EXISTS " + d.options.Schema}, statements...)
	}
	return retrying(ctx, func() error {
		for _, statement := range statements {
			_, err := d.exec(ctx, statement)
			switch stateOf(err) {
			case "23505", "42P07", "42P06", "42710", "XX000":
				return fmt.Errorf("%w: %w", errAgain, err)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (d *database) migrateOnce(ctx context.Context, set string, version int, statements []string) error {
	return d.inTx(ctx, func(ctx context.Context) error {
		first, err := d.exec(ctx, "INSERT INTO {migrations} (tables, version) VALUES ($1, $2) ON CONFLICT DO NOTHING", set, version)
		if err != nil || first == 0 {
			return err
		}
		for _, statement := range statements {
			if _, err := d.exec(ctx, strings.TrimSuffix(statement, ";")); err != nil {
				return err
			}
		}
		return nil
	})
}
