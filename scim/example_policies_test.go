package scim_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
)

// exampleHandler makes a handler on a store in memory; settings are its policies.
func exampleHandler(store *memstore.Store, settings scim.Settings, change ...func(*scim.Config)) *scim.Handler {
	c := scim.Config{
		BaseURL:  "https://app.example.com/scim/v2",
		Auth:     scim.StaticToken("secret", scim.Scope{Tenant: "acme", Connection: "entra"}),
		Users:    store,
		Groups:   store,
		State:    store, // the same value: a write and what Muster remembers are one transaction
		Settings: scim.Fixed(settings),
		Logger:   slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(&c)
	}
	h, err := scim.New(c)
	if err != nil {
		panic(err)
	}
	return h
}

// send plays an identity provider.
func send(h http.Handler, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "https://app.example.com/scim/v2"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer secret")
	r.Header.Set("Content-Type", "application/scim+json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// idIn returns the id in an answer.
func idIn(w *httptest.ResponseRecorder) string {
	_, rest, _ := strings.Cut(w.Body.String(), `"id":"`)
	id, _, _ := strings.Cut(rest, `"`)
	return id
}

// sameName links users whom the application has, by userName.
type sameName struct{ store *memstore.Store }

func (l sameName) FindUser(ctx context.Context, t scim.Tenant, incoming *schema.Resource) (*scim.LinkCandidate, error) {
	f, err := filter.Check(&filter.AttributeExpression{
		AttributePath: filter.AttributePath{AttributeName: "userName"},
		Operator:      filter.EQ, CompareValue: schema.AsUser(incoming).UserName(),
	}, incoming.Type(), filter.Checking{})
	if err != nil {
		return nil, err
	}
	page, err := l.store.ListUsers(ctx, t, scim.Query{Filter: f, StartIndex: 1, Count: 1})
	if err != nil || len(page.Resources) == 0 {
		return nil, err
	}
	return &scim.LinkCandidate{ID: page.Resources[0].ID(), Reason: "userName"}, nil
}

func (sameName) FindGroup(context.Context, scim.Tenant, *schema.Resource) (*scim.LinkCandidate, error) {
	return nil, nil // groups are never taken over
}

// A user whom the application has already is taken over by its first POST, and keeps its
// id.
func ExampleLinker() {
	store := memstore.New()
	h := exampleHandler(store, scim.Settings{Linker: sameName{store}}, func(c *scim.Config) {
		c.UserType = schema.MustCompile(schema.TypeConfig{Name: "User", Schema: schema.User()})
		ann, _ := schema.New(c.UserType).Set("userName", "ann@example.com").Set("title", "Boss").Build()
		_, _ = store.CreateUser(context.Background(), "acme", scim.Write{New: ann})
	})
	w := send(h, "POST", "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ann@example.com","externalId":"x1"}`)
	fmt.Println(w.Code, strings.Contains(w.Body.String(), `"title":"Boss"`), strings.Contains(w.Body.String(), `"externalId":"x1"`))
	// Output: 201 true true
}

// roleByType gives the role that userType names.
type roleByType map[string]string

func (r roleByType) Resolve(in scim.RoleInput) scim.RoleOutcome {
	role, ok := r[schema.AsUser(in.User).UserType()]
	if !ok {
		return scim.RoleOutcome{Refusal: scim.Invalid("userType", "must be \"admin\" or \"user\".")}
	}
	return scim.RoleOutcome{Roles: []string{role}}
}

func (roleByType) GroupUse(string, string) scim.GroupUse { return scim.UseNone }

// A resolver is a pure function of the user; package rolemap makes them from tables.
func ExampleRoleResolver() {
	store := memstore.New()
	h := exampleHandler(store, scim.Settings{Roles: roleByType{"admin": "Administrator", "user": "Contributor"}})
	w := send(h, "POST", "/Users", `{"userName":"ann","userType":"user"}`)
	roles, _ := store.UserRoles(context.Background(), "acme", idIn(w))
	fmt.Println(w.Code, roles)
	w = send(h, "POST", "/Users", `{"userName":"bob","userType":"boss"}`)
	fmt.Println(w.Code, strings.Contains(w.Body.String(), `must be \"admin\" or \"user\"`))
	// Output:
	// 201 [Contributor]
	// 400 true
}

// The last administrator can't be lost: the identity provider reads what it wrote, the
// access stays, and the application is told.
func ExampleGuard() {
	store := memstore.New()
	guard := &scim.Guard{
		Admin: func(roles []string) bool { return slices.Contains(roles, "Administrator") },
		Others: func(ctx context.Context, t scim.Tenant, except []string) (int, error) {
			return 0, nil // count the active administrators beside these
		},
	}
	h := exampleHandler(store, scim.Settings{Roles: roleByType{"admin": "Administrator"}, Guard: guard}, func(c *scim.Config) {
		c.Events = func(_ context.Context, e scim.Event) error {
			if e.Type == scim.AccessKept {
				fmt.Println(e.Detail)
			}
			return nil
		}
	})
	id := idIn(send(h, "POST", "/Users", `{"userName":"ann","userType":"admin","active":true}`))
	w := send(h, "PATCH", "/Users/"+id, `{"Operations":[{"op":"replace","path":"active","value":false}]}`)
	fmt.Println(w.Code, strings.Contains(w.Body.String(), `"active":false`))
	ann, _ := store.GetUser(context.Background(), "acme", id)
	fmt.Println("active in the application:", schema.AsUser(ann).Active())
	_ = h.RunOnce(context.Background()) // in a server: go h.Run(ctx)
	// Output:
	// 200 true
	// active in the application: true
	// This user is the last administrator: suspending it would leave the tenant without an administrator.
}

// Seats are counted when somebody comes in.
func ExampleAdmission() {
	store := memstore.New()
	h := exampleHandler(store, scim.Settings{
		Admission: func(ctx context.Context, t scim.Tenant, u *schema.Resource, returning bool) error {
			page, err := store.ListUsers(ctx, t, scim.Query{StartIndex: 1})
			if err == nil && page.Total >= 1 {
				return scim.Forbidden("All seats of your plan are taken.")
			}
			return err
		},
	})
	fmt.Println(send(h, "POST", "/Users", `{"userName":"ann"}`).Code)
	fmt.Println(send(h, "POST", "/Users", `{"userName":"bob"}`).Code)
	// Output:
	// 201
	// 403
}

// Access is cut right after the commit, and again until it succeeds.
func ExampleCutoff() {
	store := memstore.New()
	h := exampleHandler(store, scim.Settings{OnDelete: scim.Tombstone, Retention: 30 * 24 * time.Hour}, func(c *scim.Config) {
		c.Cutoffs = []scim.Cutoff{
			{Name: "sessions", Cut: func(context.Context, scim.Tenant, string) error { fmt.Println("sessions ended"); return nil }},
			{Name: "api-keys", Cut: func(context.Context, scim.Tenant, string) error { fmt.Println("API keys revoked"); return nil }},
		}
	})
	id := idIn(send(h, "POST", "/Users", `{"userName":"ann","externalId":"x1"}`))
	fmt.Println(send(h, "DELETE", "/Users/"+id, "").Code)
	fmt.Println(send(h, "GET", "/Users/"+id, "").Code)
	// Back within the retention, it is the same user.
	fmt.Println(idIn(send(h, "POST", "/Users", `{"userName":"ann","externalId":"x1"}`)) == id)
	// Output:
	// sessions ended
	// API keys revoked
	// 204
	// 404
	// true
}

// While the identity provider has the groups, the application's own edits are refused.
func ExampleAdmin_EditGroup() {
	store := memstore.New()
	h := exampleHandler(store, scim.Settings{GroupsManaged: true})
	group := idIn(send(h, "POST", "/Groups", `{"displayName":"Team"}`))
	err := h.Admin().EditGroup(context.Background(), "acme", scim.GroupEdit{GroupID: group, Delete: true}, func(ctx context.Context) error {
		return store.DeleteGroup(ctx, "acme", group, "")
	})
	fmt.Println(err)
	// Output: scim: groups are managed by the identity provider
}
