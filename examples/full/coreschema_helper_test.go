package main

import (
	"context"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// listingUsers is a store of users that has cursors.
type listingUsers interface {
	scim.UserStore
	scim.CursorLister
}

// hooked is the program's store in an application with rules of its own. A hook that
// is nil does nothing.
type hooked struct {
	listingUsers
	write  func(*scim.Write) error                 // before a user is created or changed
	stored func(*schema.Resource) *schema.Resource // what the creation of a user reports
	page   func(*scim.Page)                        // before a page of users is handed out
}

// hooked returns a suite on a server with that store.
func (c *suite) hooked(h hooked) *suite {
	c.Helper()
	return c.with(func(config *scim.Config) {
		h.listingUsers = config.Users.(listingUsers)
		config.Users = h
	})
}

// refusing returns a suite on a server whose application checks what is written.
func (c *suite) refusing(write func(*scim.Write) error) *suite {
	c.Helper()
	return c.hooked(hooked{write: write})
}

// KeepsPasswords: an application that looks at what is written can keep passwords too.
func (h hooked) KeepsPasswords() bool { return h.write != nil }

func (h hooked) CreateUser(ctx context.Context, t scim.Tenant, w scim.Write) (*schema.Resource, error) {
	if err := h.check(&w); err != nil {
		return nil, err
	}
	r, err := h.listingUsers.CreateUser(ctx, t, w)
	if err == nil && h.stored != nil {
		r = h.stored(r)
	}
	return r, err
}

func (h hooked) UpdateUser(ctx context.Context, t scim.Tenant, id string, w scim.Write) (*schema.Resource, error) {
	if err := h.check(&w); err != nil {
		return nil, err
	}
	return h.listingUsers.UpdateUser(ctx, t, id, w)
}

func (h hooked) check(w *scim.Write) error {
	if h.write == nil {
		return nil
	}
	return h.write(w)
}

func (h hooked) ListUsers(ctx context.Context, t scim.Tenant, q scim.Query) (scim.Page, error) {
	p, err := h.listingUsers.ListUsers(ctx, t, q)
	if err == nil && h.page != nil {
		h.page(&p)
	}
	return p, err
}

// twoTenants lets "a" and "b" ask, each for a tenant of its own.
func twoTenants(config *scim.Config) {
	config.Auth = scim.AnyOf(
		scim.StaticToken("a", scim.Scope{Tenant: "a", Connection: strictConnection}),
		scim.StaticToken("b", scim.Scope{Tenant: "b", Connection: strictConnection}))
}

// compiled is schema.Compile for types that are right.
func compiled(c *suite, t schema.TypeConfig) *schema.Type {
	c.Helper()
	compiled, err := schema.Compile(t)
	require.NoError(c, err)
	return compiled
}

// urns returns the URIs behind macros as a JSON list.
func urns(names ...string) []any {
	var all []any
	for _, n := range names {
		all = append(all, macros.Replace(n))
	}
	return all
}

// textAt returns the text at a path of an answer, which must be there.
func textAt(a *answer, path ...string) string {
	a.Helper()
	text, _ := a.at(path...).(string)
	require.NotEmpty(a, text, "at %v of %s", path, a.text)
	return text
}

// below returns the path of a URL below the base URL.
func below(c *suite, location string) string {
	c.Helper()
	path, ok := strings.CutPrefix(location, c.url)
	require.True(c, ok, location)
	return path
}

// sameBut asserts that two resources are equal but for id, meta and userName.
func sameBut(c *suite, a, b *answer) {
	c.Helper()
	rest := func(doc map[string]any) map[string]any {
		doc = maps.Clone(doc)
		for _, name := range []string{"id", "meta", "userName"} {
			delete(doc, name)
		}
		return doc
	}
	assert.Equal(c, rest(a.doc), rest(b.doc))
}

// quoted returns text as JSON.
func quoted(c *suite, text string) string {
	c.Helper()
	data, err := json.Marshal(text)
	require.NoError(c, err)
	return string(data)
}

// shown is an attribute as /Schemas shows it.
type shown struct {
	schema string // URI
	path   string
	depth  int
	doc    map[string]any
}

// shownAttrs returns all attributes of all schemas, or of those named.
func shownAttrs(c *suite, schemas ...string) []shown {
	c.Helper()
	var all []shown
	var visit func(schema, parent string, depth int, list any)
	visit = func(schema, parent string, depth int, list any) {
		attrs, _ := list.([]any)
		for _, v := range attrs {
			doc, _ := v.(map[string]any)
			name, _ := doc["name"].(string)
			all = append(all, shown{schema, parent + name, depth, doc})
			visit(schema, parent+name+".", depth+1, doc["subAttributes"])
		}
	}
	for _, s := range c.get("/Schemas").is(200).resources() {
		id, _ := s["id"].(string)
		if len(schemas) == 0 || slices.Contains(schemas, id) {
			visit(id, "", 0, s["attributes"])
		}
	}
	require.NotEmpty(c, all)
	return all
}

// shownAttr returns one attribute of one schema.
func shownAttr(c *suite, urn, path string) map[string]any {
	c.Helper()
	for _, a := range shownAttrs(c, macros.Replace(urn)) {
		if a.path == path {
			return a.doc
		}
	}
	require.Fail(c, "no such attribute", "%s of %s", path, urn)
	return nil
}

// holds reports whether text is anywhere in v, whatever is unexported.
func holds(v reflect.Value, text string, seen map[uintptr]bool) bool {
	switch v.Kind() {
	case reflect.String:
		return strings.Contains(v.String(), text)
	case reflect.Interface:
		return holds(v.Elem(), text, seen)
	case reflect.Pointer:
		if v.IsNil() || seen[v.Pointer()] {
			return false
		}
		seen[v.Pointer()] = true
		return holds(v.Elem(), text, seen)
	case reflect.Struct:
		for _, f := range v.Fields() {
			if holds(f, text, seen) {
				return true
			}
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return strings.Contains(string(bytesOf(v)), text)
		}
		for i := range v.Len() {
			if holds(v.Index(i), text, seen) {
				return true
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if holds(it.Key(), text, seen) || holds(it.Value(), text, seen) {
				return true
			}
		}
	}
	return false
}

func bytesOf(v reflect.Value) []byte {
	b := make([]byte, v.Len())
	for i := range b {
		b[i] = byte(v.Index(i).Uint())
	}
	return b
}
