// Package scim serves SCIM 2.0 (RFC 7643, RFC 7644) for an application that has its
// users already. The application implements [UserStore], and [GroupStore] if it has
// groups, and mounts the [Handler] that [New] makes on its own mux.
//
//	h, err := scim.New(scim.Config{
//		BaseURL: "https://app.example.com/scim/v2",
//		Auth:    scim.StaticToken(token, scim.Scope{Tenant: "acme"}),
//		Users:   store,
//		Groups:  store,
//	})
//	mux.Handle("/scim/v2/", h)
//
// # One request
//
// The [Authenticator] says who asks: a [Scope] with tenant and connection, which is in
// the context from then on. [Settings] of that scope say how strict to be. The path
// and the method choose a handler, which decodes, asks the store, and returns a
// response or an error. One function writes responses; one function turns errors
// into SCIM errors, and what it does not know becomes a 500 whose text does not
// depend on the cause.
//
// A PATCH is read in every form that identity providers send, applied by package
// patch to the resource that the store returned, checked, and stored with the
// version that was read: a lost race is tried again, unless the client sent If-Match.
// A request that changes nothing stores nothing.
//
// # Stores
//
// Every method takes the tenant. Resources are immutable. Groups hold no members:
// memberships are edges, changed by a delta and asked for in both directions. What a
// store can do beyond its interface is found by type: [Transactor], [UserTrash],
// [RoleSetter], [UserChecker], [CursorLister], [Typer], [PasswordKeeper].
//
// # Security considerations
//
// Nothing is answered before authentication but discovery, see
// Config.PrivateDiscovery. Tokens are compared in constant time and never taken from
// a URL. Locations are made from Config.BaseURL, never from the Host header.
// Passwords are split off when a body is decoded and are in no resource, answer, log
// line or [Entry]. Answers never hold the text of a store's error. Bodies, filters
// and pages are bounded. TLS is the server's business that the handler is mounted
// on.
package scim
