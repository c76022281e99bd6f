package main

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/scim"
)

// failing has section 3.12.
var failing = []requirement{
	{"P-3.12-01", "MUST", "Every error has a body in JSON.", func(c *suite) {
		c.get("/Users/none").fails(404, "")
		c.get("/Users?filter=bad").fails(400, "invalidFilter")
		c.do("POST", "/Users", "{}").is(400).has([]any{macros.Replace("$ER")}, "schemas").has("400", "status")
		c.do("DELETE", "/Users", "").fails(405, "")
		c.as("").get("/Users").fails(401, "")
		for _, a := range []*answer{c.do("POST", "/Users", "{}"), c.get("/Users/none", "Accept", "text/html")} {
			assert.Equal(c, "application/scim+json", a.header.Get("Content-Type"))
		}
	}},
	{"P-3.12-02", "REQUIRED", "status is a string.", func(c *suite) {
		assert.Contains(c, c.get("/Users/none").is(404).text, `"status":"404"`)
	}},
	{"P-3.12-03", "OPTIONAL", "scimType is one of the known words, where there is one.", func(c *suite) {
		c = c.with(func(config *scim.Config) {
			readOnly()(config)
			config.Users = ownUsers{UserStore: config.Users, update: func(context.Context, string, *scim.Write) error { return errors.New("down") }}
		})
		c.get("/Users?filter=bad").fails(400, "invalidFilter")
		u := c.u1()
		c.as("").get("/Users").fails(401, "")
		c.as("readonly").delete("/Users/"+u).fails(403, "")
		c.get("/Users/none").fails(404, "")
		c.put("/Users/"+u, `{"userName":"x"}`).fails(500, "")
	}},
	{"P-3.12-04", "OPTIONAL", "detail is a text for people, without anything from inside.", func(c *suite) {
		c = c.withUsers(ownUsers{list: func(*scim.Query) error { panic("pq: relation users does not exist") }})
		for _, a := range []*answer{c.get("/Users/none").fails(404, ""), c.get("/Users").fails(500, "")} {
			detail, _ := a.doc["detail"].(string)
			assert.Regexp(c, `^[A-Z].*\w`, detail)
			assert.NotRegexp(c, `pq:|panic|goroutine|\.go\b|/muster|0x`, a.text)
		}
	}},
	{"P-3.12-05", "SHOULD", "An application can redirect what has moved.", func(c *suite) {
		c, ts := site{wrap: func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if id, ok := strings.CutPrefix(r.URL.Path, basePath+"/Users/moved-"); ok {
					w.Header().Set("Location", basePath+"/Users/"+id)
					w.WriteHeader(http.StatusTemporaryRedirect)
					_, _ = w.Write([]byte("{}"))
					return
				}
				h.ServeHTTP(w, r)
			})
		}}.open(c.T)
		u := c.u1()
		assert.Equal(c, basePath+"/Users/"+u, c.get("/Users/moved-"+u).is(307, 308).header.Get("Location"))
		c.by(ts.Client(), "/Users/moved-"+u).is(200).has(u, "id")
	}},
	{"P-3.12-06", "STATED", "What can't be read is a 400.", func(c *suite) {
		c.post("/Users", `{bad`).fails(400, "invalidSyntax")
	}},
	{"P-3.12-07", "STATED", "A wrong credential is a 401.", func(c *suite) {
		c.as("bad").get("/Users").fails(401, "")
	}},
	{"P-3.12-08", "STATED", "What is not allowed is a 403.", func(c *suite) {
		c = c.with(readOnly())
		u := c.u1()
		c.as("readonly").delete("/Users/"+u).fails(403, "")
		c.get("/Users/" + u).is(200)
	}},
	{"P-3.12-09", "STATED", "What is unknown is a 404.", func(c *suite) {
		c.get("/Users/none").fails(404, "")
		c.get("/Nope").fails(404, "")
	}},
	{"P-3.12-10", "STATED", "A duplicate is a 409.", func(c *suite) {
		c.u1()
		c.post("/Users", `{"userName":"bjensen"}`).fails(409, "uniqueness")
	}},
	{"P-3.12-11", "STATED", "A resource that has changed is a 412.", func(c *suite) {
		path := "/Users/" + c.u1()
		c.keeps(path, func() { c.put(path, `{"userName":"bjensen"}`, "If-Match", `W/"stale"`).fails(412, "") })
	}},
	{"P-3.12-12", "STATED", "A bulk request over a limit is a 413 that names it.", func(c *suite) {
		c = c.with(func(config *scim.Config) { config.MaxBulkOperations, config.MaxBulkPayload = 2, 1000 })
		op := `{"method":"DELETE","path":"/Users/1"}`
		c.bulk(op + "," + op).is(200)
		assert.Regexp(c, `\b2\b`, c.bulk(op+","+op+","+op).fails(413, "").doc["detail"])
		assert.Contains(c, c.bulk(`{"method":"DELETE","path":"/Users/`+strings.Repeat("1", 1000)+`"}`).fails(413, "").doc["detail"], "1000")
	}},
	{"P-3.12-13", "SHOULD", "An internal error has an id to look it up by and nothing else, and the server lives on.", func(c *suite) {
		for _, fail := range []func() error{func() error { panic("secret-cause") }, func() error { return errors.New("secret-cause") }} {
			c := c.withUsers(ownUsers{list: func(*scim.Query) error { return fail() }})
			a := c.get("/Users").fails(500, "")
			id := a.header.Get("X-Request-Id")
			require.NotEmpty(c, id)
			assert.Contains(c, a.doc["detail"], id)
			assert.NotContains(c, a.text, "secret-cause")
			assert.Contains(c, c.log.String(), "secret-cause")
			assert.Contains(c, c.log.String(), id)
			c.get("/Users/" + c.u1()).is(200)
		}
	}},
	{"P-3.12-14", "STATED", "What is not supported is a 501.", func(c *suite) {
		c = c.withUsers(ownUsers{update: func(context.Context, string, *scim.Write) error { return scim.ErrNotImplemented }})
		c.patch("/Users/"+c.u1(), `{"op":"replace","path":"nickName","value":"x"}`).fails(501, "")
	}},
	{"P-3.12-15", "STATED", "A bad filter is invalidFilter, in a path of PATCH too.", func(c *suite) {
		u := c.u1()
		c.get("/Users?filter=x y z").fails(400, "invalidFilter")
		c.keeps("/Users/"+u, func() {
			c.patch("/Users/"+u, `{"op":"replace","path":"emails[type xx \"w\"].value","value":"v"}`).fails(400, "invalidFilter")
		})
	}},
	{"P-3.12-16", "MAY", "More than the server reads is tooMany.", func(c *suite) {
		c = c.with(func(config *scim.Config) {
			config.MaxScan = 2
			config.Users = ownUsers{UserStore: config.Users, list: noFilter}
		})
		c.users(2)
		c.matching(2, "/Users", "userName pr")
		c.u1()
		c.get("/Users?filter=userName pr").fails(400, "tooMany")
	}},
	{"P-3.12-17", "STATED", "A value in use or reserved is uniqueness, in every write.", func(c *suite) {
		c = c.withUsers(ownUsers{create: reserved, update: func(ctx context.Context, _ string, w *scim.Write) error { return reserved(ctx, w) }})
		c.post("/Users", `{"userName":"admin"}`).fails(409, "uniqueness")
		path := "/Users/" + c.u1()
		c.u2()
		c.keeps(path, func() {
			for _, name := range []string{"admin", "jsmith"} {
				c.put(path, `{"userName":"`+name+`"}`).fails(409, "uniqueness")
				c.patch(path, `{"op":"replace","path":"userName","value":"`+name+`"}`).fails(409, "uniqueness")
			}
		})
	}},
	{"P-3.12-18", "STATED", "A change that an attribute does not allow is mutability.", func(c *suite) {
		path := "/Things/" + c.thing(`"imm":"a"`)
		c.keeps(path, func() {
			c.put(path, `{"name":"t","imm":"b"}`).fails(400, "mutability")
			c.patch(path, `{"op":"replace","path":"imm","value":"b"}`).fails(400, "mutability")
		})
	}},
	{"P-3.12-19", "STATED", "A body of another form is invalidSyntax.", func(c *suite) {
		path := "/Users/" + c.u1()
		for _, t := range [][2]string{{"POST", "/Users"}, {"POST", "/Users/.search"}, {"POST", "/Bulk"}, {"PUT", path}, {"PATCH", path}} {
			c.do(t[0], t[1], `[1]`).fails(400, "invalidSyntax")
			c.do(t[0], t[1], `{`).fails(400, "invalidSyntax")
		}
	}},
	{"P-3.12-20", "STATED", "A path that is none is invalidPath.", func(c *suite) {
		c.patch("/Users/"+c.u1(), `{"op":"replace","path":"a..b","value":"x"}`).fails(400, "invalidPath")
	}},
	{"P-3.12-21", "STATED", "A path that selects nothing is noTarget.", func(c *suite) {
		path := "/Users/" + c.u1()
		c.keeps(path, func() {
			c.patch(path, `{"op":"replace","path":"emails[type eq \"none\"].value","value":"x"}`).fails(400, "noTarget")
		})
	}},
	{"P-3.12-22", "STATED", "A value that is missing or of another type is invalidValue.", func(c *suite) {
		c.post("/Users", `{"userName":"bjensen","active":"maybe"}`).fails(400, "invalidValue")
		c.tolerant().post("/Users", `{"userName":"bjensen","active":"maybe"}`).fails(400, "invalidValue")
		c.post("/Users", `{"nickName":"x"}`).fails(400, "invalidValue")
	}},
	{"P-3.12-23", "STATED", "Another version of the protocol is an error.", func(c *suite) {
		c, ts := site{path: "/v2"}.open(c.T)
		c.get("/Users").total(0)
		a := c.below(ts.URL+"/v9").get("/Users").is(400, 404)
		if a.status == 404 {
			a.fails(404, "")
		} else {
			a.fails(400, "invalidVers")
		}
	}},
	{"P-3.12-24", "SHALL NOT", "Personal data in a URL can be refused.", func(c *suite) {
		c.get(`/Users?filter=name.familyName eq "Jensen"`).total(0)
		c.with(personal).get(`/Users?filter=name.familyName eq "Jensen"`).fails(403, "sensitive")
	}},
	{"P-3.12-25", "MAY", "Operations of a bulk request fail with the same words.", func(c *suite) {
		c.bulk(`{"method":"PATCH","path":"/Users/`+c.u1()+`","data":{"schemas":["$PO"],"Operations":[{"op":"replace","path":"id","value":"x"}]}}`).is(200).
			has("400", "Operations", "0", "status").has("mutability", "Operations", "0", "response", "scimType").
			has("400", "Operations", "0", "response", "status").has(macros.Replace("$ER"), "Operations", "0", "response", "schemas", "0")
	}},
}

// reserved refuses a name that the application keeps for itself.
func reserved(_ context.Context, w *scim.Write) error {
	if strings.EqualFold(w.New.Get("userName").String(), "admin") {
		return scim.Taken("userName")
	}
	return nil
}

// noFilter is a store that can't filter or sort.
func noFilter(q *scim.Query) error {
	if q.Filter != nil || q.SortBy != nil {
		return scim.ErrNotImplemented
	}
	return nil
}
