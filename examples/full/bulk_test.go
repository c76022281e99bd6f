package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/scim"
)

// bulk has the requirements of RFC 7644, section 3.7.
var bulk = []requirement{
	{"P-3.7-01", "STATED", "Requests and answers have the schemas of bulk messages.", func(c *suite) {
		op := `{"method":"DELETE","path":"/Users/` + c.u1() + `"}`
		for _, schemas := range []string{`["$PO"]`, `["$BP"]`, `["$BR","$PO"]`} {
			c.do("POST", "/Bulk", `{"schemas":`+schemas+`,"Operations":[`+op+`]}`).fails(400, "invalidSyntax")
		}
		c.get("/Users").total(1)
		a := c.bulk(op).is(200).has(urns("$BP"), "schemas")
		assert.Equal(c, "204", bulkStatuses(a))
		assert.Equal(c, "application/scim+json", a.header.Get("Content-Type"))
		c.get("/Users").total(0)
	}},
	{"P-3.7-02", "DERIVED", "Without bulk requests the answer is 501, and the configuration says so.", func(c *suite) {
		c = c.with(func(config *scim.Config) { config.MaxBulkOperations = 0 })
		c.bulk(bulkPost("/Users", "1", `{"userName":"bjensen"}`)).fails(501, "")
		c.get("/ServiceProviderConfig").is(200).has(false, "bulk", "supported")
		c.get("/Users").total(0)
	}},
	{"P-3.7-03", "OPTIONAL", "failOnErrors is an integer that can be left out and is never in the answer.", func(c *suite) {
		op := bulkPost("/Users", "1", `{"userName":"b1"}`)
		for _, n := range []string{`"1"`, `-1`, `1.5`, `true`} {
			c.bulk(op, `"failOnErrors":`+n+`,`).fails(400, "invalidSyntax")
		}
		c.get("/Users").total(0)
		assert.Equal(c, "201", bulkStatuses(c.bulk(op, `"failOnErrors":1,`).is(200).lacks("failOnErrors")))
	}},
	{"P-3.7-04", "REQUIRED", "There must be Operations.", func(c *suite) {
		c.do("POST", "/Bulk", `{"schemas":["$BR"]}`).fails(400, "invalidSyntax")
		c.do("POST", "/Bulk", `{"schemas":["$BR"],"Operations":null}`).fails(400, "invalidSyntax")
		assert.Equal(c, "201", bulkStatuses(c.bulk(bulkPost("/Users", "1", `{"userName":"b1"}`)).is(200)))
	}},
	{"P-3.7-05", "REQUIRED", "The method is POST, PUT, PATCH or DELETE.", func(c *suite) {
		u := c.u1()
		a := c.bulk(`{"method":"GET","path":"/Users/` + u + `"},{"path":"/Users/` + u + `"},` + bulkPost("/Users", "1", `{"userName":"b1"}`)).is(200)
		assert.Equal(c, "400 400 201", bulkStatuses(a))
		a.has("invalidSyntax", "Operations", "0", "response", "scimType")
	}},
	{"P-3.7-06", "REQUIRED", "A POST has a bulkId.", func(c *suite) {
		a := c.bulk(`{"method":"POST","path":"/Users","data":{"schemas":["$U"],"userName":"b1"}}`).is(200)
		bulkFailure(c, a, 0, "400", "invalidSyntax")
		c.get("/Users").total(0)
	}},
	{"P-3.7-07", "MAY", "version is what If-Match is to a single request.", func(c *suite) {
		u := c.u1()
		version := quoted(c, c.get("/Users/"+u).is(200).header.Get("ETag"))
		for _, op := range []string{
			`{"method":"PUT","path":"/Users/%s","version":%s,"data":{"schemas":["$U"],"userName":"bjensen","title":"x"}}`,
			`{"method":"PATCH","path":"/Users/%s","version":%s,"data":{"schemas":["$PO"],"Operations":[{"op":"add","path":"title","value":"x"}]}}`,
			`{"method":"DELETE","path":"/Users/%s","version":%s}`,
		} {
			bulkFailure(c, c.bulk(fmt.Sprintf(op, u, `"W/\"stale\""`)).is(200), 0, "412", "")
		}
		c.get("/Users/" + u).is(200).lacks("title")
		assert.Equal(c, "204", bulkStatuses(c.bulk(`{"method":"DELETE","path":"/Users/`+u+`","version":`+version+`}`).is(200)))
	}},
	{"P-3.7-08", "REQUIRED", "The path is an endpoint for POST and a resource for the others.", func(c *suite) {
		u := c.u1()
		a := c.bulk(bulkPost("/Users/"+u, "1", `{"userName":"x"}`) + `,{"method":"DELETE","path":"/Users"},{"method":"PUT","path":"/Nope/1","data":{}},{"method":"DELETE"}`).is(200)
		require.Len(c, a.doc["Operations"], 4)
		for i, status := range strings.Fields(bulkStatuses(a)) {
			assert.Regexp(c, "^4..$", status)
			assert.Equal(c, urns("$ER"), a.at("Operations", fmt.Sprint(i), "response", "schemas"))
		}
		c.get("/Users").total(1)
	}},
	{"P-3.7-09", "REQUIRED", "POST, PUT and PATCH have data.", func(c *suite) {
		u := c.u1()
		a := c.bulk(`{"method":"PUT","path":"/Users/` + u + `"},{"method":"POST","path":"/Users","bulkId":"1"},{"method":"PATCH","path":"/Users/` + u + `"}`).is(200)
		for i := range 3 {
			bulkFailure(c, a, i, "400", "invalidSyntax")
		}
	}},
	{"P-3.7-10", "REQUIRED", "Every result has a location, but for a POST that failed.", func(c *suite) {
		u := c.u1()
		a := c.bulk(bulkPost("/Users", "1", `{"userName":"b1"}`) + `,` + bulkPatch("/Users/"+u, `{"op":"replace","path":"nickName","value":"x"}`) +
			`,{"method":"DELETE","path":"/Users/none"}`).is(200)
		assert.Equal(c, "404", strings.Fields(bulkStatuses(a))[2])
		c.get("/Users/"+bulkID(c, a, 0)).is(200).has("b1", "userName")
		a.has(c.url+"/Users/"+u, "Operations", "1", "location")
		a.has(c.url+"/Users/none", "Operations", "2", "location")
	}},
	{"P-3.7-11", "MUST", "A result that is no success says why.", func(c *suite) {
		c.u1()
		a := c.bulk(bulkPost("/Users", "1", `{"userName":"bjensen"}`)).is(200)
		bulkFailure(c, a, 0, "409", "uniqueness")
		assert.NotContains(c, a.at("Operations", "0"), "location")
	}},
	{"P-3.7-12", "MAY", "A result that is a success needs no response.", func(c *suite) {
		a := c.bulk(bulkPost("/Users", "1", `{"userName":"b1"}`)).is(200).has("201", "Operations", "0", "status")
		if response := a.at("Operations", "0", "response"); response != nil {
			assert.Contains(c, response, "id")
		}
	}},
	{"P-3.7-13", "MUST", "What it says is the error of a single request.", func(c *suite) {
		a := c.bulk(`{"method":"DELETE","path":"/Users/none"}`).is(200)
		assert.Equal(c, c.delete("/Users/none").fails(404, "").doc, a.at("Operations", "0", "response"))
	}},
	{"P-3.7-14", "MUST", "A job that was processed is a 200 even if operations failed.", func(c *suite) {
		assert.Equal(c, "404", bulkStatuses(c.bulk(`{"method":"DELETE","path":"/Users/none"}`).is(200)))
	}},
	{"P-3.7-15", "MUST", "A job that can't be processed is an error.", func(c *suite) {
		for _, body := range []string{`{"schemas":["$BR"],"Operations":"x"}`, `{"schemas":["$BR"],"Operations":{}}`, `{bad json`, `[]`} {
			c.do("POST", "/Bulk", body).fails(400, "invalidSyntax")
		}
		c.bulk(bulkPost("/Users", "1", `{"userName":"b1"}`)).is(200)
	}},
	{"P-3.7-16", "MUST", "Without failOnErrors every operation is tried.", func(c *suite) {
		a := c.bulk(`{"method":"DELETE","path":"/Users/none"},` + bulkPost("/Users", "1", `{"userName":"b1"}`)).is(200)
		assert.Equal(c, "404 201", bulkStatuses(a))
		c.get(`/Users?filter=userName eq "b1"`).total(1)
	}},
	{"P-3.7-17", "MAY", "failOnErrors is how many errors end the job; what was done stays.", func(c *suite) {
		a := c.bulk(bulkPost("/Users", "0", `{"userName":"b0"}`)+`,{"method":"DELETE","path":"/Users/none"},`+bulkPost("/Users", "1", `{"userName":"b1"}`), `"failOnErrors":1,`).is(200)
		assert.Equal(c, "201 404", bulkStatuses(a))
		c.get(`/Users?filter=userName eq "b0"`).total(1)
		c.get(`/Users?filter=userName eq "b1"`).total(0)
		a = c.bulk(`{"method":"DELETE","path":"/Users/none"},`+bulkPost("/Users", "1", `{"userName":"b1"}`), `"failOnErrors":2,`).is(200)
		assert.Equal(c, "404 201", bulkStatuses(a))
	}},
	{"P-3.7-18", "MUST", "The bulkId comes back with what was created.", func(c *suite) {
		a := c.bulk(bulkPost("/Users", "qwerty", `{"userName":"b1"}`)).is(200).has("qwerty", "Operations", "0", "bulkId")
		c.get("/Users/"+bulkID(c, a, 0)).is(200).has("b1", "userName")
	}},
	{"P-3.7-19", "MUST", "An operation can refer to a later one; the results stay in order.", func(c *suite) {
		a := c.bulk(bulkPost("/Groups", "g1", `{"displayName":"Tour Guides","members":[{"value":"bulkId:u1"}]}`) + `,` + bulkPost("/Users", "u1", `{"userName":"b1"}`)).is(200)
		assert.Equal(c, "201 201", bulkStatuses(a))
		assert.Equal(c, []string{"g1", "u1"}, a.each("bulkId", "Operations"))
		assert.Equal(c, []string{bulkID(c, a, 1)}, c.get("/Groups/"+bulkID(c, a, 0)).is(200).each("value", "members"))
	}},
	{"P-3.7-20", "DERIVED", "No two operations have the same bulkId.", func(c *suite) {
		a := c.bulk(bulkPost("/Users", "x", `{"userName":"a1"}`)+`,`+bulkPost("/Users", "x", `{"userName":"a2"}`)).is(200, 400)
		c.get(`/Users?filter=userName eq "a2"`).total(0)
		if a.status == 400 {
			a.fails(400, "invalidSyntax")
			return
		}
		assert.Equal(c, "201 400", bulkStatuses(a))
		bulkFailure(c, a, 1, "400", "invalidSyntax")
	}},
	{"P-3.7-21", "DERIVED", "The data of a PATCH is that of a single one; the tolerant connection takes it without schemas.", func(c *suite) {
		u := c.u1()
		assert.Contains(c, []string{"200", "204"}, bulkStatuses(c.bulk(bulkPatch("/Users/"+u, `{"op":"replace","path":"nickName","value":"x"}`)).is(200)))
		c.get("/Users/"+u).is(200).has("x", "nickName")
		a := c.tolerant().bulk(`{"method":"PATCH","path":"/Users/` + u + `","data":{"Operations":[{"op":"replace","path":"nickName","value":"y"}]}}`).is(200)
		assert.Contains(c, []string{"200", "204"}, bulkStatuses(a))
		c.get("/Users/"+u).is(200).has("y", "nickName")
	}},
	{"P-3.7-22", "DERIVED", "What a client may do is asked for each operation.", func(c *suite) {
		c = c.with(func(config *scim.Config) {
			config.Settings = scim.Fixed(scim.Settings{Dialect: scim.Strict(), NoGroupCreate: true})
		})
		a := c.bulk(bulkPost("/Users", "1", `{"userName":"b1"}`) + `,` + bulkPost("/Groups", "2", `{"displayName":"Tour Guides"}`)).is(200)
		assert.Equal(c, "201 403", bulkStatuses(a))
		bulkFailure(c, a, 1, "403", "")
		c.get("/Groups").total(0)
	}},
	{"P-3.7-23", "DERIVED", "No operation is a bulk request, a search, /Me or discovery.", func(c *suite) {
		c.u1()
		inner := `{"schemas":["$BR"],"Operations":[` + bulkPost("/Users", "i", `{"userName":"inner"}`) + `]}`
		ops := []string{`{"method":"POST","path":"/Bulk","bulkId":"0","data":` + inner + `}`}
		for i, path := range []string{"/Users/.search", "/.search", "/Schemas", "/Me", "/ServiceProviderConfig"} {
			ops = append(ops, fmt.Sprintf(`{"method":"POST","path":"%s","bulkId":"%d","data":{}}`, path, i+1))
		}
		ops = append(ops, `{"method":"DELETE","path":"/Me"}`)
		a := c.bulk(strings.Join(ops, ",")).is(200)
		statuses := strings.Fields(bulkStatuses(a))
		require.Len(c, statuses, len(ops))
		for i, status := range statuses {
			assert.Regexp(c, "^4..$", status, ops[i])
		}
		c.get("/Users").total(1)
	}},
	{"P-3.7-24", "DERIVED", "Each operation is done or not; the job can be done in part.", func(c *suite) {
		c = c.refusing(func(w *scim.Write) error {
			if w.New.Get("userName").String() == "b2" {
				return errors.New("the disk is full")
			}
			return nil
		})
		a := c.bulk(bulkPost("/Users", "1", `{"userName":"b1"}`) + `,` + bulkPost("/Users", "2", `{"userName":"b2"}`)).is(200)
		assert.Equal(c, "201 500", bulkStatuses(a))
		assert.NotContains(c, a.text, "disk")
		assert.Equal(c, []string{"b1"}, c.get("/Users").total(1).each("userName", "Resources"))
	}},
	{"P-3.7.1-01", "MUST", "Resources that refer to each other are created, with their references.", func(c *suite) {
		a := c.bulk(bulkPost("/Groups", "a", `{"displayName":"A","members":[{"type":"Group","value":"bulkId:b"}]}`) + `,` +
			bulkPost("/Groups", "b", `{"displayName":"B","members":[{"type":"Group","value":"bulkId:a"}]}`)).is(200)
		require.Equal(c, "201 201", bulkStatuses(a))
		for i := range 2 {
			group := c.get("/Groups/" + bulkID(c, a, i)).is(200)
			assert.Equal(c, []string{bulkID(c, a, 1-i)}, group.each("value", "members"))
		}
	}},
	{"P-3.7.2-01", "MUST", "A reference becomes the id that the resource got.", func(c *suite) {
		a := c.bulk(bulkPost("/Users", "qwerty", `{"userName":"Alice"}`) + `,` +
			bulkPost("/Groups", "ytrewq", `{"displayName":"Tour Guides","members":[{"type":"User","value":"bulkId:qwerty"}]}`)).is(200)
		require.Equal(c, "201 201", bulkStatuses(a))
		alice := bulkID(c, a, 0)
		group := c.get("/Groups/" + bulkID(c, a, 1)).is(200)
		group.has(alice, "members", "0", "value").has(c.url+"/Users/"+alice, "members", "0", "$ref")
		assert.NotContains(c, group.text, "bulkId")
	}},
	{"P-3.7.2-02", "MUST", "So does one in an extension.", func(c *suite) {
		a := c.bulk(bulkPost("/Users", "qwerty", `{"userName":"Alice"}`) + `,` +
			bulkPost("/Users", "y", `{"userName":"Bob","$E":{"manager":{"value":"bulkId:qwerty"}}}`)).is(200)
		require.Equal(c, "201 201", bulkStatuses(a))
		c.get("/Users/"+bulkID(c, a, 1)).is(200).has(bulkID(c, a, 0), "$E", "manager", "value")
	}},
	{"P-3.7.2-03", "DERIVED", "A reference to what was not created fails the operation that has it, and no other.", func(c *suite) {
		c.u1()
		a := c.bulk(bulkPost("/Groups", "1", `{"displayName":"Tour Guides","members":[{"value":"bulkId:nope"}]}`) + `,` +
			bulkPost("/Users", "dup", `{"userName":"bjensen"}`) + `,` +
			bulkPost("/Groups", "2", `{"displayName":"Drivers","members":[{"value":"bulkId:dup"}]}`) + `,` +
			bulkPost("/Users", "3", `{"userName":"b3"}`)).is(200)
		statuses := strings.Fields(bulkStatuses(a))
		require.Len(c, statuses, 4)
		for _, i := range []int{0, 2} {
			assert.Contains(c, []string{"400 invalidValue", "409 "}, statuses[i]+" "+bulkScimType(a, i))
		}
		assert.Equal(c, "201", statuses[3])
		c.get("/Groups").total(0)
	}},
	{"P-3.7.2-04", "DERIVED", "References can be in paths, in the values of a PATCH and in its filters.", func(c *suite) {
		a := c.bulk(bulkPost("/Users", "a", `{"userName":"A"}`) + `,` + bulkPost("/Users", "b", `{"userName":"B"}`) + `,` +
			bulkPost("/Groups", "g", `{"displayName":"Tour Guides"}`) + `,` +
			bulkPatch("/Groups/bulkId:g", `{"op":"add","path":"members","value":[{"value":"bulkId:a"},{"value":"bulkId:b"}]}`) + `,` +
			bulkPatch("/Groups/bulkId:g", `{"op":"remove","path":"members[value eq \"bulkId:b\"]"}`)).is(200)
		assert.Regexp(c, "^201 201 201 20[04] 20[04]$", bulkStatuses(a))
		assert.Equal(c, []string{bulkID(c, a, 0)}, c.get("/Groups/"+bulkID(c, a, 2)).is(200).each("value", "members"))
	}},
	{"P-3.7.3-01", "MUST", "Every operation that was processed has a result.", func(c *suite) {
		a := c.bulk(bulkPost("/Users", "1", `{"userName":"b1"}`) + `,{"method":"DELETE","path":"/Users/none"}`).is(200)
		assert.Equal(c, "201 404", bulkStatuses(a))
		assert.Equal(c, []string{"POST", "DELETE"}, a.each("method", "Operations"))
	}},
	{"P-3.7.3-02", "MUST", "A failure has the location too, but for a POST.", func(c *suite) {
		u := c.u1()
		a := c.bulk(`{"method":"PUT","path":"/Users/` + u + `","version":"W/\"stale\"","data":{"schemas":["$U"],"userName":"bjensen"}},` + bulkPost("/Users", "1", `{}`)).is(200)
		a.has("412", "Operations", "0", "status").has(c.url+"/Users/"+u, "Operations", "0", "location")
		a.has("400", "Operations", "1", "status").has(nil, "Operations", "1", "location")
	}},
	{"P-3.7.3-03", "MUST", "status is the HTTP status as a string.", func(c *suite) {
		a := c.bulk(bulkPost("/Users", "1", `{"userName":"b1"}`)).is(200)
		assert.Equal(c, "201", a.at("Operations", "0", "status"))
	}},
	{"P-3.7.3-04", "MUST", "A failure is explained to people.", func(c *suite) {
		a := c.bulk(`{"method":"DELETE","path":"/Users/none"}`).is(200)
		bulkFailure(c, a, 0, "404", "")
	}},
	{"P-3.7.4-01", "MUST", "There are limits of operations and of bytes.", func(c *suite) {
		a := c.get("/ServiceProviderConfig").is(200).has(true, "bulk", "supported")
		assert.GreaterOrEqual(c, a.at("bulk", "maxOperations"), 1.)
		assert.GreaterOrEqual(c, a.at("bulk", "maxPayloadSize"), 1.)
	}},
	{"P-3.7.4-02", "MAY", "The limits can be read, as integers.", func(c *suite) {
		c = c.with(bulkLimits)
		a := c.get("/ServiceProviderConfig").is(200)
		assert.Regexp(c, `"maxOperations":2[,}]`, a.text)
		assert.Regexp(c, `"maxPayloadSize":1024[,}]`, a.text)
	}},
	{"P-3.7.4-03", "MUST", "What is beyond a limit is a 413, and nothing is done.", func(c *suite) {
		c = c.with(bulkLimits)
		u := c.u1()
		remove := `{"method":"DELETE","path":"/Users/` + u + `"}`
		c.bulk(remove+`,{"method":"DELETE","path":"/Users/1"},{"method":"DELETE","path":"/Users/2"}`).fails(413, "")
		c.bulk(remove+`,`+bulkPost("/Users", "1", `{"userName":"`+strings.Repeat("x", 2048)+`"}`)).fails(413, "")
		c.get("/Users").total(1)
		assert.Equal(c, "204 404", bulkStatuses(c.bulk(remove+`,{"method":"DELETE","path":"/Users/1"}`).is(200)))
	}},
	{"P-3.7.4-04", "MUST", "The error says which limit.", func(c *suite) {
		c = c.with(bulkLimits)
		a := c.bulk(`{"method":"DELETE","path":"/Users/0"},{"method":"DELETE","path":"/Users/1"},{"method":"DELETE","path":"/Users/2"}`).fails(413, "")
		assert.Contains(c, a.doc["detail"], "maxOperations (2)")
		a = c.bulk(bulkPost("/Users", "1", `{"userName":"`+strings.Repeat("x", 2048)+`"}`)).fails(413, "")
		assert.Contains(c, a.doc["detail"], "maxPayloadSize (1024)")
		c.bulk(`{"method":"DELETE","path":"/Users/0"},{"method":"DELETE","path":"/Users/1"}`).is(200)
	}},
	{"P-3.7.4-05", "DERIVED", "A body that is too large is not read, be it announced or not.", func(c *suite) {
		c = c.with(func(config *scim.Config) { config.MaxBody = 1024 })
		for _, path := range []string{"/Bulk", "/Users"} {
			assert.Equal(c, 413, bulkAnnounce(c, path, 1<<32), path)
			assert.Equal(c, 413, bulkStream(c, path, 4096), path)
			assert.Equal(c, 400, bulkStream(c, path, 1024), path) // read to its end: blanks are no JSON
		}
	}},
}

func bulkLimits(config *scim.Config) { config.MaxBulkOperations, config.MaxBulkPayload = 2, 1024 }

// bulkPost is an operation that creates a resource; "schemas" is added.
func bulkPost(path, bulkID, data string) string {
	return `{"method":"POST","path":"` + path + `","bulkId":"` + bulkID + `","data":` + withSchemas(path, data) + `}`
}

// bulkPatch is an operation that changes one.
func bulkPatch(path, ops string) string {
	return `{"method":"PATCH","path":"` + path + `","data":{"schemas":["$PO"],"Operations":[` + ops + `]}}`
}

// bulkStatuses returns the statuses of the results, as "201 404".
func bulkStatuses(a *answer) string { return strings.Join(a.each("status", "Operations"), " ") }

// bulkID returns the id of the resource that a result names.
func bulkID(c *suite, a *answer, i int) string {
	c.Helper()
	path := below(c, textAt(a, "Operations", fmt.Sprint(i), "location"))
	return path[strings.LastIndexByte(path, '/')+1:]
}

func bulkScimType(a *answer, i int) string {
	text, _ := a.at("Operations", fmt.Sprint(i), "response", "scimType").(string)
	return text
}

// bulkFailure asserts a result that is an error.
func bulkFailure(c *suite, a *answer, i int, status, scimType string) {
	c.Helper()
	result, _ := a.at("Operations", fmt.Sprint(i)).(map[string]any)
	assert.Equal(c, status, result["status"], a.text)
	response, _ := result["response"].(map[string]any)
	assert.Equal(c, urns("$ER"), response["schemas"], a.text)
	assert.Equal(c, status, response["status"], a.text)
	assert.Equal(c, scimType, bulkScimType(a, i), a.text)
	detail, _ := response["detail"].(string)
	assert.NotEmpty(c, detail, a.text)
}

// bulkAnnounce sends a request that announces a body and does not send it, and returns
// the status; 0 if there is no answer for some seconds.
func bulkAnnounce(c *suite, path string, length int64) int {
	c.Helper()
	u, err := url.Parse(c.url)
	require.NoError(c, err)
	conn, err := net.Dial("tcp", u.Host)
	require.NoError(c, err)
	defer conn.Close()
	require.NoError(c, conn.SetDeadline(time.Now().Add(5*time.Second)))
	_, err = fmt.Fprintf(conn, "POST %s%s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/scim+json\r\nContent-Length: %d\r\n\r\n{",
		u.Path, path, u.Host, c.token, length)
	require.NoError(c, err)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// bulkStream sends a body of that many blanks in chunks.
func bulkStream(c *suite, path string, length int) int {
	c.Helper()
	body := io.MultiReader(strings.NewReader(strings.Repeat(" ", length)))
	req, err := http.NewRequest("POST", c.url+path, body)
	require.NoError(c, err)
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Content-Type", "application/scim+json")
	resp, err := c.transport.RoundTrip(req)
	require.NoError(c, err)
	defer resp.Body.Close()
	return resp.StatusCode
}
