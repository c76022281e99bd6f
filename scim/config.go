package scim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/muster-scim/muster/schema"
)

// Config is what a Handler is made of. BaseURL, Auth and one of Users and
// Resources are required; every other field may be left zero. New copies it.
type Config struct {
	// BaseURL is the absolute URL below which clients see the endpoints, as
	// "https://app.example.com/scim/v2". Locations begin with it, whatever
	// proxy is in between: the Host header is never read. Its path is the mount
	// point; it is taken off request paths if the mux left it on.
	BaseURL string

	// Auth says who asks.
	Auth Authenticator

	// Users is where users are. Without it there is no /Users.
	Users UserStore

	// Groups is where groups and memberships are. Without it there is no
	// /Groups.
	Groups GroupStore

	// Resources are resource types of the application's own.
	Resources []Resource

	// UserType and GroupType say which attributes users and groups have. If
	// nil, it is what the store says ([Typer]), or User with the enterprise
	// extension, and Group.
	UserType, GroupType *schema.Type

	// Settings returns what may differ per tenant and connection. If nil, it is
	// the zero Settings for everybody.
	Settings SettingsFunc

	// State is where Muster keeps what it must remember itself: links, roles it gave,
	// who left, what is still to be done. Everything in Settings beyond the dialect
	// needs it. It belongs into the same database as Users: if it is the same
	// value, or if StateInTx says that it takes part in Users' transactions, a change
	// and what Muster remembers of it are one transaction.
	State     StateStore
	StateInTx bool

	// Cutoffs take away access that does not follow from active.
	Cutoffs []Cutoff

	// Offboard hands over what leavers owned: a coordinator of package substitute.
	Offboard Offboarding

	// Events, if not nil, is told of every change, at least once, and again until it
	// returns nil. Those of one resource come in order, by [Handler.Run].
	Events func(ctx context.Context, e Event) error

	// PrivateDiscovery asks for authentication at /ServiceProviderConfig,
	// /ResourceTypes and /Schemas too. Otherwise clients can learn from these
	// how to authenticate (RFC 7643, section 5).
	PrivateDiscovery bool

	// MaxResults bounds a page; if zero it is 200. MaxScan bounds the resources
	// that are read to do a filter or an order which a store can't do; if zero it
	// is 10,000. MaxBody bounds a request's body in bytes; if zero it is 10 MiB,
	// which a group of 100,000 members fits in.
	MaxResults int
	MaxScan    int
	MaxBody    int64

	// Me, if not nil, says who is meant by /Me. Without it that is a 501.
	Me MeFunc

	// MaxBulkOperations is the most operations of one bulk request; zero turns
	// /Bulk off. MaxBulkPayload bounds its body in bytes; if zero it is MaxBody.
	MaxBulkOperations int
	MaxBulkPayload    int64

	// CursorKey encrypts cursors (RFC 9865); it has 32 bytes. Instances behind one
	// address must share it. If nil, each handler makes its own. CursorTimeout is
	// how long a cursor can be used; if zero it is one hour.
	CursorKey     []byte
	CursorTimeout time.Duration

	// Record, if not nil, is told of every request when it has been answered, and of
	// what policies decide later. It is called on the request's goroutine, or the
	// worker's, and should be quick.
	Record func(Entry)

	// Logger gets what must not get to clients: causes of errors. If nil, it is
	// slog.Default().
	Logger *slog.Logger

	// Now is the clock; if nil it is time.Now.
	Now func() time.Time
}

// Resource is a resource type of the application's own with its store.
type Resource struct {
	Type  *schema.Type
	Store ResourceStore

	// ReadOnly serves only GET and searches; everything else is a 405.
	ReadOnly bool
}

const (
	defaultMaxResults = 200
	defaultMaxScan    = 10_000
	defaultMaxBody    = 10 << 20
)

// The types of users and groups unless Config says otherwise: User with the enterprise
// extension, and Group. All handlers share them, so that one can work on what another
// has put into a store.
var defaultUserType = sync.OnceValues(func() (*schema.Type, error) {
	return schema.Compile(schema.TypeConfig{
		Name:        "User",
		Description: "User accounts.",
		Schema:      schema.User(),
		Extensions:  []schema.Extension{{Schema: schema.EnterpriseUser()}},
	})
})

var defaultGroupType = sync.OnceValues(func() (*schema.Type, error) {
	return schema.Compile(schema.TypeConfig{Name: "Group", Description: "Groups of users.", Schema: schema.Group()})
})

// complete fills in what was left zero, and reports everything that is wrong.
func (c *Config) complete() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf("scim: "+format, args...)) }
	if err := checkBaseURL(c.BaseURL); err != nil {
		errs = append(errs, err)
	}
	if c.Auth == nil {
		fail("Config.Auth is nil: say who may ask, for a start by StaticToken")
	}
	if c.Users == nil && c.Groups == nil && len(c.Resources) == 0 {
		fail("Config has no store: set Users")
	}
	if c.Groups != nil && c.Users == nil {
		fail("Config.Groups needs Config.Users: members are users")
	}
	if c.State == nil && (len(c.Cutoffs) > 0 || c.Offboard != nil || c.Events != nil) {
		fail("Config.Cutoffs, Offboard and Events need Config.State, where what is not done yet is kept")
	}
	if c.State != nil && c.Users == nil {
		fail("Config.State needs Config.Users")
	}
	if _, ok := c.Users.(UserTrash); c.Offboard != nil && !ok {
		fail("Config.Offboard needs a store of users that is a UserTrash: a leaver is kept until all is handed over")
	}
	if _, ok := c.Users.(Transactor); c.StateInTx && !ok {
		fail("Config.StateInTx needs a store of users that is a Transactor")
	}
	errs = append(errs, c.cutoffs()...)
	errs = append(errs, c.types()...)
	if c.Settings == nil {
		c.Settings = Fixed(Settings{})
	}
	c.MaxResults = orDefault(c.MaxResults, defaultMaxResults)
	c.MaxScan = orDefault(c.MaxScan, defaultMaxScan)
	c.MaxBody = orDefault(c.MaxBody, defaultMaxBody)
	c.MaxBulkPayload = orDefault(c.MaxBulkPayload, c.MaxBody)
	c.CursorTimeout = orDefault(c.CursorTimeout, time.Hour)
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return errors.Join(errs...)
}

// cutoffs checks that each has a name of its own.
func (c *Config) cutoffs() []error {
	c.Cutoffs = slices.Clone(c.Cutoffs)
	var errs []error
	names := map[string]bool{}
	for _, cutoff := range c.Cutoffs {
		if cutoff.Name == "" || cutoff.Cut == nil || names[cutoff.Name] {
			errs = append(errs, fmt.Errorf("scim: the cutoff %q in Config.Cutoffs needs a name of its own and a Cut", cutoff.Name))
		}
		names[cutoff.Name] = true
	}
	return errs
}

func orDefault[T int | int64 | time.Duration](v, d T) T {
	if v <= 0 {
		return d
	}
	return v
}

// types chooses the types of users and groups and checks that endpoints and names
// are there once.
func (c *Config) types() []error {
	var errs []error
	choose := func(set *schema.Type, store any, standard func() (*schema.Type, error)) *schema.Type {
		if set != nil {
			return set
		}
		if t, ok := store.(Typer); ok {
			return t.SCIMType()
		}
		t, err := standard()
		errs = append(errs, err)
		return t
	}
	c.Resources = slices.Clone(c.Resources)
	var all []*schema.Type
	if c.Users != nil {
		c.UserType = choose(c.UserType, c.Users, defaultUserType)
		all = append(all, c.UserType)
	}
	if c.Groups != nil {
		c.GroupType = choose(c.GroupType, c.Groups, defaultGroupType)
		all = append(all, c.GroupType)
		if a, ok := c.GroupType.Attr("members"); !ok || a.SubAttr("value") == nil {
			errs = append(errs, fmt.Errorf("scim: the group type %s has no attribute members with value", c.GroupType.Name()))
		}
	}
	for _, r := range c.Resources {
		if r.Type == nil || r.Store == nil {
			errs = append(errs, errors.New("scim: an element of Config.Resources lacks Type or Store"))
			continue
		}
		all = append(all, r.Type)
	}
	return append(errs, checkTypes(all)...)
}

func checkTypes(all []*schema.Type) []error {
	var errs []error
	names, endpoints := map[string]bool{}, map[string]bool{}
	for _, reserved := range []string{"/me", "/bulk", "/schemas", "/resourcetypes", "/serviceproviderconfig"} {
		endpoints[reserved] = true
	}
	for _, t := range all {
		name, endpoint := strings.ToLower(t.Name()), strings.ToLower(t.Endpoint())
		if names[name] || endpoints[endpoint] {
			errs = append(errs, fmt.Errorf("scim: resource type %s: the name or the endpoint %s is taken", t.Name(), t.Endpoint()))
		}
		names[name], endpoints[endpoint] = true, true
	}
	return errs
}

// checkBaseURL holds to RFC 7644, sections 1.3 and 7.1.
func checkBaseURL(base string) error {
	u, err := url.Parse(base)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("scim: Config.BaseURL %q must be an absolute URL such as \"https://app.example.com/scim/v2\"", base)
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return fmt.Errorf("scim: Config.BaseURL must have no query and no fragment")
	case u.User != nil:
		return fmt.Errorf("scim: Config.BaseURL must hold no user and no password")
	}
	return nil
}
