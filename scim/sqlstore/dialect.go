package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/muster-scim/muster/filter"
)

// dialectOf finds out what a database understands: by the driver's name or, if
// that is wrapped in another, by asking.
func dialectOf(ctx context.Context, db *sql.DB) (filter.SQLDialect, error) {
	t := reflect.TypeOf(db.Driver())
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch name := t.PkgPath() + "." + t.Name(); {
	case strings.Contains(name, "sqlite"):
		return filter.SQLite, nil
	case strings.Contains(name, "jackc/pgx"), strings.Contains(name, "lib/pq"):
		return filter.PostgreSQL, nil
	}
	var version string
	if err := db.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version); err == nil {
		return filter.SQLite, nil
	}
	if err := db.QueryRowContext(ctx, "SELECT version()").Scan(&version); err != nil {
		return 0, fmt.Errorf("sqlstore: finding out the dialect: %w", err)
	}
	if strings.Contains(version, "PostgreSQL") || strings.Contains(version, "Cockroach") {
		return filter.PostgreSQL, nil
	}
	return 0, errors.New("sqlstore: this is neither SQLite nor PostgreSQL: " + version)
}

// Statements are written in the language that both databases share, with
// placeholders as in PostgreSQL and these words for what differs:
//
//	{resources}     a table
//	LIST($1)        the texts of a JSON list, as a table with the column value
//	x AMONG($1)     whether a JSON list has x
//	JSON($1)        a document
//	GREATEST(a, b)  the greater of two numbers
//	FOR … LOCK      nothing in SQLite, where a writer is alone
var (
	lists        = regexp.MustCompile(`LIST\((\$\d+)\)`)
	amongs       = regexp.MustCompile(`AMONG\((\$\d+)\)`)
	jsons        = regexp.MustCompile(`JSON\((\$\d+)\)`)
	locks        = regexp.MustCompile(`\s+FOR ([A-Z ]+) LOCK`)
	placeholders = regexp.MustCompile(`\$(\d+)`)
)

// text returns a statement in the dialect of the database. Statements are few and
// constant, so each is translated once; what has a filter in it is built around
// them.
func (d *database) text(statement string) string {
	if done, ok := d.texts.Load(statement); ok {
		return done.(string)
	}
	text := amongs.ReplaceAllStringFunc(d.names.Replace(statement), func(found string) string {
		return d.among(argument(found))
	})
	text = lists.ReplaceAllStringFunc(text, func(found string) string {
		return d.listOf(argument(found))
	})
	if d.dialect == filter.PostgreSQL {
		text = jsons.ReplaceAllString(text, "$1::jsonb")
		text = locks.ReplaceAllString(text, " FOR $1")
	} else {
		text = jsons.ReplaceAllString(text, "$1")
		text = locks.ReplaceAllString(text, "")
		text = placeholders.ReplaceAllString(text, "+?$1")
		text = strings.ReplaceAll(text, "GREATEST(", "max(")
	}
	d.texts.Store(statement, text)
	return text
}

// listOf returns a JSON list as a table with the column value.
func (d *database) listOf(placeholder string) string {
	if d.dialect == filter.PostgreSQL {
		return "SELECT jsonb_array_elements_text(" + placeholder + "::jsonb) AS value"
	}
	return "SELECT value FROM json_each(" + placeholder + ")"
}

// among stands behind what may be one of a list. As an array it lets PostgreSQL use
// an index whatever it thinks of the length of the list.
func (d *database) among(placeholder string) string {
	if d.dialect == filter.PostgreSQL {
		return "= ANY (ARRAY(" + d.listOf(placeholder) + "))"
	}
	return "IN (" + d.listOf(placeholder) + ")"
}

// oneOf is among for ids. Most often it is one, which is compared without making a table of
// the list.
func (d *database) oneOf(bind func(v any) string, ids []string) string {
	if len(ids) == 1 && isID(ids[0]) {
		return "= " + bind(ids[0])
	}
	return d.among(bind(list(ids)))
}

// amongKeys is among for keys of a type, as CAST takes it in PostgreSQL.
func (d *database) amongKeys(a *args, keys []any, cast string) string {
	text, _ := json.Marshal(keys) // numbers and strings can be marshalled
	placeholder := a.bind(string(text))
	if d.dialect == filter.PostgreSQL {
		return "= ANY (ARRAY(SELECT CAST(value AS " + cast + ") FROM jsonb_array_elements_text(" + placeholder + "::jsonb) AS value))"
	}
	return "IN (SELECT value FROM json_each(" + placeholder + "))"
}

// argument returns what stands in parentheses.
func argument(word string) string {
	_, rest, _ := strings.Cut(word, "(")
	return strings.TrimSuffix(rest, ")")
}

// placeholder returns that for the n-th argument. The plus, which changes nothing, hides
// the argument from SQLite's planner: where there are statistics it would else parse and
// plan a prepared statement again for each value, which takes longer than a look-up.
func (d *database) placeholder(n int) string {
	if d.dialect == filter.PostgreSQL {
		return "$" + strconv.Itoa(n)
	}
	return "+?" + strconv.Itoa(n)
}
