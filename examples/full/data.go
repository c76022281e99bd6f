package main

import (
	"context"
	"database/sql"
	"errors"

	"github.com/muster-scim/muster/examples/internal/database"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
	"github.com/muster-scim/muster/scim/sqlstore"
)

// data is where the program keeps everything, with the types that are kept there.
type data struct {
	users     scim.UserStore
	userType  *schema.Type
	groups    scim.GroupStore
	groupType *schema.Type
	state     scim.StateStore

	// resources returns a store for resources of one more type, and the type that
	// they are of there.
	resources func(*schema.Type) (resourceStore, *schema.Type, error)
}

// resourceStore is a store for resources that has cursors.
type resourceStore interface {
	scim.ResourceStore
	scim.CursorLister
}

// openData opens what the flag -db names; close closes it.
func openData(ctx context.Context, name string) (d data, closeData func() error, err error) {
	if name == database.Memory {
		return inMemory(userType, groupType), func() error { return nil }, nil
	}
	db, err := database.Open(ctx, name)
	if err != nil {
		return d, nil, err
	}
	d, err = inDatabase(ctx, db, userType, groupType)
	if err != nil {
		return d, nil, errors.Join(err, db.Close())
	}
	return d, db.Close, nil
}

func inMemory(users, groups *schema.Type) data {
	store := memstore.New()
	return data{
		users: store, userType: users,
		groups: store, groupType: groups,
		state: store,
		resources: func(t *schema.Type) (resourceStore, *schema.Type, error) {
			return store.Resources(t.Name()), t, nil
		},
	}
}

func inDatabase(ctx context.Context, db *sql.DB, users, groups *schema.Type) (data, error) {
	store, err := sqlstore.Open(ctx, db, sqlstore.Options{UserType: users, GroupType: groups})
	if err != nil {
		return data{}, err
	}
	return data{
		users: store, userType: users,
		groups: store, groupType: groups,
		state: store,
		resources: func(t *schema.Type) (resourceStore, *schema.Type, error) {
			return store.Resources(t), t, nil
		},
	}, nil
}
