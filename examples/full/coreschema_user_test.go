package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"sync"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// secret is a password that is easily found where it must not be.
const secret = "t1meMa$heen"

// usersAndGroups has section 4.
var usersAndGroups = []requirement{
	{"S-4.1.1-01", "MUST", "Every user has a userName that is not empty.", func(c *suite) {
		u := c.u1()
		for _, conn := range []*suite{c, c.tolerant()} {
			for _, body := range []string{`{"displayName":"x"}`, `{"userName":""}`, `{"userName":null}`} {
				a := conn.post("/Users", body)
				if assert.Equal(c, 400, a.status, "%s: %s", conn.token, body) {
					a.fails(400, "invalidValue")
				}
				assert.Equal(c, 400, conn.put("/Users/"+u, body).status, "%s: PUT %s", conn.token, body)
			}
		}
		c.get("/Users/"+u).is(200).has("bjensen", "userName")
	}},
	{"S-4.1.1-02", "MUST", "No two users have the same userName.", func(c *suite) {
		c.u1()
		c.post("/Users", `{"userName":"bjensen"}`).fails(409, "uniqueness")
		u2 := c.u2()
		c.put("/Users/"+u2, `{"userName":"bjensen"}`).fails(409, "uniqueness")
		c.patch("/Users/"+u2, `{"op":"replace","path":"userName","value":"bjensen"}`).fails(409, "uniqueness")
		c.get("/Users").total(2)
	}},
	{"S-4.1.1-03", "STATED", "The case of a userName does not matter.", func(c *suite) {
		c.u1()
		c.post("/Users", `{"userName":"BJensen"}`).fails(409, "uniqueness")
		c.get(`/Users?filter=userName eq "BJENSEN"`).total(1).has("bjensen", "Resources", "0", "userName")
	}},
	{"S-4.1.1-04", "MAY", "A name comes back as it was sent: whole, in parts or both.", func(c *suite) {
		for i, name := range []map[string]any{
			{"formatted": "Ms. B J", "familyName": "J", "givenName": "B"},
			{"formatted": "Ms. B J"},
			{"familyName": "J", "givenName": "B"},
		} {
			var members []string
			for k, v := range name {
				members = append(members, fmt.Sprintf("%q:%q", k, v))
			}
			id := c.user(fmt.Sprintf(`{"userName":"u%d","name":{%s}}`, i, strings.Join(members, ",")))
			c.get("/Users/"+id).is(200).has(name, "name")
		}
	}},
	{"S-4.1.1-05", "SHOULD", "The server makes up no name of parts, nor parts of a name.", func(c *suite) {
		u := c.u1()
		c.patch("/Users/"+u, `{"op":"replace","path":"name.familyName","value":"New"}`).is(200, 204)
		a := c.get("/Users/"+u).is(200).has("New", "name", "familyName").has("Barbara", "name", "givenName")
		a.has("Ms. Barbara J Jensen", "name", "formatted")
	}},
	{"S-4.1.1-06", "SHOULD", "displayName is whatever the user is shown as.", func(c *suite) {
		id := c.user(`{"userName":"bjensen","displayName":"Babs"}`)
		c.get("/Users/"+id).is(200).has("Babs", "displayName")
		c.get("/Users/" + c.u2()).is(200).lacks("displayName")
	}},
	{"S-4.1.1-07", "SHOULD NOT", "The server never makes a nickName of the userName.", func(c *suite) {
		u := c.u2()
		c.get("/Users/" + u).is(200).lacks("nickName")
		c.patch("/Users/"+u, `{"op":"replace","path":"userName","value":"js"}`).is(200, 204)
		c.put("/Users/"+u, `{"userName":"john"}`).is(200).has("john", "userName").lacks("nickName")
	}},
	{"S-4.1.1-08", "STATED", "profileUrl is a URL.", func(c *suite) {
		c.post("/Users", `{"userName":"bjensen","profileUrl":"https://login.example.com/b"}`).is(201).has("https://login.example.com/b", "profileUrl")
	}},
	{"S-4.1.1-09", "MAY", "A locale can be written with \"-\" and with \"_\".", func(c *suite) {
		for _, locale := range []string{"en-US", "en_US"} {
			c.post("/Users", `{"userName":"`+locale+`","locale":"`+locale+`"}`).is(201).has(locale, "locale")
		}
	}},
	{"S-4.1.1-10", "STATED", "Languages are written as in Accept-Language, time zones by their IANA names.", func(c *suite) {
		a := c.post("/Users", `{"userName":"bjensen","preferredLanguage":"da, en-gb;q=0.8","timezone":"America/Los_Angeles"}`).is(201)
		a.has("da, en-gb;q=0.8", "preferredLanguage").has("America/Los_Angeles", "timezone")
	}},
	{"S-4.1.1-11", "STATED", "A user who is not active is still there.", func(c *suite) {
		u := c.user(`{"userName":"bjensen","active":true}`)
		c.patch("/Users/"+u, `{"op":"replace","path":"active","value":false}`).is(200, 204)
		c.get("/Users/"+u).is(200).has(false, "active")
		c.get(`/Users?filter=userName eq "bjensen"`).total(1).has(false, "Resources", "0", "active")
	}},
	{"S-4.1.1-12", "SHALL NOT", "No answer has a password.", func(c *suite) {
		c = c.refusing(func(*scim.Write) error { return nil }) // a store that keeps passwords
		created := c.post("/Users?attributes=password", `{"userName":"bjensen","password":"`+secret+`"}`).is(201)
		u := textAt(created, "id")
		for _, a := range []*answer{
			created,
			c.get("/Users/" + u),
			c.get("/Users/" + u + "?attributes=password"),
			c.get("/Users?attributes=userName,password").total(1),
			c.search("/Users", `"attributes":["password"]`).total(1),
			c.patch("/Users/"+u+"?attributes=password", `{"op":"replace","path":"password","value":"n3w!`+secret+`"}`),
			c.put("/Users/"+u, `{"userName":"bjensen","password":"`+secret+`"}`),
		} {
			a.is(200, 201)
			assert.NotContains(c, a.text, `"password"`)
			assert.NotContains(c, a.text, secret)
		}
	}},
	{"S-4.1.1-13", "SHOULD", "The application gets a password once, to hash it, and apart from the resource.", func(c *suite) {
		var got passwords
		c = c.refusing(got.take)
		u := c.user(`{"userName":"bjensen","password":"` + secret + `"}`)
		assert.Equal(c, []string{secret}, got.all)
		c.patch("/Users/"+u, `{"op":"replace","path":"nickName","value":"x"}`).is(200, 204)
		c.put("/Users/"+u, `{"userName":"bjensen","title":"x"}`).is(200)
		assert.Equal(c, []string{secret, "", ""}, got.all)
		assert.Empty(c, got.leaks)
	}},
	{"S-4.1.1-14", "SHOULD", "The application's rules for passwords hold, and the error does not repeat the password.", func(c *suite) {
		c = c.refusing(func(w *scim.Write) error {
			if n := len(w.Password.Reveal()); w.Password.IsSet() && n < 12 {
				return scim.Invalid("password", "must have at least %d characters.", 12)
			}
			return nil
		})
		a := c.post("/Users", `{"userName":"bjensen","password":"sh0rt"}`).fails(400, "invalidValue")
		assert.Contains(c, a.doc["detail"], "at least 12 characters")
		assert.NotContains(c, a.text, "sh0rt")
		c.get("/Users").total(0)
		u := c.user(`{"userName":"bjensen","password":"l0ng enough!"}`)
		c.patch("/Users/"+u, `{"op":"replace","path":"password","value":"sh0rt"}`).fails(400, "invalidValue")
	}},
	{"S-4.1.1-16", "MUST", "No log, no record of requests and no error text has a password.", func(c *suite) {
		var mu sync.Mutex
		var entries []string
		c = c.with(func(config *scim.Config) {
			config.Users = hooked{listingUsers: config.Users.(listingUsers), write: func(w *scim.Write) error {
				if w.New.Get("userName").String() == "fails" {
					return fmt.Errorf("the write %+v of %#v failed", *w, w.Password)
				}
				return nil
			}}
			config.Record = func(e scim.Entry) {
				mu.Lock()
				defer mu.Unlock()
				entries = append(entries, fmt.Sprintf("%+v", e))
			}
		})
		u := c.u1()
		body := `"password":"` + secret + `"`
		for _, a := range []*answer{
			c.post("/Users", `{"userName":"fails",`+body+`}`).fails(500, ""),
			c.post("/Users", `{"userName":"bjensen",`+body+`}`).fails(409, "uniqueness"),
			c.post("/Users", `{"userName":"x",`+body+`,"active":"`+secret+`"}`).fails(400, "invalidValue"),
			c.post("/Users", `{"userName":"x","password":["`+secret+`"]}`).fails(400, "invalidValue"),
			c.post("/Users", `{"userName":"x",`+body).fails(400, "invalidSyntax"),
			c.patch("/Users/"+u, `{"op":"replace","path":"password.`+secret+`","value":"x"}`).fails(400, "invalidPath"),
			c.patch("/Users/"+u, `{"op":"replace","path":"password","value":{"value":"`+secret+`"}}`).fails(400, "invalidValue"),
			c.patch("/Users/"+u, `{"op":"replace","path":"password","value":"`+secret+`"}`).is(200, 204),
			c.bulk(bulkPost("/Users", "1", `{"userName":"fails",`+body+`}`)).is(200),
		} {
			if !strings.Contains(a.text, "invalidPath") { // a path is the client's own words, and no password
				assert.NotContains(c, a.text, secret)
			}
		}
		assert.Contains(c, c.log.String(), "failed")
		assert.NotContains(c, c.log.String(), secret)
		assert.Len(c, entries, 11)
		for _, e := range entries {
			if !strings.Contains(e, "password."+secret) {
				assert.NotContains(c, e, secret)
			}
		}
	}},
	{"S-4.1.1-17", "MAY", "Passwords can't be searched for.", func(c *suite) {
		c.user(`{"userName":"bjensen","password":"` + secret + `"}`)
		for _, filter := range []string{`password eq "x"`, `password sw "t"`, `password pr`, `userName eq "bjensen" and not (password eq "x")`} {
			c.get("/Users?filter="+filter).fails(400, "invalidFilter")
		}
	}},
	{"S-4.1.1-18", "STATED", "PUT and PATCH can set a password.", func(c *suite) {
		var got passwords
		c = c.refusing(got.take)
		u := c.u1()
		a := c.patch("/Users/"+u, `{"op":"replace","path":"password","value":"n3w!Passphrase"}`).is(200, 204)
		b := c.put("/Users/"+u, `{"userName":"bjensen","password":"an0ther!"}`).is(200)
		assert.Equal(c, []string{"", "n3w!Passphrase", "an0ther!"}, got.all)
		assert.NotContains(c, a.text+b.text, "pass")
	}},
	{"S-4.1.2-01", "SHOULD", "An e-mail address comes back as it was sent; its case does not matter.", func(c *suite) {
		id := c.user(`{"userName":"bjensen","emails":[{"value":"bjensen@EXAMPLE.COM","type":"work"}]}`)
		c.get("/Users/"+id).is(200).has("bjensen@EXAMPLE.COM", "emails", "0", "value")
		c.get(`/Users?filter=emails.value eq "bjensen@example.com"`).total(1)
	}},
	{"S-4.1.2-02", "MAY", "E-mail addresses can be of other types than the usual ones.", func(c *suite) {
		c.post("/Users", `{"userName":"bjensen","emails":[{"value":"a@x","type":"alias"}]}`).is(201).has("alias", "emails", "0", "type")
	}},
	{"S-4.1.2-03", "SHOULD", "A telephone number comes back as it was sent, of any type.", func(c *suite) {
		a := c.post("/Users", `{"userName":"bjensen","phoneNumbers":[{"value":"555-555-8377","type":"desk"},{"value":"tel:+1-201-555-0123","type":"work"}]}`).is(201)
		assert.Equal(c, []string{"555-555-8377", "tel:+1-201-555-0123"}, a.each("value", "phoneNumbers"))
		assert.Equal(c, []string{"desk", "work"}, a.each("type", "phoneNumbers"))
	}},
	{"S-4.1.2-04", "SHOULD", "Instant messaging addresses are taken as they are.", func(c *suite) {
		a := c.post("/Users", `{"userName":"bjensen","ims":[{"value":"Some AIM","type":"aim"},{"value":"x","type":"matrix"}]}`).is(201)
		a.has("aim", "ims", "0", "type").has("matrix", "ims", "1", "type")
		assert.NotEmpty(c, a.at("ims", "0", "value"))
	}},
	{"S-4.1.2-05", "MUST", "A photo is the URI of an image; what is there is not looked at.", func(c *suite) {
		a := c.post("/Users", `{"userName":"bjensen","photos":[{"value":"https://p.example.com/F","type":"photo"},{"value":"https://p.example.com/T","type":"thumbnail"}]}`).is(201)
		assert.Equal(c, []string{"https://p.example.com/F", "https://p.example.com/T"}, a.each("value", "photos"))
		c.post("/Users", `{"userName":"x","photos":[{"value":"http://[bad"}]}`).fails(400, "invalidValue")
	}},
	{"S-4.1.2-06", "OPTIONAL", "Every part of an address can be left out; some can have several lines.", func(c *suite) {
		a := c.post("/Users", `{"userName":"bjensen","addresses":[{"type":"work","formatted":"1 A St\nTown"},{"streetAddress":"1 A St\nBack door"}]}`).is(201)
		a.has("1 A St\nTown", "addresses", "0", "formatted").has("1 A St\nBack door", "addresses", "1", "streetAddress")
	}},
	{"S-4.1.2-07", "MUST", "An application can ask for the country's code of two letters; otherwise any is taken.", func(c *suite) {
		const body = `{"userName":"bjensen","addresses":[{"country":"USA"}]}`
		c.post("/Users", body).is(201).has("USA", "addresses", "0", "country")
		c = c.refusing(func(w *scim.Write) error {
			if country := w.New.Get("addresses.country").String(); len(country) != 2 {
				return scim.Invalid("addresses.country", "must be a code of two letters such as US.")
			}
			return nil
		})
		c.post("/Users", body).fails(400, "invalidValue")
		c.post("/Users", `{"userName":"bjensen","addresses":[{"country":"US"}]}`).is(201).has("US", "addresses", "0", "country")
	}},
	{"S-4.1.2-08", "MUST", "The groups of a user have the group's id and URI.", func(c *suite) {
		u := c.u1()
		g := c.g1(u)
		a := c.get("/Users/" + u).is(200)
		assert.Len(c, a.doc["groups"], 1)
		a.has(g, "groups", "0", "value").has(c.url+"/Groups/"+g, "groups", "0", "$ref").has("direct", "groups", "0", "type")
	}},
	{"S-4.1.2-09", "MUST", "The groups of a user can't be changed at the user.", func(c *suite) {
		u := c.u1()
		g := c.g1()
		groups := `"groups":[{"value":"` + g + `"}]`
		c.post("/Users", `{"userName":"n2",`+groups+`}`).is(201).lacks("groups")
		c.put("/Users/"+u, `{"userName":"bjensen",`+groups+`}`).is(200).lacks("groups")
		c.patch("/Users/"+u, `{"op":"add","path":"groups","value":[{"value":"`+g+`"}]}`).fails(400, "mutability")
		c.get("/Groups/" + g).is(200).lacks("members")
		c.patch("/Groups/"+g, `{"op":"add","path":"members","value":[{"value":"`+u+`"}]}`).is(200, 204)
		c.put("/Users/"+u, `{"userName":"bjensen","groups":[]}`).is(200)
		c.patch("/Users/"+u, `{"op":"remove","path":"groups"}`).fails(400, "mutability")
		c.get("/Users/"+u).is(200).has(g, "groups", "0", "value")
	}},
	{"S-4.1.2-10", "SHOULD", "A membership that can be changed at the group is direct.", func(c *suite) {
		u := c.u1()
		g := c.g1(u)
		outer := c.create("/Groups", `{"displayName":"All","members":[{"value":"`+g+`"}]}`)
		a := c.get("/Users/" + u).is(200)
		types := map[string]string{}
		for i, id := range a.each("value", "groups") {
			types[id] = a.each("type", "groups")[i]
		}
		assert.Equal(c, "direct", types[g])
		assert.Contains(c, []string{"", "indirect"}, types[outer])
	}},
	{"S-4.1.2-11", "MUST", "A certificate is base64.", func(c *suite) {
		c.post("/Users", `{"userName":"bjensen","x509Certificates":[{"value":"%%%"}]}`).fails(400, "invalidValue")
		c.get("/Users").total(0)
	}},
	{"S-4.1.2-12", "MUST NOT", "A value with two certificates can be refused.", func(c *suite) {
		c = c.refusing(func(w *scim.Write) error {
			der, err := schema.DecodeBinary(w.New.Get("x509Certificates.value").String())
			if err == nil {
				_, err = x509.ParseCertificate(der)
			}
			if err != nil {
				return scim.Invalid("x509Certificates.value", "must be one certificate.")
			}
			return nil
		})
		one := certificate(c)
		with := func(der []byte) string {
			return `{"userName":"bjensen","x509Certificates":[{"value":"` + base64.StdEncoding.EncodeToString(der) + `"}]}`
		}
		c.post("/Users", with(append(one[:len(one):len(one)], one...))).fails(400, "invalidValue")
		c.post("/Users", with(one)).is(201)
	}},
	{"S-4.1.2-13", "STATED", "The usual types of values are published.", func(c *suite) {
		for path, types := range map[string]string{
			"phoneNumbers.type": "work home mobile fax pager other",
			"photos.type":       "photo thumbnail",
			"groups.type":       "direct indirect",
			"ims.type":          "aim gtalk icq xmpp msn skype qq yahoo",
			"emails.type":       "work home other",
			"addresses.type":    "work home other",
		} {
			published := fmt.Sprint(shownAttr(c, "$U", path)["canonicalValues"])
			assert.ElementsMatch(c, strings.Fields(types), strings.Fields(strings.Trim(published, "[]")), path)
		}
	}},
	{"S-4.2-01", "REQUIRED", "A group has a displayName.", func(c *suite) {
		c.post("/Groups", `{"schemas":["$G"]}`).fails(400, "invalidValue")
		g := c.g1()
		c.put("/Groups/"+g, `{"members":[]}`).fails(400, "invalidValue")
		c.get("/Groups").total(1)
	}},
	{"S-4.2-02", "STATED", "Members come and go but do not change.", func(c *suite) {
		u, u2 := c.u1(), c.u2()
		g := c.g1(u)
		for _, name := range []string{"value", "type", "display"} {
			c.patch("/Groups/"+g, `{"op":"replace","path":"members[value eq \"`+u+`\"].`+name+`","value":"`+u2+`"}`).fails(400, "mutability")
		}
		assert.Equal(c, []string{u}, c.get("/Groups/"+g).is(200).each("value", "members"))
		c.patch("/Groups/"+g, `{"op":"add","path":"members","value":[{"value":"`+u2+`"}]},{"op":"remove","path":"members[value eq \"`+u+`\"]"}`).is(200, 204)
		assert.Equal(c, []string{u2}, c.get("/Groups/"+g).is(200).each("value", "members"))
	}},
	{"S-4.2-03", "MAY", "A schema can ask for the value of each member.", func(c *suite) {
		group := schema.Group()
		group.Attributes[1].Sub[0].Required = true
		c = c.with(func(config *scim.Config) {
			c.keep(config, userType, compiled(c, schema.TypeConfig{Name: "Group", Schema: group}))
		})
		assert.Equal(c, true, shownAttr(c, "$G", "members.value")["required"])
		c.post("/Groups", `{"displayName":"Tour Guides","members":[{"display":"x"}]}`).fails(400, "invalidValue")
		c.get("/Groups").total(0)
		c.g1(c.u1())
	}},
	{"S-4.2-04", "STATED", "A member has the id, the URI and the type of a user or a group.", func(c *suite) {
		u := c.u1()
		inner := c.g1()
		g := c.create("/Groups", `{"displayName":"All","members":[{"value":"`+u+`"},{"value":"`+inner+`","type":"Group"}]}`)
		a := c.get("/Groups/" + g).is(200)
		got := map[string]string{}
		for i, id := range a.each("value", "members") {
			got[id] = a.each("type", "members")[i] + " " + a.each("$ref", "members")[i]
		}
		assert.Equal(c, map[string]string{u: "User " + c.url + "/Users/" + u, inner: "Group " + c.url + "/Groups/" + inner}, got)
	}},
	{"S-4.2-05", "STATED", "A group can have no members.", func(c *suite) {
		a := c.post("/Groups", `{"displayName":"Tour Guides","members":[]}`).is(201)
		assert.Empty(c, a.doc["members"])
		a = c.get("/Groups/"+textAt(a, "id")).is(200).has("Tour Guides", "displayName")
		assert.Empty(c, a.doc["members"])
	}},
	{"S-4.2-06", "DERIVED", "A user who is deleted is in no group any more.", func(c *suite) {
		u, u2 := c.u1(), c.u2()
		g := c.g1(u, u2)
		c.delete("/Users/" + u).is(204)
		assert.Equal(c, []string{u2}, c.get("/Groups/"+g).is(200).each("value", "members"))
		c.get(`/Groups?filter=members.value eq "` + u + `"`).total(0)
		c.delete("/Groups/" + g).is(204)
		c.get("/Users/" + u2).is(200).lacks("groups")
	}},
	{"S-4.2-07", "DERIVED", "Groups that are members of each other do no harm.", func(c *suite) {
		g := c.g1(c.u1())
		g2 := c.create("/Groups", `{"displayName":"All","members":[{"value":"`+g+`"}]}`)
		a := c.patch("/Groups/"+g, `{"op":"add","path":"members","value":[{"value":"`+g2+`"}]}`).is(200, 204, 400)
		if a.status == 400 {
			a.fails(400, "invalidValue")
		}
		c.get("/Users").total(1)
		c.get("/Groups").total(2)
		c.get(`/Groups?filter=members.value eq "` + g + `"`).total(1)
		c.delete("/Groups/" + g).is(204)
	}},
	{"S-4.3-01", "RECOMMENDED", "A manager is the id of a user, and its URI.", func(c *suite) {
		u, u2 := c.u1(), c.u2()
		c.patch("/Users/"+u, `{"op":"add","path":"$E:manager","value":{"value":"`+u2+`"}}`).is(200, 204)
		a := c.get("/Users/"+u).is(200).has(u2, "$E", "manager", "value")
		if ref := a.at("$E", "manager", "$ref"); ref != nil {
			assert.Equal(c, c.url+"/Users/"+u2, ref)
		}
	}},
	{"S-4.3-02", "STATED", "The displayName of a manager can't be set.", func(c *suite) {
		u2 := c.u2()
		u := c.user(`{"userName":"bjensen","$E":{"manager":{"value":"` + u2 + `"}}}`)
		a := c.put("/Users/"+u, `{"userName":"bjensen","$E":{"manager":{"value":"`+u2+`","displayName":"Fake"}}}`).is(200)
		a.has(u2, "$E", "manager", "value")
		c.patch("/Users/"+u, `{"op":"replace","path":"$E:manager.displayName","value":"Fake"}`).fails(400, "mutability")
		assert.NotContains(c, a.text+c.get("/Users/"+u).is(200).text, "Fake")
	}},
}

// passwords notes what an application is given to hash, "" for a write without.
type passwords struct {
	all   []string
	leaks []string
}

func (p *passwords) take(w *scim.Write) error {
	password := w.Password.Reveal()
	p.all = append(p.all, password)
	if shown := fmt.Sprintf("%v %+v %#v", *w, *w, *w); password != "" && strings.Contains(shown+w.New.String(), password) {
		p.leaks = append(p.leaks, shown)
	}
	return nil
}

// certificate makes an X.509 certificate.
func certificate(c *suite) []byte {
	c.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(c, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	require.NoError(c, err)
	return der
}
