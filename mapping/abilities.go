package mapping

import (
	"context"
	"errors"
	"slices"

	"github.com/muster-scim/muster/scim"
)

// plainUsers are the methods that every store of users has.
type plainUsers interface {
	scim.UserStore
	scim.Typer
	scim.CursorLister
	scim.PasswordKeeper
}

// withAbilities returns a store with just the methods that it can do: package scim
// finds out by type what to offer, and to refuse at the start what can't be done.
func withAbilities[T any](s *userStore[T]) scim.UserStore {
	tx, _ := s.items.repo.(scim.Transactor)
	return combine(s, tx, trashOf(s), rolesOf(s))
}

func combine(s plainUsers, tx scim.Transactor, trash scim.UserTrash, roles scim.RoleSetter) scim.UserStore {
	switch {
	case tx != nil && trash != nil && roles != nil:
		return struct {
			plainUsers
			scim.Transactor
			scim.UserTrash
			scim.RoleSetter
		}{s, tx, trash, roles}
	case tx != nil && trash != nil:
		return struct {
			plainUsers
			scim.Transactor
			scim.UserTrash
		}{s, tx, trash}
	case tx != nil && roles != nil:
		return struct {
			plainUsers
			scim.Transactor
			scim.RoleSetter
		}{s, tx, roles}
	case trash != nil && roles != nil:
		return struct {
			plainUsers
			scim.UserTrash
			scim.RoleSetter
		}{s, trash, roles}
	case tx != nil:
		return struct {
			plainUsers
			scim.Transactor
		}{s, tx}
	case trash != nil:
		return struct {
			plainUsers
			scim.UserTrash
		}{s, trash}
	case roles != nil:
		return struct {
			plainUsers
			scim.RoleSetter
		}{s, roles}
	}
	return s
}

// rolesOf returns what sets roles; nil if nothing does.
func rolesOf[T any](s *userStore[T]) scim.RoleSetter {
	own, _ := s.items.repo.(scim.RoleSetter)
	if own == nil && s.table.roles == nil {
		return nil
	}
	return roleSetter[T]{s, own}
}

// roleSetter keeps roles where the repository does, or else in the row.
type roleSetter[T any] struct {
	of  *userStore[T]
	own scim.RoleSetter
}

// SetUserRoles gives a user, hidden or not, exactly these provisioned roles.
func (s roleSetter[T]) SetUserRoles(ctx context.Context, t scim.Tenant, id string, roles []string) error {
	key, err := s.of.key(id)
	if err != nil {
		return err
	}
	if s.own != nil {
		err := s.own.SetUserRoles(ctx, t, key, roles)
		if s.of.table.roles == nil || !errors.Is(err, scim.ErrNotImplemented) {
			return err
		}
	}
	// The row may keep the list, which is the caller's.
	call, done := once(func(v *T) error { return s.of.table.roles(v, slices.Clone(roles)) })
	return done(s.of.items.repo.Update(ctx, t, key, call))
}
