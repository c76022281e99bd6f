package mapping

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"unsafe"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// Binding is one row of a table: what a constructor of this package returns. T is
// the application's type.
type Binding[T any] interface {
	// bind adds to a draft, which does not know T any more. The second argument is nil:
	// its type keeps bindings of other types out.
	bind(d *draft, _ *T)
}

// F is a [Binding] of one attribute to a value of type V. Its methods return an
// F that says more and leave the one they are called on as it is.
type F[T, V any] struct {
	options
	place  func(*T) *V // nil for Func
	get    func(*T) V
	put    func(*T, V) error
	oneOf  []V
	enum   map[string]V
	absent *V
	checks []func(context.Context, scim.Tenant, V) error
}

// Field binds an attribute to a field of T. p returns a pointer to the field, by
// which it is read and written:
//
//	mapping.Field("name.givenName", func(u *User) *string { return &u.First })
//
// path is that of an attribute, of a sub-attribute, or a value path with
// conditions, as emails[type eq "work"].value: then the element that meets them
// is meant. Without conditions, a sub-attribute of a list means that of the element
// that has just been added, or else of the primary or the first one; bound to a slice
// it means all of them: the primary one first, and the first is shown as primary.
// Clients choose elements by their type,
// so bind what has a type by it, or with a field for the type. An
// attribute of an extension is named with the extension's URI. If that is none that
// the table knows it is made, with a type that follows from V; see [Extend].
//
// V is a string, bool, whole number, float, [time.Time], []byte, what marshals
// itself to text (a UUID), a type that is one of these at bottom, or a pointer or
// sql.Null of one: nil stands for an attribute without a value. Of other types the
// zero value does, except that false, and 0 in an attribute that is a number, are
// values. A list is a slice; elements with sub-attributes are structs, whose fields
// are bound as [Tags] says or by their names. Slices, maps and what pointers point to
// are never changed in place.
//
// p may return nil if the row has no such place: the attribute is unassigned then,
// and assigning it is an error.
func Field[T, V any](path string, p func(*T) *V) F[T, V] {
	return F[T, V]{options: options{path: path}, place: p}
}

// Func binds an attribute to a pair of functions, for what is computed. A nil set
// makes the attribute readOnly. The text of an error of set is shown to the client,
// see [F.Check]; set may be called with a row that is thrown away later.
func Func[T, V any](path string, get func(*T) V, set func(*T, V) error) F[T, V] {
	return F[T, V]{options: options{path: path, readOnly: set == nil}, get: get, put: set}
}

// Column names the column of an SQL table that holds the field. It is an
// identifier, or an expression that the database reads like one: nothing in it is
// quoted.
func (f F[T, V]) Column(name string) F[T, V] { f.column = name; return f }

// Prefix is for an ID of which other resource types may have the same, as tables with
// numbers for keys do: clients see prefix and key. SCIM wants ids that are unique among
// all resources (RFC 7643, section 3.1), since a member may be a user or a group. The
// repository is given keys, without the prefix.
func (f F[T, V]) Prefix(prefix string) F[T, V] { f.prefix = prefix; return f }

// Required refuses resources without the attribute, with a 400 that names it.
func (f F[T, V]) Required() F[T, V] { f.required = true; return f }

// Unique says that no two resources have the same value. The repository holds it,
// and reports a second one by [scim.Taken].
func (f F[T, V]) Unique() F[T, V] { f.unique = true; return f }

// ReadOnly shows the attribute and never writes the field.
func (f F[T, V]) ReadOnly() F[T, V] { f.readOnly = true; return f }

// Immutable lets the attribute be set once.
func (f F[T, V]) Immutable() F[T, V] { f.immutable = true; return f }

// Not turns a bool round: a field "disabled" for the attribute "active".
func (f F[T, V]) Not() F[T, V] { f.negate = true; return f }

// Primary marks the element of a list that is shown with "primary": true. If a list
// has one bound element, with conditions, it is the primary one anyway.
func (f F[T, V]) Primary() F[T, V] { f.primary = true; return f }

// OneOf refuses all other values, with a 400 that lists these. Clients are told of
// them as canonicalValues. For attributes without caseExact "premium" is taken as
// "Premium".
func (f F[T, V]) OneOf(values ...V) F[T, V] { f.oneOf = slices.Clone(values); return f }

// Enum says which text of the attribute stands for which value of the field, and
// refuses all others, with a 400 that lists the texts. Case counts as the schema
// says. A field that holds none of the values is shown without the attribute if it
// is zero, and can't be shown otherwise.
func (f F[T, V]) Enum(values map[string]V) F[T, V] { f.enum = values; return f }

// Split binds a list of texts to one string, which holds them with sep between.
func (f F[T, V]) Split(sep string) F[T, V] { f.split = sep; return f }

// Join binds one text, which holds values with sep between, to a slice of them.
func (f F[T, V]) Join(sep string) F[T, V] { f.join = sep; return f }

// Default says what the field holds while the attribute has no value: when a
// resource is created without it, and when it is removed. For "active" it is true
// unless said otherwise, since a user of whom nothing is said is active.
func (f F[T, V]) Default(v V) F[T, V] { f.absent = &v; return f }

// Check refuses values. It sees each value that is to be stored, before any lock or
// transaction. The text of its error is shown to the client with the path in front,
// so it says what is allowed: "must be an e-mail address". An [*scim.Error] is
// answered as it is.
func (f F[T, V]) Check(check func(V) error) F[T, V] {
	return f.check(func(_ context.Context, _ scim.Tenant, v V) error { return refusal(f.path, check(v)) })
}

// CheckContext is Check for what has to be looked up. Its errors are returned as
// they are: an [*scim.Error] such as [scim.Invalid] is answered, anything else is
// a 500.
func (f F[T, V]) CheckContext(check func(context.Context, scim.Tenant, V) error) F[T, V] {
	return f.check(check)
}

func (f F[T, V]) check(check func(context.Context, scim.Tenant, V) error) F[T, V] {
	f.checks = append(slices.Clip(f.checks), check)
	return f
}

// bind forgets T and V: a field knows V by reflection, and reads and writes by pointers
// to it.
func (f F[T, V]) bind(d *draft, _ *T) { d.add(f.field()) }

func (f F[T, V]) field() *field {
	e := &field{options: f.options, typ: reflect.TypeFor[V](), load: f.load, store: f.store, wrap: f.wrap}
	for _, v := range f.oneOf {
		e.allow(plainText(v))
	}
	for _, text := range slices.Sorted(maps.Keys(f.enum)) {
		e.allow(text, nil)
	}
	e.hasDefault = f.absent != nil
	e.enumerated, e.computed = f.enum != nil, f.place == nil
	if len(f.checks) > 0 {
		e.check = f.runChecks
	}
	switch {
	case f.place != nil:
		e.pointer = func(t row) any { return f.place(t.(*T)) }
	case f.get != nil:
		e.pointer = func(t row) any { return funcColumn[T, V]{t.(*T), f.get, f.put} }
	default:
		e.fail(errNoFunction)
	}
	return e
}

// load returns where the value is; nil if there is no such place.
func (f F[T, V]) load(t row) unsafe.Pointer {
	if f.place != nil {
		return unsafe.Pointer(f.place(t.(*T)))
	}
	v := f.get(t.(*T))
	return unsafe.Pointer(&v)
}

// store lets fill write the value.
func (f F[T, V]) store(t row, fill func(p unsafe.Pointer) error) error {
	if f.place != nil {
		if p := f.place(t.(*T)); p != nil {
			return fill(unsafe.Pointer(p))
		}
		return errNoPlace
	}
	var v V
	if err := fill(unsafe.Pointer(&v)); err != nil {
		return err
	}
	return refusal(f.path, f.put(t.(*T), v))
}

func (f F[T, V]) runChecks(ctx context.Context, tenant scim.Tenant, fill func(p unsafe.Pointer) error) error {
	var v V
	if err := fill(unsafe.Pointer(&v)); err != nil {
		return err
	}
	for _, check := range f.checks {
		if err := check(ctx, tenant, v); err != nil {
			return err
		}
	}
	return nil
}

// wrap adds to a codec for V what only code that knows V can do.
func (f F[T, V]) wrap(c codec, a *schema.Attr) (codec, error) {
	var err error
	if f.enum != nil {
		c, err = enumCodec(f.enum, a)
	}
	if f.absent == nil {
		return c, err
	}
	set := c.set
	c.set = func(p unsafe.Pointer, v schema.Value) error {
		if v.IsZero() {
			*(*V)(p) = *f.absent
			return nil
		}
		return set(p, v)
	}
	return c, err
}
