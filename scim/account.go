package scim

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/muster-scim/muster/schema"
)

// kindAccount has one record for each user that a connection has written: everything
// Muster remembers of a person, so that a request reads and writes one record.
const kindAccount Kind = "account"

// account is what Muster remembers of a user. Its key is the user's id.
type account struct {
	// Links has the connections that have created or taken over the user.
	Links map[string]link `json:"links,omitempty"`

	// Writer is the connection that wrote the user last: jobs use its settings.
	Writer string `json:"writer,omitempty"`

	// Roles are the provisioned roles that the application was given last, Given
	// says that it was given any, or none. Drivers are the groups by which they came.
	Roles   []string `json:"roles,omitempty"`
	Given   bool     `json:"given,omitempty"`
	Drivers []string `json:"drivers,omitempty"`

	// Manager is the last one that was known.
	Manager string `json:"manager,omitempty"`

	// Gone says that the departure of the user has been dealt with, and why.
	Gone   Trigger   `json:"gone,omitempty"`
	GoneAt time.Time `json:"goneAt,omitzero"`

	// HiddenID and HiddenName find a deleted user who comes back: the externalId, and
	// the userName as it is compared.
	HiddenID   string `json:"hiddenId,omitempty"`
	HiddenName string `json:"hiddenName,omitempty"`
}

// link is a connection's hold on a resource.
type link struct {
	ExternalID string    `json:"externalId,omitempty"`
	Reason     string    `json:"reason,omitempty"`
	At         time.Time `json:"at"`
}

// How accounts and groups are found beside their keys. The parts are separated by a
// character that no id and no name has.
func refOfConnection(connection string) string  { return "c\n" + connection }
func refOfLink(connection, ext string) string   { return "x\n" + connection + "\n" + ext }
func refOfDriver(groupID string) string         { return "g\n" + groupID }
func refOfHiddenID(externalID string) string    { return "hx\n" + externalID }
func refOfHiddenName(userNameKey string) string { return "hn\n" + userNameKey }

func linkRefs(links map[string]link) []string {
	var refs []string
	for _, connection := range slices.Sorted(maps.Keys(links)) {
		refs = append(refs, refOfConnection(connection))
		if ext := links[connection].ExternalID; ext != "" {
			refs = append(refs, refOfLink(connection, ext))
		}
	}
	return refs
}

// refs returns the keys by which the account is found.
func (a *account) refs() []string {
	refs := linkRefs(a.Links)
	for _, id := range a.Drivers {
		refs = append(refs, refOfDriver(id))
	}
	if a.Gone == TriggerDelete {
		if a.HiddenID != "" {
			refs = append(refs, refOfHiddenID(a.HiddenID))
		}
		refs = append(refs, refOfHiddenName(a.HiddenName))
	}
	return refs
}

// accountOf returns what is remembered of a user.
func (l *lifecycle) accountOf(ctx context.Context, t Tenant, id string) (*record[account], error) {
	return getRecord[account](ctx, l.state, t, kindAccount, id)
}

// putAccount stores what is remembered of a user.
func (l *lifecycle) putAccount(ctx context.Context, t Tenant, acc *record[account]) error {
	acc.Refs = acc.Value.refs()
	return putRecords(ctx, l.state, t, acc)
}

// linkTo notes that a connection holds the resource.
func linkTo(links map[string]link, connection, externalID, reason string, now time.Time) map[string]link {
	known, ok := links[connection]
	if ok && known.ExternalID == externalID {
		return links
	}
	if ok {
		reason = known.Reason
	}
	linked := maps.Clone(links)
	if linked == nil {
		linked = map[string]link{}
	}
	linked[connection] = link{ExternalID: externalID, Reason: reason, At: now}
	return linked
}

// isActive reports whether a user may use the application: nothing is said of active
// by applications without it.
func isActive(r *schema.Resource) bool {
	active, ok := r.Get("active").Bool()
	return active || !ok
}

// nameKey returns the userName as it is compared.
func nameKey(r *schema.Resource) string {
	a, ok := r.Type().Attr("userName")
	if !ok {
		return ""
	}
	return a.Key(r.Value(a).String())
}
