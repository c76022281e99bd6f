package main

// patching has the requirements of RFC 7644, section 3.5.2.
var patching = []requirement{
	{"P-3.5.2.2-01", "STATED", "remove without a path is an error.", func(c *suite) {
		c.patch("/Users/"+c.u1(), `{"op":"remove"}`).fails(400, "noTarget")
	}},
}
