package scim

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
)

// Role groups lie in the state: a record each, one for its name, which makes it
// unique, and one for each membership, so that a member more or less costs the same
// in a group of ten and of a million. Names and memberships never change, so that
// their stored version is always firstVersion.
const (
	kindRoleGroup  Kind = "rolegroup"  // key id; refs name and externalId
	kindRoleName   Kind = "rolename"   // key name as it is compared; data id
	kindRoleCount  Kind = "rolecount"  // one of a tenant: how many there are
	kindRoleMember Kind = "rolemember" // key group/member; refs group and member
)

const firstVersion = 1

// maxRoleGroups is how many role groups a tenant can have. Lists that no key helps
// read all of them.
const maxRoleGroups = 10_000

// maxRaces is how often a change of a role group is tried again because another was
// quicker. Each time somebody else got ahead.
const maxRaces = 100

// errRace says that a record changed between being read and being written.
var errRace = errors.New("scim: a role group changed while it was being written")

// roleGroups is the application's GroupStore together with the groups that stand
// for roles, which Muster keeps in the state: the application never sees them, and
// the identity provider sees no difference. A group's id says which of the two it
// is. Role groups are made by CreateRoleGroup; CreateGroup is always the
// application's.
//
// Every record of a change is written by one PutState, so that a change is done or
// not even without transactions. Two changes of one group never fail because of
// each other: the one that came late reads again.
type roleGroups struct {
	app   GroupStore
	users UserStore
	typ   *schema.Type
	state StateStore
	now   func() time.Time
	inTx  func(ctx context.Context, f func(ctx context.Context) error) error

	name  *schema.Attr // displayName; nil if the type has none
	most  int          // maxRoleGroups, but in tests
	byKey bool
}

var (
	_ GroupStore   = (*roleGroups)(nil)
	_ CursorLister = (*roleGroups)(nil)
	_ Typer        = (*roleGroups)(nil)
)

// newRoleGroups puts role groups of type t beside those of app. inTx runs a function
// in a transaction of the state, and may run it more than once; nil is none.
func newRoleGroups(app GroupStore, users UserStore, t *schema.Type, state StateStore, now func() time.Time,
	inTx func(ctx context.Context, f func(ctx context.Context) error) error) *roleGroups {
	if inTx == nil {
		inTx = func(ctx context.Context, f func(ctx context.Context) error) error { return f(ctx) }
	}
	g := &roleGroups{app: app, users: users, typ: t, state: state, now: now, inTx: inTx, most: maxRoleGroups}
	g.name, _ = t.Attr("displayName")
	if l, ok := app.(CursorLister); ok {
		g.byKey = l.ListsByKey()
	}
	return g
}

// ListsByKey reports whether the application's store does.
func (g *roleGroups) ListsByKey() bool { return g.byKey }

// SCIMType returns the type of both kinds of groups.
func (g *roleGroups) SCIMType() *schema.Type { return g.typ }

// roleGroupPrefix begins the id of a role group. What follows is random and has a fixed
// form, so that no id of an application is taken for one.
const (
	roleGroupPrefix = "rg-"
	roleGroupRandom = 16 // bytes, in hexadecimal
)

func newRoleGroupID() string {
	var random [roleGroupRandom]byte
	_, _ = rand.Read(random[:]) // never fails
	return roleGroupPrefix + hex.EncodeToString(random[:])
}

// isRoleGroup reports whether an id is that of a role group, or was.
func isRoleGroup(id string) bool {
	random, ok := strings.CutPrefix(id, roleGroupPrefix)
	return ok && len(random) == 2*roleGroupRandom && strings.Trim(random, "0123456789abcdef") == ""
}

// splitIDs returns the ids of the application's groups and those of role groups. Of
// nil both are nil, otherwise none is.
func splitIDs(ids []string) (app, roles []string) {
	if ids == nil {
		return nil, nil
	}
	app, roles = []string{}, []string{}
	for _, id := range ids {
		if isRoleGroup(id) {
			roles = append(roles, id)
		} else {
			app = append(app, id)
		}
	}
	return app, roles
}

func (g *roleGroups) GetGroup(ctx context.Context, t Tenant, id string) (*schema.Resource, error) {
	if !isRoleGroup(id) {
		return g.app.GetGroup(ctx, t, id)
	}
	return g.get(ctx, t, id)
}

// CreateGroup creates a group of the application, unless a role group has its name:
// an identity provider could not tell them apart.
func (g *roleGroups) CreateGroup(ctx context.Context, t Tenant, w GroupWrite) (res GroupResult, err error) {
	if err := refuseRoleGroups(w.Members); err != nil {
		return GroupResult{}, err
	}
	err = g.naming(ctx, t, w.Write, func(ctx context.Context) error {
		res, err = g.app.CreateGroup(ctx, t, w)
		return err
	})
	return res, err
}

// naming runs a write that gives a group of the application its name, unless a role group
// has it: both in one transaction, so that none gets it in between.
func (g *roleGroups) naming(ctx context.Context, t Tenant, w Write, write func(ctx context.Context) error) error {
	return g.inTx(ctx, func(ctx context.Context) error {
		if err := g.checkRoleName(ctx, t, g.nameKey(w.New), ""); err != nil {
			return err
		}
		return write(ctx)
	})
}

// refuseRoleGroups says of role groups that they can't be members of the application's,
// which would say that there are none of these ids.
func refuseRoleGroups(d patch.MemberDelta) error {
	for _, m := range d.Add {
		if isRoleGroup(m.ID) {
			return Invalid("members", "has %s, a group that stands for a role: only users and other groups can be members of this one.", m.ID)
		}
	}
	return nil
}

func (g *roleGroups) UpdateGroup(ctx context.Context, t Tenant, id string, w GroupWrite) (res GroupResult, err error) {
	if isRoleGroup(id) {
		err = g.attempt(ctx, func(ctx context.Context) error {
			res, err = g.update(ctx, t, id, w)
			return err
		})
		return res, err
	}
	if err := refuseRoleGroups(w.Members); err != nil {
		return GroupResult{}, err
	}
	write := func(ctx context.Context) error {
		res, err = g.app.UpdateGroup(ctx, t, id, w)
		return err
	}
	if g.renames(w.Write) {
		err = g.naming(ctx, t, w.Write, write)
	} else {
		err = write(ctx)
	}
	return res, err
}

// DeleteGroup erases a group, which leaves the role groups that it is a member of, too.
func (g *roleGroups) DeleteGroup(ctx context.Context, t Tenant, id, version string) error {
	return g.inTx(ctx, func(ctx context.Context) error {
		if err := g.deleteGroup(ctx, t, id, version); err != nil {
			return err
		}
		_, err := g.dropMemberships(ctx, t, id)
		return err
	})
}

func (g *roleGroups) deleteGroup(ctx context.Context, t Tenant, id, version string) error {
	if !isRoleGroup(id) {
		return g.app.DeleteGroup(ctx, t, id, version)
	}
	err := g.attempt(ctx, func(ctx context.Context) error { return g.delete(ctx, t, id, version) })
	if err != nil {
		return err
	}
	return g.clear(ctx, t, id)
}

// attempt runs f in a transaction until no other change comes in between.
func (g *roleGroups) attempt(ctx context.Context, f func(ctx context.Context) error) error {
	for range maxRaces {
		if err := g.inTx(ctx, f); !errors.Is(err, errRace) {
			return err
		}
	}
	return ErrVersionMismatch
}
