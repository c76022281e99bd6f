package scim

import (
	"errors"
	"net/http"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
)

// arrival is whom a POST of a user means.
type arrival struct {
	kind   arrivalKind
	user   *schema.Resource // as it is now; nil if fresh
	acc    *record[account]
	reason string
}

// arrivalKind says what a POST does.
type arrivalKind uint8

const (
	fresh    arrivalKind = iota // nobody knew this user
	revived                     // a deleted user who is still kept
	returned                    // a suspended user whom the connection knows
	linked                      // a user of the application's, now linked
)

func (k arrivalKind) String() string {
	return [...]string{"created", "revived", "returned", "linked"}[k]
}

// identify finds out whom a POST means. A user who is here and active is a 409.
func (c *userChange) identify(incoming *schema.Resource) (arrival, error) {
	for _, find := range []func(*schema.Resource) (arrival, error){c.hiddenArrival, c.knownArrival, c.linkedArrival} {
		if who, err := find(incoming); err != nil || who.user != nil {
			return who, err
		}
	}
	return arrival{}, nil
}

// hiddenArrival finds a deleted user who comes back.
func (c *userChange) hiddenArrival(incoming *schema.Resource) (arrival, error) {
	if c.l.trash == nil {
		return arrival{}, nil
	}
	refs := []string{refOfHiddenName(nameKey(incoming))}
	if ext := incoming.ExternalID(); ext != "" {
		refs = append([]string{refOfHiddenID(ext)}, refs...)
	}
	for _, ref := range refs {
		accounts, _, err := findRecords[account](c.ctx, c.l.state, c.t, StateQuery{Kind: kindAccount, Ref: ref})
		if err != nil {
			return arrival{}, err
		}
		for _, acc := range accounts {
			page, err := c.l.trash.HiddenUsers(c.ctx, c.t, Query{IDs: []string{acc.Key}, StartIndex: 1, Count: 1})
			if err != nil {
				return arrival{}, err
			}
			if len(page.Resources) == 1 && c.revives(page.Resources[0], incoming) {
				return arrival{revived, page.Resources[0], acc, "deleted before"}, nil
			}
		}
	}
	return arrival{}, nil
}

// revives reports whether a hidden user is the one that comes in. An externalId that
// is only the userName says nothing: the address may be somebody else's by now.
func (c *userChange) revives(hidden, incoming *schema.Resource) bool {
	if c.s.Revive != nil {
		return c.s.Revive(hidden, incoming)
	}
	had, has := hidden.ExternalID(), incoming.ExternalID()
	if had == "" && has == "" {
		return nameKey(hidden) == nameKey(incoming)
	}
	if had != has {
		return false
	}
	name := schema.AsUser(incoming).UserName()
	return has != name || samePerson(hidden, incoming)
}

// samePerson compares what else is known of two users whose externalId is only their
// userName.
func samePerson(a, b *schema.Resource) bool {
	v, w := schema.AsUser(a), schema.AsUser(b)
	return v.GivenName() == w.GivenName() && v.FamilyName() == w.FamilyName() && nameKey(a) == nameKey(b)
}

// knownArrival finds a user whom the connection has linked. Active, it is taken.
func (c *userChange) knownArrival(incoming *schema.Resource) (arrival, error) {
	user, acc, err := c.knownByID(incoming)
	if user == nil && err == nil {
		user, acc, err = c.knownByName(incoming)
	}
	switch {
	case err != nil || user == nil:
		return arrival{}, err
	case !isActive(user):
		return arrival{returned, user, acc, "suspended before"}, nil
	case nameKey(user) == nameKey(incoming):
		return arrival{}, Taken("userName")
	case c.s.Linker == nil:
		// Two users may have one externalId (RFC 7643, section 3.1) where it links
		// nothing.
		return arrival{}, nil
	}
	return arrival{}, Taken("externalId")
}

// knownByID finds the user that this connection has linked by externalId.
func (c *userChange) knownByID(incoming *schema.Resource) (*schema.Resource, *record[account], error) {
	ext := incoming.ExternalID()
	if ext == "" {
		return nil, nil, nil
	}
	accounts, _, err := findRecords[account](c.ctx, c.l.state, c.t, StateQuery{Kind: kindAccount, Ref: refOfLink(c.q.scope.Connection, ext)})
	if err != nil {
		return nil, nil, err
	}
	for _, acc := range accounts {
		if acc.Value.Gone == TriggerDelete {
			continue
		}
		user, err := c.l.users.GetUser(c.ctx, c.t, acc.Key)
		if errors.Is(err, ErrNotFound) {
			continue // erased by the application
		}
		// Where the externalId is only an address, it may have been given to another
		// person.
		if err != nil || ext != schema.AsUser(incoming).UserName() || nameKey(user) == nameKey(incoming) {
			return user, acc, err
		}
	}
	return nil, nil, nil
}

// knownByName finds the user of that userName, after the store has said that there is one,
// if the connection has linked it or names its externalId.
func (c *userChange) knownByName(incoming *schema.Resource) (*schema.Resource, *record[account], error) {
	if c.taken == nil {
		return nil, nil, nil
	}
	user, err := c.l.userNamed(c.q, incoming)
	if _, ok := errors.AsType[*Error](err); ok || errors.Is(err, ErrTooBroad) {
		return nil, nil, c.taken // the store can't look names up
	}
	if err != nil || user == nil {
		return nil, nil, err
	}
	acc, err := c.l.accountOf(c.ctx, c.t, user.ID())
	if err != nil {
		return nil, nil, err
	}
	known, ok := acc.Value.Links[c.q.scope.Connection]
	ext := incoming.ExternalID()
	if ok && (known.ExternalID == ext || known.ExternalID == "" || ext == "") || ext != "" && ext == user.ExternalID() {
		return user, acc, nil
	}
	return nil, nil, nil
}

// userNamed returns the live user with the userName of r, nil if there is none.
func (l *lifecycle) userNamed(q *request, r *schema.Resource) (*schema.Resource, error) {
	name := schema.AsUser(r).UserName()
	if name == "" {
		return nil, nil
	}
	f, err := userNamed(q.h.users.typ, name)
	if err != nil {
		return nil, err
	}
	page, err := l.plainUsers().find(q, Query{Filter: f, StartIndex: 1, Count: 1})
	if err != nil || len(page.Resources) == 0 {
		return nil, err
	}
	return page.Resources[0], nil
}

// userNamed is the filter that finds a user by name.
func userNamed(t *schema.Type, name string) (*filter.Filter, error) {
	return filter.Check(&filter.AttributeExpression{
		AttributePath: filter.AttributePath{AttributeName: "userName"}, Operator: filter.EQ, CompareValue: name,
	}, t, filter.Checking{})
}

// plainUsers is the collection of users as the application has them.
func (l *lifecycle) plainUsers() *collection {
	c := *l.h.users
	c.get, c.list = l.users.GetUser, l.users.ListUsers
	return &c
}

// linkedArrival asks the Linker.
func (c *userChange) linkedArrival(incoming *schema.Resource) (arrival, error) {
	if c.s.Linker == nil {
		return arrival{}, nil
	}
	found, err := c.s.Linker.FindUser(c.ctx, c.t, incoming)
	if err != nil || found == nil {
		return arrival{}, err
	}
	if found.Privileged {
		return arrival{}, c.refuseLink(http.StatusConflict, "The user "+schema.AsUser(incoming).UserName()+" exists and is privileged: it can't be taken over by provisioning.")
	}
	user, err := c.l.users.GetUser(c.ctx, c.t, found.ID)
	if errors.Is(err, ErrNotFound) {
		return arrival{}, c.refuseLink(http.StatusConflict, "The user that was found for "+schema.AsUser(incoming).UserName()+" does not exist in this tenant.")
	}
	if err != nil {
		return arrival{}, err
	}
	acc, err := c.l.accountOf(c.ctx, c.t, found.ID)
	if err != nil {
		return arrival{}, err
	}
	if boundElsewhere(user, acc.Value.Links[c.q.scope.Connection], incoming) {
		return arrival{}, c.refuseLink(http.StatusConflict, "The user "+schema.AsUser(incoming).UserName()+" is bound to another identity (externalId) already.")
	}
	if _, ok := acc.Value.Links[c.q.scope.Connection]; !ok {
		return arrival{linked, user, acc, found.Reason}, nil
	}
	// The connection has it already, and sends no externalId by which that would be known.
	if isActive(user) {
		return arrival{}, Taken("userName")
	}
	return arrival{returned, user, acc, "suspended before"}, nil
}

// boundElsewhere reports whether a resource belongs to another identity than the one
// that comes in. known is the connection's link, if there is one.
func boundElsewhere(r *schema.Resource, known link, incoming *schema.Resource) bool {
	has, ext := r.ExternalID(), incoming.ExternalID()
	return known.ExternalID != "" && known.ExternalID != ext || has != "" && has != ext
}

// refuseLink refuses a take-over.
func (c *userChange) refuseLink(status int, detail string) error {
	e := &Error{Status: status, Detail: detail}
	if status == http.StatusConflict {
		e.Type = schema.ScimTypeUniqueness
	}
	c.q.entry.refused("link", e)
	return e
}

// linkWrite lets a connection write a user that it has not linked yet only if the
// Linker names this very user: an identity provider that finds an account by a filter
// never POSTs it.
func (c *userChange) linkWrite(w Write) error {
	connection := c.q.scope.Connection
	incoming := w.New
	known, ok := c.acc.Value.Links[connection]
	if ok || c.s.Linker == nil {
		if !ok || known.ExternalID != incoming.ExternalID() {
			c.acc.Value.Links = linkTo(c.acc.Value.Links, connection, incoming.ExternalID(), "written", c.l.now())
		}
		return nil
	}
	found, err := c.s.Linker.FindUser(c.ctx, c.t, incoming)
	if err != nil {
		return err
	}
	switch {
	case found == nil || found.ID != c.id:
		return c.refuseLink(http.StatusForbidden, "This user is not managed by this connection: the application made it, and it can't be linked.")
	case found.Privileged:
		return c.refuseLink(http.StatusForbidden, "This user is privileged: it can't be taken over by provisioning.")
	case boundElsewhere(w.Old, known, incoming):
		return c.refuseLink(http.StatusConflict, "This user is bound to another identity (externalId) already.")
	}
	c.decide("link", "linked", found.Reason)
	c.acc.Value.Links = linkTo(c.acc.Value.Links, connection, incoming.ExternalID(), found.Reason, c.l.now())
	c.event(Event{Type: UserLinked, Before: w.Old, Detail: found.Reason})
	return nil
}

// merged returns the user as it shall be: what comes in over what is there. Who comes
// back is active, unless the request says otherwise.
func (a arrival) merged(incoming *schema.Resource) (*schema.Resource, error) {
	b := a.user.Edit()
	for _, attr := range a.user.Type().Attrs() {
		v := incoming.Value(attr)
		if v.IsZero() || isCommon(attr) || attr.Mutability == schema.ReadOnly {
			continue
		}
		b.Put(attr, v)
	}
	if a.kind != linked && incoming.Get("active").IsZero() && !isActive(a.user) {
		b.Set("active", true)
	}
	return b.ID(a.user.ID()).Meta(a.user.Meta()).Build()
}
