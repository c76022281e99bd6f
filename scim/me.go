package scim

import (
	"context"
	"net/http"
)

// MeFunc returns the id of the user on whose behalf a request is made, for /Me
// (RFC 7644, section 3.11). ErrNotFound says that there is none, as with a
// credential that belongs to a connection and not to a person.
type MeFunc func(ctx context.Context, s Scope) (userID string, err error)

// meRoutes serves /Me as the user whom Config.Me names. Locations are those of the
// user.
func (h *Handler) meRoutes() *endpoint {
	if h.config.Me == nil || h.users == nil {
		return notServed("/Me")
	}
	m := methods{}
	for method, serve := range h.users.resourceMethods() {
		m[method] = func(q *request) (*response, error) {
			id, err := h.config.Me(q.ctx, q.scope)
			if err != nil {
				return nil, err
			}
			q.id = id
			return serve(q)
		}
	}
	m[http.MethodPost] = func(*request) (*response, error) {
		return nil, &Error{Status: http.StatusNotImplemented, Detail: "Users can't register themselves at /Me."}
	}
	return &endpoint{collection: m}
}
