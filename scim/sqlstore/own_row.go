package sqlstore

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/scim"
)

// scan reads the columns of a row, which come behind others that are scanned into more.
func (x *own[T]) scan(rows Rows, more ...any) (*T, error) {
	v := new(T)
	into := x.fields(v)
	var finish []func()
	for i, p := range into {
		if x.isTimeText(i) {
			into[i] = timeText{p}
		} else if holder, done := orZero(p); holder != nil {
			into[i] = holder
			finish = append(finish, done)
		}
	}
	if err := rows.Scan(append(more, into...)...); err != nil {
		return nil, fmt.Errorf("sqlstore: a row of %s: %w", x.name, err)
	}
	for _, done := range finish {
		done()
	}
	return v, nil
}

// isTimeText reports whether the driver of SQLite may give a time as text: it knows the
// type of a column by SELECT only.
func (x *own[T]) isTimeText(i int) bool {
	kind := x.columns[i].kind
	return x.d.dialect == filter.SQLite && (strings.HasPrefix(kind, "DATE") || strings.HasPrefix(kind, "TIMESTAMP"))
}

// orZero returns what p is scanned into if it can't take NULL, and what is to be done
// then. NULL is read as the zero value.
func orZero(p any) (holder any, done func()) {
	target := reflect.ValueOf(p)
	if _, ok := p.(sql.Scanner); ok || target.Kind() != reflect.Pointer {
		return nil, nil
	}
	target = target.Elem()
	switch target.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Interface:
		return nil, nil
	}
	through := reflect.New(reflect.PointerTo(target.Type()))
	return through.Interface(), func() {
		if got := through.Elem(); !got.IsNil() {
			target.Set(got.Elem())
		}
	}
}

// timeText scans a time that may be text into p.
type timeText struct{ p any }

// timeLayouts are the spellings that drivers of SQLite write.
var timeLayouts = []string{
	"2006-01-02 15:04:05.999999999 -0700 MST", "2006-01-02 15:04:05.999999999 -0700 -0700", "2006-01-02 15:04:05.999999999-07:00",
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02 15:04", time.DateOnly,
}

// Scan is the method of [sql.Scanner].
func (c timeText) Scan(src any) error {
	if b, ok := src.([]byte); ok {
		src = string(b)
	}
	if text, ok := src.(string); ok {
		// Times that were measured have the reading of a clock behind them.
		text, _, _ = strings.Cut(text, " m=")
		for _, layout := range timeLayouts {
			if t, err := time.Parse(layout, text); err == nil {
				src = t
				break
			}
		}
	}
	if s, ok := c.p.(sql.Scanner); ok {
		return s.Scan(src)
	}
	target := reflect.ValueOf(c.p).Elem()
	target.SetZero()
	if src == nil {
		return nil
	}
	if target.Kind() == reflect.Pointer {
		target.Set(reflect.New(target.Type().Elem()))
		target = target.Elem()
	}
	value := reflect.ValueOf(src)
	if !value.CanConvert(target.Type()) || target.Kind() == reflect.String != (value.Kind() == reflect.String) {
		return fmt.Errorf("a %T can't be read into a %s", src, target.Type())
	}
	target.Set(value.Convert(target.Type()))
	return nil
}

// values returns what the columns of a row are stored as: NULL for what has no value,
// where the column takes it.
func (x *own[T]) values(v *T) ([]any, error) {
	assigned := x.m.Assigned(v)
	all := make([]any, len(x.columns))
	for i, p := range x.fields(v) {
		c := &x.columns[i]
		if !assigned[i] && c.nullable {
			continue
		}
		value, err := driver.DefaultParameterConverter.ConvertValue(p)
		if err != nil {
			return nil, fmt.Errorf("sqlstore: column %s of %s: %w", c.name, x.name, err)
		}
		if t, ok := value.(time.Time); ok {
			value = t.UTC()
		}
		if err := c.fits(value); err != nil {
			return nil, err
		}
		all[i] = value
	}
	return all, nil
}

// fits refuses text that the column can't hold.
func (c *column) fits(v any) error {
	text, ok := v.(string)
	switch {
	case !ok:
		return nil
	case strings.ContainsRune(text, 0):
		return scim.Invalid(cmpOr(c.path, c.name), "must not have the character U+0000.")
	case c.length > 0 && utf8.RuneCountInString(text) > c.length:
		return scim.Invalid(cmpOr(c.path, c.name), "must have at most %d characters.", c.length)
	}
	return nil
}

// sameValue compares two values as drivers get them.
func sameValue(a, b any) bool {
	switch a := a.(type) {
	case time.Time:
		b, ok := b.(time.Time)
		return ok && a.Equal(b)
	case []byte:
		b, ok := b.([]byte)
		return ok && bytes.Equal(a, b)
	}
	return a == b
}

// uuids are texts that PostgreSQL takes for a UUID, in the one spelling that it shows.
var uuids = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

var errNoKey = errors.New("sqlstore: no such key")

// key returns the argument that a key is compared by; errNoKey if the column can't
// have it.
func (x *own[T]) key(key string) (any, error) {
	v := new(T)
	if err := x.m.SetKey(v, key); err != nil {
		return nil, errNoKey
	}
	arg, err := driver.DefaultParameterConverter.ConvertValue(x.fields(v)[x.id])
	text, isText := arg.(string)
	switch {
	case err != nil:
		return nil, err
	case isText && (strings.ContainsRune(text, 0) || !utf8.ValidString(text)),
		isText && x.columns[x.id].kind == "UUID" && !uuids.MatchString(text):
		return nil, errNoKey
	}
	return arg, nil
}

// keys returns keys as AMONG takes them; those that the column can't have are left out.
func (x *own[T]) keys(keys []string) ([]any, error) {
	all := make([]any, 0, len(keys))
	for _, key := range keys {
		arg, err := x.key(key)
		switch {
		case err == nil:
			all = append(all, arg)
		case !errors.Is(err, errNoKey):
			return nil, err
		}
	}
	return all, nil
}
