package memstore_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
)

func ExampleNew() {
	ctx := context.Background()
	users := schema.MustCompile(schema.TypeConfig{Name: "User", Schema: schema.User()})
	store := memstore.New()

	for _, name := range []string{"ann", "bob", "Ann"} {
		r, err := schema.New(users).Set("userName", name).Build()
		if err != nil {
			panic(err)
		}
		if _, err := store.CreateUser(ctx, "acme", scim.Write{New: r}); err != nil {
			fmt.Println(err)
		}
	}
	page, err := store.ListUsers(ctx, "acme", scim.Query{StartIndex: 1, Count: 10})
	if err != nil {
		panic(err)
	}
	for _, r := range page.Resources {
		fmt.Println(r.Get("userName"))
	}
	// Output:
	// scim: 409 userName is in use by another resource; it must be unique.
	// ann
	// bob
}

func ExampleStore_InTx() {
	users := schema.MustCompile(schema.TypeConfig{Name: "User", Schema: schema.User()})
	store := memstore.New()
	ann, err := schema.New(users).Set("userName", "ann").Build()
	if err != nil {
		panic(err)
	}

	noSeat := errors.New("no seat is left")
	err = store.InTx(context.Background(), func(ctx context.Context) error {
		r, err := store.CreateUser(ctx, "acme", scim.Write{New: ann})
		if err != nil {
			return err
		}
		if err := store.SetUserRoles(ctx, "acme", r.ID(), []string{"editor"}); err != nil {
			return err
		}
		return noSeat
	})
	fmt.Println(err)

	page, err := store.ListUsers(context.Background(), "acme", scim.Query{})
	if err != nil {
		panic(err)
	}
	fmt.Println(page.Total, "users")
	// Output:
	// no seat is left
	// 0 users
}
