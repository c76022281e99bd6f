package mapping_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/muster-scim/muster/mapping"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/storetest"
)

// collector is a test in which cases run without subtests. It notes those that a
// store gives no reason to run, so that the test can say which these are.
type collector struct {
	testing.TB
	skipped map[string]bool
}

func (c collector) Logf(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if name, _, ok := strings.Cut(text, ": skipped"); ok {
		c.skipped[name] = true
		return
	}
	c.TB.Logf("%s", text)
}

// conform runs the kit and asserts which groups of cases are skipped.
func conform(t *testing.T, open func(testing.TB) storetest.Stores, o storetest.Options, skipped ...string) {
	t.Helper()
	c := collector{t, map[string]bool{}}
	o.Short = true
	storetest.All(c, open, o)
	for name := range c.skipped {
		known := slices.ContainsFunc(skipped, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
		assert.True(t, known, "%s is skipped", name)
	}
}

// listing is a repository that is asked for pages by key.
type listing[T any] struct{ *repo[T] }

func (listing[T]) ListsByKey() bool { return true }

type listingTeams struct{ *teamRepo }

func (listingTeams) ListsByKey() bool { return true }

// TestConformance holds mapped stores to every rule for stores: one that keeps what it
// has no field for, with cursors, and one that drops it, with trash and roles.
func TestConformance(t *testing.T) {
	t.Run("rest", func(t *testing.T) {
		conform(t, func(t testing.TB) storetest.Stores {
			users := newRepo(must[person](t)(mapping.Users(mapping.Tags[person]()...)))
			users.key = func(p *person) string { return schema.FoldUserName(p.Email) }
			teams := teamsOf(t, users)
			return storetest.Stores{
				Users:  mapping.UserStore(users.table, mapping.Repository[person](listing[person]{users})),
				Groups: mapping.GroupStore(teams.table, mapping.GroupRepository[team](listingTeams{teams})),
			}
		}, storetest.Options{}, "Resources/", "State/", "Tx/", "Trash/", "Roles/", "Users/UniqueAbsent",
			"Groups/UniqueAbsent", "Groups/FilterElements", "Groups/SortElements", "Groups/NamesMayRepeat", "Claim/")
	})
	t.Run("fields", func(t *testing.T) {
		// The store of the case that is run.
		var users *repo[account]
		conform(t, func(t testing.TB) storetest.Stores {
			users = accountRepo(accountTable(t))
			teams := teamsOf(t, users)
			return storetest.Stores{Users: mapping.UserStore(users.table, users), Groups: mapping.GroupStore(teams.table, teams), Resources: deviceStore(t)}
		}, storetest.Options{
			Users: storetest.Kind{Keeps: func(path string) bool {
				switch path {
				case "phoneNumbers.primary", "roles.type", "roles.primary": // no field tells
					return false
				case "userType": // each account has one
					return false
				}
				return true
			}},
			Roles: storetest.Roles{Of: func(_ context.Context, _ scim.UserStore, t scim.Tenant, id string) ([]string, error) {
				return users.rows[t][id].Granted, nil
			}},
		}, "State/", "Tx/", "Users/UniqueAbsent", "Groups/UniqueAbsent", "Groups/FilterElements", "Groups/SortElements",
			"Groups/NamesMayRepeat", "Users/SortElements", "Users/Key", "Groups/Key", "Resources/Key", "Roles/KeepGrants", "Claim/")
	})
}

// teamsOf returns a repository of teams whose members are these users.
func teamsOf[T any](t testing.TB, users *repo[T]) *teamRepo {
	teams := newTeamRepo(must[team](t)(mapping.Groups(teamBindings()...)))
	teams.key = func(g *team) string { return schema.Fold(g.Name) }
	teams.users, users.gone = users, teams.forget
	return teams
}

// device has a field of each kind.
type device struct {
	Created  time.Time `scim:"meta.created"`
	Modified time.Time `scim:"meta.lastModified"`
	ID       string    `scim:"id"`
	Ext      *string   `scim:"externalId"`
	HostName string    `scim:"hostName,unique"`
	Serial   *string   `scim:"serial,unique"`
	Note     string    `scim:"note"`
	Managed  *bool     `scim:"managed"`
	Ports    *int      `scim:"ports"`
	Weight   *float64  `scim:"weight"`
	Bought   time.Time `scim:"bought"`
	Manual   string    `scim:"manual"`
	Key      []byte    `scim:"key"`
	Tags     []string  `scim:"tags"`
	Place    struct {
		Room  string `scim:"room"`
		Floor *int   `scim:"floor"`
	} `scim:"place"`
	Contacts []struct {
		Value, Type string
		Primary     *bool
	} `scim:"contacts"`
}

func deviceStore(t testing.TB) scim.ResourceStore {
	table := must[device](t)(mapping.Resources(schema.TypeConfig{Name: "Device", Schema: schema.Schema{
		ID:   "urn:example:params:scim:schemas:test:2.0:Device",
		Name: "Device",
		Attributes: []schema.Attribute{
			{Name: "hostName", Required: true},
			{Name: "serial", CaseExact: true},
			{Name: "note"},
			{Name: "managed", Type: schema.Boolean},
			{Name: "ports", Type: schema.Integer},
			{Name: "weight", Type: schema.Decimal},
			{Name: "bought", Type: schema.DateTime},
			{Name: "manual", Type: schema.Reference, References: []string{"external"}},
			{Name: "key", Type: schema.Binary},
			{Name: "tags", MultiValued: true},
			{Name: "place", Type: schema.Complex, Sub: []schema.Attribute{{Name: "room"}, {Name: "floor", Type: schema.Integer}}},
			{Name: "contacts", Type: schema.Complex, MultiValued: true, Sub: []schema.Attribute{
				{Name: "value"}, {Name: "type"}, {Name: "primary", Type: schema.Boolean},
			}},
		},
	}}, mapping.Tags[device]()...))
	devices := newRepo(table)
	devices.taken = func(a, b *device) string {
		switch {
		case schema.Fold(a.HostName) == schema.Fold(b.HostName):
			return "hostName"
		case a.Serial != nil && b.Serial != nil && *a.Serial == *b.Serial:
			return "serial"
		}
		return ""
	}
	return mapping.ResourceStore(table, devices)
}
