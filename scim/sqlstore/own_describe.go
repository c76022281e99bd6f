package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/muster-scim/muster/filter"
)

// column is a column of the application's table.
type column struct {
	name       string
	path       string // of the attribute
	kind       string // as sql.ColumnType.DatabaseTypeName says it
	cast       string // the type as CAST takes it
	nullable   bool
	hasDefault bool // a value follows if none is given
	length     int  // the most characters; 0 is no limit

	// lowers says that lower(column) folds ASCII, as it does but for some languages.
	lowers bool
}

// describe returns the columns of a table.
func (d *database) describe(ctx context.Context, quoted, schema, name string) (all []column, err error) {
	if d.dialect == filter.PostgreSQL {
		all, err = d.describePostgres(ctx, quoted)
	} else {
		all, err = d.describeSQLite(ctx, schema, name)
	}
	if err == nil && len(all) == 0 {
		err = errors.New("there is none of that name")
	}
	return all, err
}

func (d *database) describePostgres(ctx context.Context, quoted string) (all []column, err error) {
	err = d.queryText(ctx, func(rows Rows) error {
		var c column
		err := rows.Scan(&c.name, &c.kind, &c.cast, &c.nullable, &c.hasDefault, &c.length, &c.lowers)
		all = append(all, c)
		return err
	}, `
		SELECT a.attname, upper(t.typname), format_type(a.atttypid, NULL), NOT (a.attnotnull OR t.typnotnull),
			a.atthasdef OR a.attidentity <> '' OR a.attgenerated <> '' OR t.typdefault IS NOT NULL,
			CASE WHEN t.typname IN ('varchar', 'bpchar') AND a.atttypmod > 4 THEN a.atttypmod - 4 ELSE 0 END,
			t.typname IN ('text', 'varchar') AND coalesce(co.collname = 'C' OR co.collname = 'default' AND lower('I') = 'i', FALSE)
		FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
			LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation
		WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
		ORDER BY a.attnum`, []any{quoted})
	return all, err
}

func (d *database) describeSQLite(ctx context.Context, schema, name string) (all []column, err error) {
	var from any
	if schema != "" {
		from = schema
	}
	err = d.queryText(ctx, func(rows Rows) error {
		var c column
		var notNull, hidden, key int
		var preset sql.NullString
		err := rows.Scan(&c.name, &c.kind, &notNull, &preset, &key, &hidden)
		c.kind = strings.ToUpper(c.kind)
		isRowID := key == 1 && c.kind == "INTEGER"
		c.nullable = notNull == 0 && !isRowID
		c.hasDefault = preset.Valid || hidden > 1 || isRowID
		c.lowers = true
		all = append(all, c)
		return err
	}, `SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?1, ?2)`, []any{name, from})
	return all, err
}

// isUnique reports whether an index of PostgreSQL keeps rows of a table from having the
// same values in some columns.
func (d *database) isUnique(ctx context.Context, quoted string, columns ...string) (is bool, err error) {
	err = d.queryText(ctx, func(rows Rows) error { return rows.Scan(&is) }, `
		SELECT EXISTS (
			SELECT 1 FROM pg_catalog.pg_index i
			WHERE i.indrelid = to_regclass($1) AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL AND NOT EXISTS (
				SELECT 1 FROM pg_catalog.pg_attribute a
				WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) AND NOT a.attname IN (SELECT jsonb_array_elements_text($2::jsonb))))`,
		[]any{quoted, jsonList(columns)})
	return is, err
}
