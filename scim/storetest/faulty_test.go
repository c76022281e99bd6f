package storetest

import (
	"context"
	"time"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// Short names, since there are many functions of these types.
type (
	contextT = context.Context
	tenantT  = scim.Tenant
	resource = *schema.Resource
	edgeT    = scim.Membership
)

// faulty is a complete store of which single methods are replaced.
type faulty struct {
	*complete

	getUser    func(ctx contextT, t tenantT, id string) (resource, error)
	listUsers  func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error)
	createUser func(ctx contextT, t tenantT, w scim.Write) (resource, error)
	updateUser func(ctx contextT, t tenantT, id string, w scim.Write) (resource, error)
	deleteUser func(ctx contextT, t tenantT, id, version string) error

	getGroup        func(ctx contextT, t tenantT, id string) (resource, error)
	createGroup     func(ctx contextT, t tenantT, w scim.GroupWrite) (scim.GroupResult, error)
	updateGroup     func(ctx contextT, t tenantT, id string, w scim.GroupWrite) (scim.GroupResult, error)
	deleteGroup     func(ctx contextT, t tenantT, id, version string) error
	listMemberships func(ctx contextT, t tenantT, q scim.MembershipQuery) (scim.MembershipPage, error)

	hideUser    func(ctx contextT, t tenantT, id, version string) error
	restoreUser func(ctx contextT, t tenantT, id string, w scim.Write) (resource, error)
	hiddenUsers func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error)

	usersExist   func(ctx contextT, t tenantT, ids []string) ([]bool, error)
	setUserRoles func(ctx contextT, t tenantT, id string, roles []string) error
	inTx         func(ctx contextT, f func(ctx contextT) error) error

	listState  func(ctx contextT, t tenantT, q scim.StateQuery) ([]scim.State, string, error)
	putState   func(ctx contextT, t tenantT, s ...scim.State) error
	claimState func(ctx contextT, k scim.Kind, now time.Time, lease time.Duration, limit int) (map[tenantT][]scim.State, error)
}

// newFaulty returns a store without any fault.
func newFaulty(s *complete) *faulty {
	return &faulty{
		complete: s,
		getUser:  s.GetUser, listUsers: s.ListUsers, createUser: s.CreateUser, updateUser: s.UpdateUser, deleteUser: s.DeleteUser,
		getGroup: s.GetGroup, createGroup: s.CreateGroup, updateGroup: s.UpdateGroup, deleteGroup: s.DeleteGroup,
		listMemberships: s.ListMemberships,
		hideUser:        s.HideUser, restoreUser: s.RestoreUser, hiddenUsers: s.HiddenUsers,
		usersExist: s.UsersExist, setUserRoles: s.SetUserRoles, inTx: s.InTx,
		listState: s.ListState, putState: s.PutState, claimState: s.ClaimState,
	}
}

// stores returns the faulty store as all that the cases can look at.
func (f *faulty) stores() Stores {
	s := f.complete.stores()
	s.Users, s.Groups, s.State = f, f, f
	return s
}

func (f *faulty) GetUser(ctx contextT, t tenantT, id string) (resource, error) {
	return f.getUser(ctx, t, id)
}

func (f *faulty) ListUsers(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
	return f.listUsers(ctx, t, q)
}

func (f *faulty) CreateUser(ctx contextT, t tenantT, w scim.Write) (resource, error) {
	return f.createUser(ctx, t, w)
}

func (f *faulty) UpdateUser(ctx contextT, t tenantT, id string, w scim.Write) (resource, error) {
	return f.updateUser(ctx, t, id, w)
}

func (f *faulty) DeleteUser(ctx contextT, t tenantT, id, version string) error {
	return f.deleteUser(ctx, t, id, version)
}

func (f *faulty) GetGroup(ctx contextT, t tenantT, id string) (resource, error) {
	return f.getGroup(ctx, t, id)
}

func (f *faulty) CreateGroup(ctx contextT, t tenantT, w scim.GroupWrite) (scim.GroupResult, error) {
	return f.createGroup(ctx, t, w)
}

func (f *faulty) UpdateGroup(ctx contextT, t tenantT, id string, w scim.GroupWrite) (scim.GroupResult, error) {
	return f.updateGroup(ctx, t, id, w)
}

func (f *faulty) DeleteGroup(ctx contextT, t tenantT, id, version string) error {
	return f.deleteGroup(ctx, t, id, version)
}

func (f *faulty) ListMemberships(ctx contextT, t tenantT, q scim.MembershipQuery) (scim.MembershipPage, error) {
	return f.listMemberships(ctx, t, q)
}

func (f *faulty) HideUser(ctx contextT, t tenantT, id, version string) error {
	return f.hideUser(ctx, t, id, version)
}

func (f *faulty) RestoreUser(ctx contextT, t tenantT, id string, w scim.Write) (resource, error) {
	return f.restoreUser(ctx, t, id, w)
}

func (f *faulty) HiddenUsers(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
	return f.hiddenUsers(ctx, t, q)
}

func (f *faulty) UsersExist(ctx contextT, t tenantT, ids []string) ([]bool, error) {
	return f.usersExist(ctx, t, ids)
}

func (f *faulty) SetUserRoles(ctx contextT, t tenantT, id string, roles []string) error {
	return f.setUserRoles(ctx, t, id, roles)
}

func (f *faulty) InTx(ctx contextT, do func(ctx contextT) error) error { return f.inTx(ctx, do) }

func (f *faulty) ListState(ctx contextT, t tenantT, q scim.StateQuery) ([]scim.State, string, error) {
	return f.listState(ctx, t, q)
}

func (f *faulty) PutState(ctx contextT, t tenantT, s ...scim.State) error {
	return f.putState(ctx, t, s...)
}

func (f *faulty) ClaimState(ctx contextT, k scim.Kind, now time.Time, lease time.Duration, limit int) (map[tenantT][]scim.State, error) {
	return f.claimState(ctx, k, now, lease, limit)
}
