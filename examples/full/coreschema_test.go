package main

import (
	"strings"

	"github.com/stretchr/testify/assert"
)

// coreSchema has the requirements of RFC 7643.
var coreSchema = []requirement{
	{"S-1.1-01", "MUST NOT", "Quotation marks around values in the text are no part of the value.", func(c *suite) {
		for _, name := range c.get("/ResourceTypes").is(200).each("name", "Resources") {
			assert.False(c, strings.Contains(name, `"`), name)
		}
	}},
	{"S-1.2-01", "MUST NOT", "A simple attribute has no sub-attributes.", func(c *suite) {
		c.post("/Users", `{"userName":"bjensen","displayName":{"value":"x"}}`).fails(400, "invalidValue")
		c.get("/Users").total(0)
	}},
}
