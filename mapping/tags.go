package mapping

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unsafe"
)

// Tags returns the bindings that the struct tags of T describe, and after them more.
// A tag is a path as [Field] takes it, and options after commas:
//
//	type User struct {
//		ID       int64     `scim:"id,column=id"`
//		Email    string    `scim:"userName,unique,column=email"`
//		Phone    string    `scim:"phoneNumbers[type eq \"work\"].value"`
//		Disabled bool      `scim:"active,not,column=disabled"`
//		Dept     string    `scim:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"`
//		Name     Name      `scim:"name"` // a struct whose tags are sub-attributes
//		Changed  time.Time `scim:"meta.lastModified"`
//		Gone     time.Time `scim:",deleted"`
//		Other    []byte    `scim:",rest"`
//	}
//
// Options are those of [F]: required, readonly, immutable, not, unique, primary,
// column=name, oneof=a|b|c, split=text, join=text; of an ID, prefix=text; of a version,
// counted. Commas
// within brackets or double quotes don't count, as in split=",".
//
// The paths id, meta.version, meta.created and meta.lastModified are [ID],
// [Version], [Created] and [Modified]; deleted and rest, without a path, are
// [DeletedAt] and [Rest]. A path that ends with ":*" is an open extension, see
// [Open]; its field is a map[string]string.
//
// Fields without a tag, and those with the tag "-", are the application's own.
// Embedded structs are looked into, others if they have a tag: with the path of a
// complex attribute or the URI of an extension, tags inside are relative to it, and
// the option "inline" says that they are paths of their own. A slice of structs is a
// list; fields of its elements are bound by a tag or by their names. A struct that is
// behind a nil pointer is unassigned, and made when something in it is assigned.
//
// What is wrong is reported when the table is made.
func Tags[T any](more ...Binding[T]) []Binding[T] {
	w := tagWalker{pointer: func(t row) unsafe.Pointer { return unsafe.Pointer(t.(*T)) }}
	w.root(reflect.TypeFor[T]())
	var bindings []Binding[T]
	for _, bind := range w.bindings {
		bindings = append(bindings, bindFunc[T](bind))
	}
	return append(bindings, more...)
}

// tagWalker goes through a struct.
type tagWalker struct {
	bindings []func(*draft)
	pointer  func(row) unsafe.Pointer
}

func (w *tagWalker) add(bind func(*draft)) { w.bindings = append(w.bindings, bind) }

func (w *tagWalker) fail(name string, err error) {
	w.add(func(d *draft) { d.failure(name, err) })
}

// root binds the fields of the row's own type.
func (w *tagWalker) root(t reflect.Type) {
	if t.Kind() != reflect.Struct {
		w.fail(t.String(), errors.New("is no struct, so it has no tags"))
		return
	}
	w.walk(t, "", nil)
}

// stop is one step from a struct to a field in it.
type stop struct {
	offset uintptr
	target reflect.Type // of the pointer that the field is; nil if it is none
}

// walk binds the fields of struct t. prefix goes before their paths; trail leads to
// the struct.
func (w *tagWalker) walk(t reflect.Type, prefix string, trail []stop) {
	for i := range t.NumField() {
		f := t.Field(i)
		text, tagged := f.Tag.Lookup("scim")
		if text == "-" || !tagged && !f.Anonymous {
			continue
		}
		tag, err := parseTag(text)
		switch {
		case err == nil && tagged && !f.IsExported():
			err = errors.New("has a tag but is not exported")
		case err == nil:
			err = w.field(f, tag, prefix, trail)
		}
		if err != nil {
			w.fail("field "+t.String()+"."+f.Name, err)
		}
	}
}

func (w *tagWalker) field(f reflect.StructField, tag tag, prefix string, trail []stop) error {
	here := append(slices.Clip(trail), stop{offset: f.Offset})
	name := strings.TrimPrefix(prefix+tag.path, ".")
	if inner, s, ok := structIn(f.Type); ok && !tag.isLeaf(f.Type) {
		here[len(here)-1].target = s
		if f.Anonymous && tag.path == "" || tag.inline {
			w.walk(inner, prefix, here)
		} else {
			w.walk(inner, name+separator(prefix, name), here)
		}
		return nil
	}
	if tag.path == "" && !tag.rest && !tag.deleted {
		if f.Anonymous {
			return nil
		}
		return errors.New("the tag has no path")
	}
	tag.options.path = name
	switch {
	case tag.rest:
		return w.bindRest(f, tag, here)
	case strings.HasSuffix(name, ":*"):
		return w.bindOpen(f, tag, here)
	}
	tag.setRole()
	e := &field{options: tag.options, typ: f.Type, goName: f.Name}
	e.load = func(t row) unsafe.Pointer { return follow(w.pointer(t), here, look) }
	e.store = func(t row, fill func(p unsafe.Pointer) error) error { return fill(follow(w.pointer(t), here, replace)) }
	e.pointer = func(t row) any { return reflect.NewAt(f.Type, follow(w.pointer(t), here, complete)).Interface() }
	w.add(func(d *draft) { d.add(e) })
	return nil
}

// separator is what stands between the path of a struct and those of its fields: a
// colon after the URI of an extension, a dot after an attribute, which may be one of
// an extension's struct.
func separator(prefix, path string) string {
	if prefix == "" && strings.Contains(path, ":") {
		return ":"
	}
	return "."
}

// structIn returns the struct that a field is or points to. pointer is the struct if
// it is behind a pointer.
func structIn(t reflect.Type) (inner, pointer reflect.Type, ok bool) {
	if t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct {
		return t.Elem(), t.Elem(), true
	}
	return t, nil, t.Kind() == reflect.Struct
}

// isLeaf reports whether a struct is a value rather than a holder of fields.
func (t *tag) isLeaf(typ reflect.Type) bool {
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	return t.deleted || typ.ConvertibleTo(timeType) || isNull(typ) || isText(typ)
}

func (w *tagWalker) bindRest(f reflect.StructField, tag tag, here []stop) error {
	switch {
	case f.Type.Kind() == reflect.String:
		w.addRest(restAt(func(t row, m mode) *string { return (*string)(follow(w.pointer(t), here, m)) }), tag)
	case f.Type.Kind() == reflect.Slice && f.Type.ConvertibleTo(bytesType):
		w.addRest(restAt(func(t row, m mode) *[]byte { return (*[]byte)(follow(w.pointer(t), here, m)) }), tag)
	default:
		return fmt.Errorf("a Go %s can't hold the rest; a []byte and a string can", f.Type)
	}
	return nil
}

func (w *tagWalker) addRest(r restField, tag tag) {
	r.column = tag.column
	w.add(r.bind)
}

func (w *tagWalker) bindOpen(f reflect.StructField, tag tag, here []stop) error {
	if !f.Type.ConvertibleTo(reflect.TypeFor[map[string]string]()) {
		return fmt.Errorf("a Go %s can't hold an open extension; a map[string]string can", f.Type)
	}
	urn := strings.TrimSuffix(tag.options.path, ":*")
	o := openAt(urn, func(t row, m mode) *map[string]string {
		return (*map[string]string)(follow(w.pointer(t), here, m))
	})
	o.column = tag.column
	w.add(o.bind)
	return nil
}

// mode says what is done about pointers on the way to a field.
type mode uint8

const (
	look     mode = iota // a nil pointer means that there is no such field
	complete             // what is missing is made
	replace              // so is a copy of what is there: a copy of the row may share it
)

// follow goes along the steps from p to a field.
func follow(p unsafe.Pointer, steps []stop, m mode) unsafe.Pointer {
	for _, s := range steps {
		p = unsafe.Add(p, s.offset)
		if s.target == nil {
			continue
		}
		at := (*unsafe.Pointer)(p)
		if *at == nil && m == look {
			return nil
		}
		if *at == nil || m == replace {
			*at = copyOf(s.target, *at)
		}
		p = *at
	}
	return p
}

// copyOf returns a new value of type t, the same as the one at p if there is one.
func copyOf(t reflect.Type, p unsafe.Pointer) unsafe.Pointer {
	next := reflect.New(t)
	if p != nil {
		next.Elem().Set(reflect.NewAt(t, p).Elem())
	}
	return next.UnsafePointer()
}

// tag is the tag of a field, read.
type tag struct {
	options
	inline, deleted, rest bool
}

// setRole finds out what paths that name no attribute to write stand for.
func (t *tag) setRole() {
	if t.deleted {
		t.role = isDeleted
		return
	}
	for role := isID; role < isDeleted; role++ {
		if strings.EqualFold(t.options.path, roleAttrs[role]) {
			t.role = role
		}
	}
}

// parseTag reads a tag.
func parseTag(text string) (tag, error) {
	parts := splitTag(text)
	t := tag{options: options{path: strings.TrimSpace(parts[0])}}
	for _, part := range parts[1:] {
		name, value, hasValue := strings.Cut(part, "=")
		name, value = strings.TrimSpace(name), strings.Trim(value, `"`)
		if flag := t.flag(name); flag != nil && !hasValue {
			*flag = true
			continue
		}
		switch into := t.text(name); {
		case into != nil && value != "":
			*into = value
		case name == "oneof" && value != "":
			t.texts = strings.Split(value, "|")
		default:
			return t, fmt.Errorf("the tag has an option %q; there are required, readonly, immutable, not, unique, primary, counted, inline, deleted, rest, column=…, oneof=…|…, split=…, join=… and prefix=…", part)
		}
	}
	return t, nil
}

// flag returns an option that is there or not; nil if there is none of that name.
func (t *tag) flag(name string) *bool {
	return map[string]*bool{
		"required": &t.required, "readonly": &t.readOnly, "immutable": &t.immutable, "not": &t.negate,
		"unique": &t.unique, "primary": &t.primary, "counted": &t.counted,
		"inline": &t.inline, "deleted": &t.deleted, "rest": &t.rest,
	}[name]
}

// text returns an option with a text; nil if there is none of that name.
func (t *tag) text(name string) *string {
	return map[string]*string{"column": &t.column, "prefix": &t.prefix, "split": &t.split, "join": &t.join}[name]
}

// splitTag splits at commas that are not within brackets or double quotes.
func splitTag(text string) []string {
	var parts []string
	begin, depth, quoted := 0, 0, false
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[':
			depth++
		case c == ']':
			depth--
		case c == ',' && depth == 0:
			parts = append(parts, text[begin:i])
			begin = i + 1
		}
	}
	return append(parts, text[begin:])
}
