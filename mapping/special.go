package mapping

import (
	"errors"
	"fmt"
	"reflect"
	"time"
	"unsafe"

	"github.com/muster-scim/muster/schema"
)

// bindFunc is a Binding that is nothing but a function.
type bindFunc[T any] func(d *draft)

func (f bindFunc[T]) bind(d *draft, _ *T) { f(d) }

// withRole is Field for what is no attribute.
func withRole[T, V any](r role, p func(*T) *V) F[T, V] {
	return F[T, V]{options: options{path: roleAttrs[r], role: r}, place: p}
}

// ID binds the identifier: text, a whole number, or what marshals itself to text.
// Every table has it. It is the application's to give, before or when a row is
// created, and never changes.
func ID[T, K any](p func(*T) *K) F[T, K] { return withRole(isID, p) }

// Version binds a field that changes with every write of the row, whoever writes: a
// counter, a row version, a random text. It is the application's or its database's
// to change. Without it and [CountedVersion], a version follows from what the
// resource shows.
func Version[T, V any](p func(*T) *V) F[T, V] { return withRole(isVersion, p) }

// CountedVersion is Version for applications that store what they are given: a change
// adds one.
func CountedVersion[T any, V int | int32 | int64 | uint | uint32 | uint64](p func(*T) *V) F[T, V] {
	f := Version(p)
	f.counted = true
	return f
}

// Created binds the time at which the row was created: a [time.Time], a pointer, or
// an sql.Null. A new row gets the current time unless the field has one.
func Created[T, V any](p func(*T) *V) F[T, V] { return withRole(isCreated, p) }

// Modified binds the time of the last change. Each change moves it; what the
// database does with it afterwards counts.
func Modified[T, V any](p func(*T) *V) F[T, V] { return withRole(isModified, p) }

// Times is [Created] and [Modified].
func Times[T any](created, modified func(*T) *time.Time) Binding[T] {
	return bindFunc[T](func(d *draft) {
		Created(created).bind(d, nil)
		Modified(modified).bind(d, nil)
	})
}

// DeletedAt binds a field that says that the row is out of sight: a time, which is
// set then, or a bool. Users of a table with it can be hidden and restored, see
// [scim.UserTrash]; the repository lists them if [Query.Hidden] says so, and does not
// count them among those that values must be unique to.
func DeletedAt[T, V any](p func(*T) *V) F[T, V] { return withRole(isDeleted, p) }

// isFlag reports whether t is a bool.
func isFlag(t reflect.Type) bool { return t.Kind() == reflect.Bool }

// Roles binds the roles that provisioning gives, see [scim.RoleSetter]: set makes
// these the only ones of that origin. The list may be empty.
func Roles[T any](set func(*T, []string) error) Binding[T] {
	return bindFunc[T](func(d *draft) {
		if set == nil || d.table.roles != nil {
			d.failure("Roles", onlyOne(set == nil))
			return
		}
		d.table.roles = func(t row, roles []string) error { return set(t.(*T), roles) }
	})
}

// Password binds the password, which clients can write and never read: set hashes
// it and keeps nothing else. Without it the handler tells clients that passwords
// can't be changed.
func Password[T any](set func(*T, schema.Secret) error) Binding[T] {
	return bindFunc[T](func(d *draft) {
		if set == nil || d.table.password != nil {
			d.failure("Password", onlyOne(set == nil))
			return
		}
		d.table.password = func(t row, s schema.Secret) error { return set(t.(*T), s) }
	})
}

func onlyOne(isNil bool) error {
	if isNil {
		return errNoFunction
	}
	return errors.New("is bound twice")
}

// OnCreate runs on a new row before it is stored, when all else has been written: for
// what the application wants in each row that nobody sends. There may be several,
// which run in their order.
func OnCreate[T any](f func(*T) error) Binding[T] {
	return bindFunc[T](func(d *draft) {
		if f == nil {
			d.failure("OnCreate", errNoFunction)
			return
		}
		d.table.onCreate = append(d.table.onCreate, func(t row) error { return f(t.(*T)) })
	})
}

// Constant binds an attribute that has the same value in each resource. Clients may
// send that value and no other.
func Constant[T, V any](path string, v V) F[T, V] {
	get := func(*T) V { return v }
	ignore := func(*T, V) error { return nil }
	return Func(path, get, ignore).Check(func(sent V) error {
		if !reflect.DeepEqual(sent, v) {
			return fmt.Errorf("must be %#v", v)
		}
		return nil
	})
}

// Extend defines extensions, beyond those that the table knows, or in place of one
// with the same URI: with types and descriptions that can't be told from the Go
// types. Only attributes with a binding are shown.
func Extend[T any](extensions ...schema.Extension) Binding[T] {
	return bindFunc[T](func(d *draft) {
		for _, e := range extensions {
			d.defs.extend(e)
		}
	})
}

// count adds one to a version that is counted here.
func (t *table) count(v row) error {
	f := t.special[isVersion]
	if f == nil || !f.counted {
		return nil
	}
	text, err := t.text(v, isVersion)
	if err != nil {
		return err
	}
	next, err := t.attrs[isVersion].Make(successor(text))
	if err == nil {
		err = f.write(v, next)
	}
	return err
}

// flagSetter writes a bool.
func flagSetter(b bool) func(p unsafe.Pointer) error {
	return func(p unsafe.Pointer) error {
		*(*bool)(p) = b
		return nil
	}
}
