package scim

import (
	"context"

	"github.com/muster-scim/muster/schema"
)

// collection is a resource type with its store, the nouns taken off the store's
// methods: one set of handlers serves users, groups and whatever else there is.
type collection struct {
	typ *schema.Type

	get    func(ctx context.Context, t Tenant, id string) (*schema.Resource, error)
	list   func(ctx context.Context, t Tenant, q Query) (Page, error)
	create func(ctx context.Context, t Tenant, w GroupWrite) (GroupResult, error)
	update func(ctx context.Context, t Tenant, id string, w GroupWrite) (GroupResult, error)
	delete func(ctx context.Context, t Tenant, id, version string) error

	// exist is UsersExist; nil if the store has no such ability.
	exist func(ctx context.Context, t Tenant, ids []string) ([]bool, error)

	// writes is what the handlers write by: the functions above, or the policies
	// before these.
	writes writer

	// members is the attribute of groups that is not in their resources.
	members *schema.Attr

	// groupsAttr is the same for users.
	groupsAttr *schema.Attr

	// onRequest are attributes that are returned only if asked for, or if the
	// client has just sent them.
	onRequest []*schema.Attr

	// readOnly says that clients may only read; byKey that the store is a
	// CursorLister.
	readOnly, byKey bool

	// keepsPasswords says that a password changes something.
	keepsPasswords bool
}

// edges returns the attribute whose value is memberships rather than a part of
// the resource, or nil.
func (c *collection) edges() *schema.Attr {
	if c.members != nil {
		return c.members
	}
	return c.groupsAttr
}

// PasswordKeeper is a UserStore that says whether it keeps the password of a
// Write. Without it, passwords are said to be unsupported; they are still handed
// over.
type PasswordKeeper interface {
	KeepsPasswords() bool
}

func newCollection(t *schema.Type, store any) *collection {
	c := &collection{typ: t}
	c.writes = plainWriter{c}
	if l, ok := store.(CursorLister); ok {
		c.byKey = l.ListsByKey()
	}
	for _, a := range t.Attrs() {
		if a.Returned == schema.OnRequest {
			c.onRequest = append(c.onRequest, a)
		}
	}
	return c
}

func userCollection(t *schema.Type, s UserStore) *collection {
	c := newCollection(t, s)
	c.get, c.list, c.delete = s.GetUser, s.ListUsers, s.DeleteUser
	c.create, c.update = withoutMembers(s.CreateUser, s.UpdateUser)
	if u, ok := s.(UserChecker); ok {
		c.exist = u.UsersExist
	}
	if k, ok := s.(PasswordKeeper); ok {
		c.keepsPasswords = k.KeepsPasswords()
	}
	return c
}

func groupCollection(t *schema.Type, s GroupStore) *collection {
	c := newCollection(t, s)
	c.get, c.list, c.delete = s.GetGroup, s.ListGroups, s.DeleteGroup
	c.create, c.update = s.CreateGroup, s.UpdateGroup
	c.members = attrOf(t, "members")
	return c
}

func resourceCollection(t *schema.Type, s ResourceStore) *collection {
	c := newCollection(t, s)
	c.get, c.list, c.delete = s.Get, s.List, s.Delete
	c.create, c.update = withoutMembers(s.Create, s.Update)
	return c
}

type (
	createFunc func(ctx context.Context, t Tenant, w Write) (*schema.Resource, error)
	updateFunc func(ctx context.Context, t Tenant, id string, w Write) (*schema.Resource, error)
)

// withoutMembers lets resources that have no members be written like groups.
func withoutMembers(create createFunc, update updateFunc) (
	func(context.Context, Tenant, GroupWrite) (GroupResult, error),
	func(context.Context, Tenant, string, GroupWrite) (GroupResult, error),
) {
	return func(ctx context.Context, t Tenant, w GroupWrite) (GroupResult, error) {
			return resultOf(create(ctx, t, w.Write))
		}, func(ctx context.Context, t Tenant, id string, w GroupWrite) (GroupResult, error) {
			return resultOf(update(ctx, t, id, w.Write))
		}
}

func resultOf(r *schema.Resource, err error) (GroupResult, error) {
	if err != nil {
		return GroupResult{}, err
	}
	return GroupResult{Group: r, Version: r.Version()}, nil
}
