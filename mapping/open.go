package mapping

import (
	"maps"
	"strings"

	"github.com/muster-scim/muster/schema"
)

// OpenField is what [Open] returns.
type OpenField[T any] struct{ openField }

// openField is an OpenField as a table keeps it.
type openField struct {
	urn    string
	load   func(row) map[string]string
	store  func(row, map[string]string)
	column string
	at     func(row) any

	// declared are the attributes that are no keys.
	declared map[*schema.Attr]bool
}

// Open binds an extension whose keys are not known in advance to a map: each of its
// attributes is a key. Values of other JSON types are kept as their text. The map
// is replaced when a key changes, never written to. Attributes of the extension that
// have a binding of their own are not in it.
func Open[T any, M ~map[string]string](urn string, p func(*T) *M) OpenField[T] {
	if p == nil {
		return OpenField[T]{openField{urn: urn}}
	}
	return OpenField[T]{openAt(urn, func(t row, _ mode) *M { return p(t.(*T)) })}
}

func openAt[M ~map[string]string](urn string, p func(row, mode) *M) openField {
	return openField{
		urn: urn,
		load: func(t row) map[string]string {
			if m := p(t, look); m != nil {
				return *m
			}
			return nil
		},
		store: func(t row, next map[string]string) {
			if m := p(t, replace); m != nil {
				*m = next
			}
		},
		at: func(t row) any { return jsonColumn{p(t, complete)} },
	}
}

// Column names the column of an SQL table that holds the map as JSON.
func (o OpenField[T]) Column(name string) OpenField[T] { o.column = name; return o }

func (o OpenField[T]) bind(d *draft, _ *T) { o.openField.bind(d) }

func (o openField) bind(d *draft) {
	err := errNoFunction
	if o.load != nil {
		err = d.defs.open(o.urn)
	}
	if err != nil {
		d.failure(o.urn, err)
		return
	}
	o.declared = map[*schema.Attr]bool{}
	d.table.opens = append(d.table.opens, &o)
}

// read adds the keys to a resource. What is wrong with one is reported when the
// resource is built.
func (o *openField) read(t row, b *schema.Builder) {
	for key, text := range o.load(t) {
		if text != "" {
			b.Set(o.urn+":"+key, text)
		}
	}
}

// write changes one key; the zero Value removes it. Names ignore case, and a key
// keeps the spelling it has.
func (o *openField) write(t row, key string, v schema.Value) {
	old := o.load(t)
	next := maps.Clone(old)
	if next == nil {
		next = map[string]string{}
	}
	for k := range old {
		if strings.EqualFold(k, key) {
			key = k
			delete(next, k)
		}
	}
	if !v.IsZero() {
		next[key] = v.String()
	}
	o.store(t, next)
}

// keys returns those of some paths that are keys of the extension.
func (o *openField) keys(t *table, paths []string) []*schema.Attr {
	var keys []*schema.Attr
	for _, path := range paths {
		if a, ok := t.typ.Attr(path); ok && t.openOf(a) == o {
			keys = append(keys, a)
		}
	}
	return keys
}
