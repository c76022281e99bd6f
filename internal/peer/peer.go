// Package peer holds what benchmarks compare Muster with: a SCIM server built
// on github.com/elimity-com/scim over a store in memory, and handlers that do
// the least that HTTP and encoding/json allow. It imports no other package of
// this module and is used by benchmarks only.
//
// The server is written as a careful user of that library would write it. One
// request takes this path: the bearer token is hashed and compared in constant
// time, the body is limited, the library parses and validates, one of the
// adapters below reads or changes the store, the library encodes the answer,
// and one event is sent without waiting. Choices that change what is measured:
//
//   - Resources are maps, as the library hands them over. A stored map is never
//     changed, so that answers are encoded outside the lock.
//   - A filter is evaluated by the library on one resource after the other.
//     [Store.SetIndexed] lets equality on userName use the index instead.
//   - A PATCH answers 200 with the resource for users and 204 for groups. A PUT
//     always answers with the resource: the library has no other way.
//   - Members are not checked for existence, and locations are relative, which
//     is the library's default. Both cost less than the alternative.
package peer

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"time"

	"github.com/elimity-com/scim"
	"github.com/elimity-com/scim/optional"
	"github.com/elimity-com/scim/schema"
)

const (
	// maxBody is the largest request body. A group of 10,000 members with
	// $ref and display has less than 2 MB.
	maxBody = 8 << 20

	// maxResults is the largest page of a list.
	maxResults = 1000

	// eventBuffer is how many events wait for a reader before further ones
	// are dropped.
	eventBuffer = 1024
)

// An Event describes one request after it has been answered.
type Event struct {
	Time     time.Time
	Duration time.Duration
	Method   string
	Path     string
	Status   int
}

// New returns a SCIM server with the resource types User (with the enterprise
// extension) and Group, which answers requests that carry token, and the store
// behind it.
func New(token string) (http.Handler, *Store) {
	store := &Store{
		users:  newTable("userName"),
		groups: newTable(""),
		events: make(chan Event, eventBuffer),
	}
	users := &adapter{
		store:    store,
		table:    store.users,
		name:     "User",
		endpoint: "/Users",
		core:     schema.CoreUserSchema(),
		exts:     []schema.Schema{schema.ExtensionEnterpriseUser()},
	}
	groups := &adapter{
		store:        store,
		table:        store.groups,
		name:         "Group",
		endpoint:     "/Groups",
		core:         schema.CoreGroupSchema(),
		patchIsQuiet: true,
	}
	server, err := scim.NewServer(&scim.ServerArgs{
		ServiceProviderConfig: &scim.ServiceProviderConfig{
			MaxResults:       maxResults,
			SupportFiltering: true,
			SupportPatch:     true,
		},
		ResourceTypes: []scim.ResourceType{users.resourceType(), groups.resourceType()},
	})
	if err != nil {
		// NewServer fails on missing arguments only.
		panic("peer: " + err.Error())
	}
	return &guard{next: server, hash: sha256.Sum256([]byte(token)), events: store.events}, store
}

func (a *adapter) resourceType() scim.ResourceType {
	t := scim.ResourceType{
		ID:       optional.NewString(a.name),
		Name:     a.name,
		Endpoint: a.endpoint,
		Schema:   a.core,
		Handler:  a,
	}
	for _, ext := range a.exts {
		t.SchemaExtensions = append(t.SchemaExtensions, scim.SchemaExtension{Schema: ext})
	}
	return t
}

// guard authenticates, limits the body and reports each request.
type guard struct {
	next   http.Handler
	hash   [sha256.Size]byte
	events chan<- Event
}

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	sw := &statusWriter{ResponseWriter: w, status: http.StatusOK}
	if authorized(r, &g.hash) {
		if r.Body != nil && r.Body != http.NoBody {
			// The server's own writer is passed on, because MaxBytesReader
			// tells it to close the connection.
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		}
		g.next.ServeHTTP(sw, r)
	} else {
		unauthorized(sw)
	}
	select {
	case g.events <- Event{
		Time:     start,
		Duration: time.Since(start),
		Method:   r.Method,
		Path:     r.URL.Path,
		Status:   sw.status,
	}:
	default:
	}
}

// statusWriter remembers the status for the event.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// authorized reports whether r carries the bearer token with the given hash.
func authorized(r *http.Request, want *[sha256.Size]byte) bool {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return false
	}
	got := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

func unauthorized(w http.ResponseWriter) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Www-Authenticate", "Bearer")
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = w.Write([]byte(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"401"}`))
}
