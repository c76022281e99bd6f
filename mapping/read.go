package mapping

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/muster-scim/muster/schema"
)

// Read returns the resource that v stands for, with its ID and Meta. v is not
// changed, and nothing of it is kept.
//
// The error says which row and attribute hold a value that the schema does not
// take, such as text that is not UTF-8.
func (t *Table[T]) Read(v *T) (*schema.Resource, error) { return t.of.read(v) }

// ID returns the identifier of v as clients see it; "" if it has none yet.
func (t *Table[T]) ID(v *T) string { return t.of.id(v) }

// SetID gives v an identifier, for repositories that make their own. The error says
// what an identifier looks like: no row has one that does not.
func (t *Table[T]) SetID(v *T, id string) error { return t.of.setID(v, id) }

// Key returns what the repository knows an identifier by: the identifier without the
// prefix that [F.Prefix] gives it. ok is false if no row can have it, such as "x" or
// "007" where keys are numbers; repositories are never asked for these.
func (t *Table[T]) Key(id string) (key string, ok bool) { return t.of.key(id) }

func (t *table) read(v row) (*schema.Resource, error) {
	r, err := t.resource(v)
	if err != nil {
		return nil, fmt.Errorf("mapping: %s %q: %w", t.typ.Name(), t.id(v), err)
	}
	return r, nil
}

func (t *table) resource(v row) (*schema.Resource, error) {
	rest, err := t.readRest(v)
	if err != nil {
		return nil, err
	}
	b := rest.Edit()
	for _, s := range t.slots {
		was := rest.Value(s.attr)
		value, err := s.read(v, was)
		if err != nil {
			return nil, err
		}
		if value != was {
			b.Put(s.attr, value)
		}
	}
	for _, o := range t.opens {
		o.read(v, b)
	}
	id, err := t.text(v, isID)
	if err != nil {
		return nil, err
	}
	m := schema.Meta{}
	if m.Created, err = t.time(v, isCreated); err != nil {
		return nil, err
	}
	if m.LastModified, err = t.time(v, isModified); err != nil {
		return nil, err
	}
	r, err := b.ID(id).Meta(m).Build()
	if err != nil {
		return nil, err
	}
	m.Version, err = t.version(v, r)
	return r.WithMeta(id, m), err
}

func (t *table) id(v row) string {
	id, err := t.text(v, isID)
	if err != nil {
		return ""
	}
	return id
}

func (t *table) setID(v row, id string) error {
	value, err := t.attrs[isID].Make(id)
	if err == nil {
		err = t.special[isID].write(v, value)
	}
	return err
}

func (t *table) key(id string) (key string, ok bool) {
	f := t.special[isID]
	value, err := t.attrs[isID].Make(id)
	p := reflect.New(f.typ).UnsafePointer()
	if err != nil || f.codec.set(p, value) != nil {
		return "", false
	}
	if again, err := f.codec.get(p); err != nil || again != any(id) {
		return "", false
	}
	return strings.TrimPrefix(id, f.prefix), true
}

// text returns a field with a role as text, "" if there is none.
func (t *table) text(v row, role role) (string, error) {
	f := t.special[role]
	if f == nil {
		return "", nil
	}
	read, err := f.read(v)
	text, _ := read.(string)
	return text, err
}

// time returns a field with a role as a time, the zero time if there is none.
func (t *table) time(v row, role role) (time.Time, error) {
	f := t.special[role]
	if f == nil {
		return time.Time{}, nil
	}
	read, err := f.read(v)
	switch read := read.(type) {
	case time.Time:
		return read, err
	case string:
		at, _ := schema.ParseTime(read)
		return at, err
	}
	return time.Time{}, err
}

// version returns what the row has for it, or else what follows from the content:
// two rows with the same content have the same one then.
func (t *table) version(v row, r *schema.Resource) (string, error) {
	switch {
	case t.special[isVersion] != nil:
		text, err := t.text(v, isVersion)
		return url.PathEscape(text), err
	case t.unversioned:
		return "", nil
	}
	const length = 15 // 120 bits: nobody finds two contents that have them in common
	sum := sha256.Sum256(r.AppendJSON(nil, schema.Encoding{Projection: t.all}))
	return base64.RawURLEncoding.EncodeToString(sum[:length]), nil
}

// isHidden reports whether the row is taken out of sight.
func (t *table) isHidden(v row) bool {
	f := t.special[isDeleted]
	if f == nil {
		return false
	}
	read, err := f.read(v)
	return err != nil || read != nil && read != false
}
