package main

import (
	"context"

	"github.com/stretchr/testify/assert"

	"github.com/muster-scim/muster/scim"
)

// preparing has section 5.
var preparing = []requirement{
	{"P-5-01", "MUST", "userName is compared after PRECIS UsernameCaseMapped.", func(c *suite) {
		c.user(`{"userName":"bjensen"}`)
		c.user("{\"userName\":\"\u00e9mile\"}")
		for _, same := range []string{"\uff22jensen", "\uff42\uff4aensen", "e\u0301mile", "E\u0301MILE"} {
			c.post("/Users", `{"userName":"`+same+`"}`).fails(409, "uniqueness")
			c.matching(1, "/Users", `userName eq "`+same+`"`)
		}
		c.get("/Users").total(2)
	}},
	{"P-5-02", "MUST", "A password is prepared by PRECIS OpaqueString before it is handed over.", func(c *suite) {
		password := ""
		c = c.withUsers(ownUsers{passwords: true,
			create: func(_ context.Context, w *scim.Write) error { password = w.Password.Reveal(); return nil },
			update: func(_ context.Context, _ string, w *scim.Write) error { password = w.Password.Reveal(); return nil },
		})
		const sent, want = "A\u3000b\u00a0e\u0301", "A b \u00e9"
		path := "/Users/" + c.user(`{"userName":"bjensen","password":"`+sent+`"}`)
		assert.Equal(c, want, password, "POST")
		c.put(path, `{"userName":"bjensen","password":"2`+sent+`"}`).is(200)
		assert.Equal(c, "2"+want, password, "PUT")
		c.patch(path, `{"op":"replace","path":"password","value":"3`+sent+`"}`).is(200)
		assert.Equal(c, "3"+want, password, "PATCH")
	}},
	{"P-5-03", "DERIVED", "A userName that PRECIS does not allow is an error.", func(c *suite) {
		for _, name := range []string{`a\u0007b`, `\u0000`, ``, `a\u202eb`, `a\u200bb`} {
			c.post("/Users", `{"userName":"`+name+`"}`).fails(400, "invalidValue")
			c.tolerant().post("/Users", `{"userName":"`+name+`"}`).fails(400, "invalidValue")
		}
		c.get("/Users").total(0)
	}},
}
