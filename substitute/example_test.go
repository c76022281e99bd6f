package substitute_test

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
	"github.com/muster-scim/muster/substitute"
)

// office is an application with a few users and documents, all of which ann owns.
type office struct {
	store     *memstore.Store
	handler   *scim.Handler
	offboard  *substitute.Coordinator
	documents *memThings
	ids       map[string]string
}

func newOffice(policy func(ids map[string]string) scim.SubstitutePolicy) *office {
	o := &office{store: memstore.New(), documents: newThings("document"), ids: map[string]string{}}
	for _, name := range []string{"eve", "bob", "ann"} { // bob is ann's manager
		b := schema.New(userType).Set("userName", name).Set("active", true)
		if name == "ann" {
			b.Set(schema.EnterpriseUserURN+":manager", map[string]any{"value": o.ids["bob"]})
		}
		r, err := b.Build()
		must(err)
		r, err = o.store.CreateUser(context.Background(), tenant, scim.Write{New: r})
		must(err)
		o.ids[name] = r.ID()
	}
	for _, id := range []string{"budget", "contract", "plan"} {
		o.documents.give(id, o.ids["ann"])
	}
	var err error
	o.offboard, err = substitute.New(substitute.Config{Owned: []substitute.Owned{o.documents}})
	must(err)
	o.handler, err = scim.New(scim.Config{
		BaseURL: "https://app.example.com/scim/v2", Auth: scim.StaticToken("secret", scim.Scope{Tenant: tenant}),
		Users: o.store, UserType: userType, State: o.store, Offboard: o.offboard,
		Settings: scim.Fixed(scim.Settings{Substitute: policy(o.ids)}),
	})
	must(err)
	return o
}

// printHeir prints who would get ann's documents.
func (o *office) printHeir() {
	f, err := o.offboard.Preview(context.Background(), tenant, o.ids["ann"])
	must(err)
	if f.Heir == "" {
		fmt.Printf("%d documents to nobody\n", f.Counts["document"])
		return
	}
	heir := f.Heir
	for name, id := range o.ids {
		if id == f.Heir {
			heir = name
		}
	}
	fmt.Printf("%d documents to %s: %s\n", f.Counts["document"], heir, f.Source)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// The leaver's manager inherits, as last known.
func ExampleManager() {
	o := newOffice(func(map[string]string) scim.SubstitutePolicy {
		return substitute.Manager()
	})
	o.printHeir()
	// Output: 3 documents to bob: manager
}

// One user inherits from everybody.
func ExampleUser() {
	o := newOffice(func(ids map[string]string) scim.SubstitutePolicy {
		return substitute.User(ids["eve"])
	})
	o.printHeir()
	// Output: 3 documents to eve: named user
}

// The tenant's default substitute is looked up when somebody leaves.
func ExampleDefault() {
	picked := "" // what an administrator has picked in the application
	o := newOffice(func(map[string]string) scim.SubstitutePolicy {
		return substitute.Default(func(context.Context, scim.Tenant) (string, error) { return picked, nil })
	})
	o.printHeir()
	picked = o.ids["eve"]
	o.printHeir()
	// Output:
	// 3 documents to nobody
	// 3 documents to eve: default substitute
}

// An administrator chooses the heir of one user.
func ExampleChosen() {
	o := newOffice(func(map[string]string) scim.SubstitutePolicy {
		return substitute.Chosen()
	})
	o.printHeir()
	must(o.offboard.Choose(context.Background(), tenant, o.ids["ann"], o.ids["eve"]))
	o.printHeir()
	// Output:
	// 3 documents to nobody
	// 3 documents to eve: choice
}

// The first who can inherit does: bob is ann's manager, but suspended.
func ExampleChain() {
	o := newOffice(func(ids map[string]string) scim.SubstitutePolicy {
		return substitute.Chain(substitute.Chosen(), substitute.Manager(), substitute.User(ids["eve"]))
	})
	o.printHeir()

	bob, err := o.store.GetUser(context.Background(), tenant, o.ids["bob"])
	must(err)
	suspended, err := bob.Edit().Set("active", false).Build()
	must(err)
	_, err = o.store.UpdateUser(context.Background(), tenant, bob.ID(), scim.Write{Old: bob, New: suspended, Changed: []string{"active"}})
	must(err)
	f, err := o.offboard.Preview(context.Background(), tenant, o.ids["ann"])
	must(err)
	fmt.Println(f.Heir == o.ids["eve"], len(f.PassedOver))
	// Output:
	// 3 documents to bob: manager
	// true 1
}

// Without an heir everything waits until somebody is named.
func ExamplePark() {
	o := newOffice(func(map[string]string) scim.SubstitutePolicy {
		return substitute.Park()
	})
	ctx, ann := context.Background(), o.ids["ann"]
	must(o.store.HideUser(ctx, tenant, ann, ""))
	must(o.offboard.Depart(ctx, tenant, scim.Departure{UserID: ann, Trigger: scim.TriggerDelete})) // what DELETE does
	must(o.handler.RunOnce(ctx))

	parked, err := o.offboard.Parked(ctx, tenant)
	must(err)
	fmt.Println(len(parked), parked[0].Problem)
	must(o.offboard.Assign(ctx, tenant, parked[0].ID, o.ids["eve"]))
	must(o.handler.RunOnce(ctx))

	h, err := o.offboard.Get(ctx, tenant, parked[0].ID)
	must(err)
	fmt.Println(h.Phase, h.Moved["document"])
	// Output:
	// 1 No policy names an heir.
	// done 3
}

// What was handed over is taken back.
func ExampleCoordinator_Undo() {
	o := newOffice(func(map[string]string) scim.SubstitutePolicy { return substitute.Manager() })
	ctx, ann := context.Background(), o.ids["ann"]
	must(o.store.HideUser(ctx, tenant, ann, ""))
	must(o.offboard.Depart(ctx, tenant, scim.Departure{UserID: ann, Trigger: scim.TriggerDelete, Manager: o.ids["bob"]}))
	must(o.handler.RunOnce(ctx))

	o.documents.give("plan", o.ids["eve"]) // bob has given it on
	all, _, err := o.offboard.List(ctx, tenant, substitute.Query{UserID: ann})
	must(err)
	must(o.offboard.Undo(ctx, tenant, all[0].ID))
	must(o.handler.RunOnce(ctx))

	h, err := o.offboard.Get(ctx, tenant, all[0].ID)
	must(err)
	owners := o.documents.owners()
	for _, id := range slices.Sorted(maps.Keys(owners)) {
		fmt.Println(id, owners[id] == ann)
	}
	fmt.Println(h.Phase, h.Left["document"], "left with others")
	// Output:
	// budget true
	// contract true
	// plan false
	// undone 1 left with others
}
