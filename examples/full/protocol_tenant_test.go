package main

import (
	"net/http"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/scim"
)

// tenantsAB has a credential for each of two tenants.
func tenantsAB(config *scim.Config) {
	config.Auth = scim.AnyOf(
		scim.StaticToken("A", scim.Scope{Tenant: "A", Connection: strictConnection}),
		scim.StaticToken("B", scim.Scope{Tenant: "B", Connection: strictConnection}),
	)
}

// tenancy has section 6.
var tenancy = []requirement{
	{"P-6-01", "OPTIONAL", "One tenant is enough.", func(c *suite) {
		c.u1()
		c.get("/Users").total(1)
	}},
	{"P-6.1-01", "MAY", "The tenant follows from the credential.", func(c *suite) {
		c = c.with(tenantsAB)
		a, b := c.as("A"), c.as("B")
		a.called("in-a", "too")
		b.called("in-b")
		assert.ElementsMatch(c, []string{"in-a", "too"}, a.get("/Users").total(2).names())
		assert.Equal(c, []string{"in-b"}, b.get("/Users").total(1).names())
	}},
	{"P-6.1-02", "MAY", "The tenant can be in the path, and stays in locations.", func(c *suite) {
		c, ts := tenantsByPath(c)
		want := ts + "/Tenants/A/v2/Users/" + c.u1()
		c.get("/Users").total(1).has(want, "Resources", "0", "meta", "location")
		c.get(want[len(c.url):]).is(200).has(want, "meta", "location")
		c.as("B").below(ts + "/Tenants/B/v2").get("/Users").total(0)
	}},
	{"P-6.1-03", "STATED", "The path of another tenant opens nothing.", func(c *suite) {
		c, _ = tenantsByPath(c)
		u := c.u1()
		other := c.as("B")
		other.get("/Users").is(403, 404)
		other.get("/Users/"+u).is(403, 404)
		assert.NotContains(c, other.get("/Users/"+u).text, "bjensen")
		other.delete("/Users/"+u).is(403, 404)
		c.get("/Users/" + u).is(200)
	}},
	{"P-6.1-04", "DERIVED", "Another tenant's resources are unknown, by whatever they are named.", func(c *suite) {
		c = c.with(tenantsAB)
		a, b := c.as("A"), c.as("B")
		b.users(3)
		u := b.u1()
		g := a.g1()
		etag := b.get("/Users/" + u).header.Get("ETag")
		a.get("/Users/"+u).fails(404, "")
		a.get("/Users/"+u, "If-None-Match", etag).fails(404, "")
		a.put("/Users/"+u, `{"userName":"x"}`, "If-Match", etag).fails(404, "")
		a.delete("/Users/"+u).fails(404, "")
		a.keeps("/Groups/"+g, func() {
			a.patch("/Groups/"+g, `{"op":"add","path":"members","value":[{"value":"`+u+`"}]}`).fails(400, "invalidValue")
		})
		cursor, _ := b.get("/Users?cursor=&count=1").total(4).doc["nextCursor"].(string)
		require.NotEmpty(c, cursor)
		a.get("/Users?count=1&cursor="+cursor).fails(400, "invalidCursor")
		b.get("/Users/" + u).is(200).lacks("groups")
	}},
	{"P-6.2-01", "STATED", "What is unique is so within a tenant.", func(c *suite) {
		c = c.with(tenantsAB)
		const body = `{"userName":"x","externalId":"e"}`
		c.as("A").post("/Users", body).is(201)
		c.as("B").post("/Users", body).is(201).has("e", "externalId")
		c.as("B").post("/Users", body).fails(409, "uniqueness")
		c.as("A").matching(1, "/Users", `externalId eq "e"`)
	}},
}

// tenantsByPath serves each tenant at a path of its own, to its credential only. It
// returns a suite for tenant A and the server's root.
func tenantsByPath(c *suite) (*suite, string) {
	root := ""
	at := func(t scim.Tenant) scim.Scope {
		return scim.Scope{Tenant: t, Connection: strictConnection, BaseURL: root + "/Tenants/" + string(t) + "/v2"}
	}
	c, ts := site{path: "/Tenants/A/v2", change: func(config *scim.Config) {
		config.Auth = scim.AuthenticatorFunc(func(r *http.Request) (scim.Scope, error) {
			token, _ := scim.BearerToken(r)
			if token != "A" && token != "B" {
				return scim.Scope{}, scim.ErrUnauthorized
			}
			return at(scim.Tenant(token)), nil
		})
	}}.open(c.T)
	root = ts.URL
	return c.as("A"), root
}
