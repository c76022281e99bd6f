package main

// cursorPaging has the requirements of RFC 9865.
var cursorPaging = []requirement{
	{"C-2-04", "STATED", "count=0 returns only totalResults.", func(c *suite) {
		c.users(25)
		c.get("/Users?cursor=&count=0").total(25).has(0, "itemsPerPage")
	}},
}
