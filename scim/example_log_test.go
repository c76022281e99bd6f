package scim_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
)

// call sends a request as an identity provider does.
func call(h *scim.Handler, method, path, body string) {
	r := httptest.NewRequest(method, "https://app.example.com/scim/v2"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer a long random secret")
	h.ServeHTTP(httptest.NewRecorder(), r)
}

// Events tell the application of every change, in order for each user and group.
func ExampleConfig_events() {
	store := memstore.New()
	handler, err := scim.New(scim.Config{
		BaseURL: "https://app.example.com/scim/v2",
		Auth:    scim.StaticToken("a long random secret", scim.Scope{Tenant: "acme", Connection: "entra"}),
		Users:   store,
		State:   store,
		Events: func(_ context.Context, e scim.Event) error {
			fmt.Println(e.Tenant, e.Connection, e.Type, e.Changed)
			return nil // an error brings it again, later
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	call(handler, "POST", "/Users", `{"userName":"bjensen","active":true}`)
	call(handler, "POST", "/Users", `{"userName":"bjensen"}`) // refused, so nothing happened

	// A server calls handler.Run in a goroutine of its own instead.
	if err := handler.RunOnce(context.Background()); err != nil {
		log.Fatal(err)
	}
	// Output:
	// acme entra user.created [userName active]
}

// An event can be put on a queue and read on the other side.
func ExampleDecodeEvent() {
	users := schema.MustCompile(schema.TypeConfig{Name: "User", Schema: schema.User()})
	user, err := schema.New(users).ID("7").Set("userName", "bjensen").Build()
	if err != nil {
		log.Fatal(err)
	}
	message, err := json.Marshal(scim.Event{ID: "1", Type: scim.UserCreated, Resource: "User", ResourceID: "7", After: user})
	if err != nil {
		log.Fatal(err)
	}

	event, err := scim.DecodeEvent(message, users)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(event.Type, event.After.Get("userName"))
	// Output:
	// user.created bjensen
}

// The provisioning log answers what an administrator asks first: what happened to this
// user, and what was refused.
func ExampleLog_List() {
	store := memstore.New()
	handler, err := scim.New(scim.Config{
		BaseURL:  "https://app.example.com/scim/v2",
		Auth:     scim.StaticToken("a long random secret", scim.Scope{Tenant: "acme", Connection: "entra"}),
		Users:    store,
		State:    store,
		Settings: scim.Fixed(scim.Settings{KeepLog: 30 * 24 * time.Hour}),
	})
	if err != nil {
		log.Fatal(err)
	}
	call(handler, "POST", "/Users", `{"userName":"bjensen","password":"t1meMa$heen","title":"Guide","active":"True"}`)
	call(handler, "POST", "/Users", `{"userName":"BJensen"}`)

	page, err := scim.NewLog(store).List(context.Background(), "acme", scim.LogQuery{Limit: 10})
	if err != nil {
		log.Fatal(err)
	}
	for _, e := range page.Entries { // the newest first
		fmt.Println(e.Scope.Connection, e.Method, e.Path, e.Status)
		if e.Detail != "" {
			fmt.Println("  ", e.Detail)
		}
		for _, c := range e.Changes() {
			fmt.Println("  ", c.Path, "is", c.After)
		}
		for _, n := range e.Notes {
			fmt.Println("  ", n.Path+":", n.Rule)
		}
	}
	// Output:
	// entra POST /Users 409
	//    userName is in use by another resource; it must be unique.
	// entra POST /Users 201
	//    userName is "bjensen"
	//    title is "Guide"
	//    active is true
	//    password is "[redacted]"
	//    active: string taken as boolean
}
