package main

// bulk has the requirements of RFC 7644, section 3.7.
var bulk = []requirement{
	{"P-3.7-14", "MUST", "A job that was processed is a 200 even if operations failed.", func(c *suite) {
		c.bulk(`{"method":"DELETE","path":"/Users/none"}`).is(200)
	}},
}
