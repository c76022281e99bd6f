package scim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
)

// roleGroupData is what a record of a role group says beside its key and version.
type roleGroupData struct {
	Created  time.Time                  `json:"created"`
	Modified time.Time                  `json:"modified"`
	Values   map[string]json.RawMessage `json:"values"` // by path
}

// roleGroupVersion is a group's version: that of its record, since ids never come
// twice.
func roleGroupVersion(record int64) string { return strconv.FormatInt(record, 36) }

// How role groups and memberships are found beside their keys. Each kind of ref has
// its own beginning, so that none is taken for another.
func refOfRoleName(key string) string       { return "name/" + key }
func refOfRoleExternalID(key string) string { return "externalId/" + key }
func refOfRoleGroup(id string) string       { return "group/" + id }
func refOfRoleMember(id string) string      { return "member/" + id }

// encode returns the record of a group in place of that with the given version.
func (g *roleGroups) encode(r *schema.Resource, version int64) (State, error) {
	m := r.Meta()
	d := roleGroupData{Created: m.Created, Modified: m.LastModified, Values: map[string]json.RawMessage{}}
	for _, path := range r.Changed(nil) {
		d.Values[path] = r.Get(path).AppendJSON(nil)
	}
	s := State{Kind: kindRoleGroup, Key: r.ID(), Version: version}
	if key := g.nameKey(r); key != "" {
		s.Refs = append(s.Refs, refOfRoleName(key))
	}
	if id := r.ExternalID(); id != "" {
		s.Refs = append(s.Refs, refOfRoleExternalID(id))
	}
	var err error
	s.Data, err = json.Marshal(d)
	return s, err
}

// decode reads what encode has made. What the type does not have any more is left
// out.
func (g *roleGroups) decode(s State) (*schema.Resource, error) {
	var d roleGroupData
	if err := json.Unmarshal(s.Data, &d); err != nil {
		return nil, unreadable(s, err)
	}
	b := schema.New(g.typ).ID(s.Key)
	b.Meta(schema.Meta{Created: d.Created, LastModified: d.Modified, Version: roleGroupVersion(s.Version)})
	for path, text := range d.Values {
		a, ok := g.typ.Attr(path)
		if !ok {
			continue
		}
		v, _, err := schema.DecodeValue(a, text, schema.Decoding{KeepEmptyStrings: true})
		if err != nil {
			return nil, unreadable(s, err)
		}
		b.Put(a, v)
	}
	return b.Build()
}

func unreadable(s State, err error) error {
	return fmt.Errorf("scim: the record %s %q of the state can't be read: %w", s.Kind, s.Key, err)
}

// nameKey returns the name of a group as it is compared.
func (g *roleGroups) nameKey(r *schema.Resource) string {
	if g.name == nil || r == nil {
		return ""
	}
	return g.name.Key(r.Get(g.name.Path()).String())
}

// read returns a role group, or ErrNotFound, and the version of its record.
func (g *roleGroups) read(ctx context.Context, t Tenant, id string) (*schema.Resource, int64, error) {
	records, _, err := g.state.ListState(ctx, t, StateQuery{Kind: kindRoleGroup, Keys: []string{id}})
	if err != nil {
		return nil, 0, err
	}
	if len(records) == 0 {
		return nil, 0, ErrNotFound
	}
	r, err := g.decode(records[0])
	return r, records[0].Version, err
}

func (g *roleGroups) get(ctx context.Context, t Tenant, id string) (*schema.Resource, error) {
	r, _, err := g.read(ctx, t, id)
	return r, err
}

// find returns the role groups that q asks for, in the order of ids.
func (g *roleGroups) find(ctx context.Context, t Tenant, q StateQuery) ([]*schema.Resource, error) {
	q.Kind = kindRoleGroup
	records, _, err := g.state.ListState(ctx, t, q)
	if err != nil {
		return nil, err
	}
	groups := make([]*schema.Resource, len(records))
	for i, s := range records {
		if groups[i], err = g.decode(s); err != nil {
			return nil, err
		}
	}
	return groups, nil
}

// put writes records, all or none. Who loses a race has to read again.
func (g *roleGroups) put(ctx context.Context, t Tenant, records []State) error {
	if len(records) == 0 {
		return nil
	}
	err := g.state.PutState(ctx, t, records...)
	if errors.Is(err, ErrVersionMismatch) {
		return errRace
	}
	return err
}

// counted returns how many role groups there are, and the record that says so after
// as many more.
func (g *roleGroups) counted(ctx context.Context, t Tenant, more int) (int, State, error) {
	const key = "all"
	s := State{Kind: kindRoleCount, Key: key}
	records, _, err := g.state.ListState(ctx, t, StateQuery{Kind: kindRoleCount, Keys: []string{key}})
	if err != nil {
		return 0, s, err
	}
	n := 0
	if len(records) > 0 {
		s.Version = records[0].Version
		if n, err = strconv.Atoi(string(records[0].Data)); err != nil {
			return 0, s, unreadable(records[0], err)
		}
	}
	s.Data = strconv.AppendInt(nil, int64(n+more), 10)
	return n, s, nil
}

// claim returns the record by which a group has its name; none if it has no name.
func claim(key, id string) []State {
	if key == "" {
		return nil
	}
	return []State{{Kind: kindRoleName, Key: key, Data: []byte(id)}}
}

// release returns the record that makes a name free.
func release(key string) []State {
	if key == "" {
		return nil
	}
	return []State{{Kind: kindRoleName, Key: key, Version: firstVersion, Delete: true}}
}

// checkRoleName is Taken if a role group other than id has the name.
func (g *roleGroups) checkRoleName(ctx context.Context, t Tenant, key, id string) error {
	if key == "" {
		return nil
	}
	records, _, err := g.state.ListState(ctx, t, StateQuery{Kind: kindRoleName, Keys: []string{key}})
	if err != nil {
		return err
	}
	if len(records) > 0 && string(records[0].Data) != id {
		return Taken(g.name.Path())
	}
	return nil
}

// checkName is Taken if any other group has the name of r.
func (g *roleGroups) checkName(ctx context.Context, t Tenant, r *schema.Resource) error {
	if err := g.checkRoleName(ctx, t, g.nameKey(r), r.ID()); err != nil || g.nameKey(r) == "" {
		return err
	}
	name := r.Get(g.name.Path()).String()
	e, err := filter.Parse(g.name.Path()+" eq "+string(schema.AppendQuote(nil, name)), filter.Leniency{})
	if err != nil {
		return err
	}
	f, err := filter.Check(e, g.typ, filter.Checking{KeepEmptyStrings: true})
	if err != nil {
		return err
	}
	page, err := g.app.ListGroups(ctx, t, Query{Filter: f, StartIndex: 1, Count: 1})
	switch {
	case errors.Is(err, ErrNotImplemented):
		return g.checkAppNames(ctx, t, f)
	case err != nil:
		return err
	case page.Total > 0:
		return Taken(g.name.Path())
	}
	return nil
}

// checkAppNames does the filter of checkName for an application that can't.
func (g *roleGroups) checkAppNames(ctx context.Context, t Tenant, f *filter.Filter) error {
	for from := 1; ; from += batch {
		page, err := g.app.ListGroups(ctx, t, Query{StartIndex: from, Count: batch})
		if err != nil {
			return err
		}
		for _, r := range page.Resources {
			if f.Match(r) {
				return Taken(g.name.Path())
			}
		}
		if from+batch > page.Total {
			return nil
		}
	}
}

// roleMember is a membership as it is stored.
type roleMember struct{ group, member, typ string }

// key is where a membership is stored: all of a group together, in the order of
// members.
func (m roleMember) key() string { return m.group + "/" + m.member }

func (m roleMember) added() State {
	return State{
		Kind: kindRoleMember, Key: m.key(), Data: []byte(m.typ),
		Refs: []string{refOfRoleGroup(m.group), refOfRoleMember(m.member)},
	}
}

func (m roleMember) removed() State {
	return State{Kind: kindRoleMember, Key: m.key(), Version: firstVersion, Delete: true}
}

func roleMemberOf(s State) roleMember {
	group, member, _ := strings.Cut(s.Key, "/")
	return roleMember{group, member, string(s.Data)}
}

// memberships returns those that q asks for, in order, and the key to continue
// after.
func (g *roleGroups) memberships(ctx context.Context, t Tenant, q StateQuery) ([]roleMember, string, error) {
	q.Kind = kindRoleMember
	records, next, err := g.state.ListState(ctx, t, q)
	members := make([]roleMember, len(records))
	for i, s := range records {
		members[i] = roleMemberOf(s)
	}
	return members, next, err
}

// memberOf describes a member. What it is shown as is its displayName, or userName
// if it has none.
func memberOf(r *schema.Resource) patch.Member {
	display := r.Get("displayName").String()
	if display == "" {
		display = r.Get("userName").String()
	}
	return patch.Member{ID: r.ID(), Type: r.Type().Name(), Display: display}
}
