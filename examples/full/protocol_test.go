package main

// protocol has the requirements of RFC 7644, except those of PATCH and bulk requests.
var protocol = []requirement{
	{"P-1.2-01", "MUST", "URLs are percent-encoded, and \"+\" is a blank in a query.", func(c *suite) {
		c.u1()
		c.get(`/Users?filter=userName%20eq%20%22bjensen%22`).total(1)
		c.get(`/Users?filter=userName+eq+%22bjensen%22`).total(1)
	}},
}
