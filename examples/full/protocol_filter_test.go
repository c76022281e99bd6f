package main

import (
	"strings"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/muster-scim/muster/scim"
)

// found asserts how many resources each filter finds.
type found []struct {
	filter string
	n      int
}

func (f found) in(c *suite, path string) {
	c.Helper()
	for _, t := range f {
		a := c.get(path + "?filter=" + t.filter).is(200)
		assert.EqualValues(c, t.n, a.doc["totalResults"], t.filter)
		assert.Len(c, a.resources(), t.n, t.filter)
	}
}

// refused asserts that each filter is invalidFilter, on both connections.
func refused(c *suite, path string, filters ...string) {
	c.Helper()
	for _, f := range filters {
		c.get(path+"?filter="+f).fails(400, "invalidFilter")
		c.tolerant().get(path+"?filter="+f).fails(400, "invalidFilter")
	}
}

// nineAndTen makes two things.
func nineAndTen(c *suite) {
	c.thing(`"num":9,"strExact":"a"`)
	c.thing(`"num":10,"strExact":"b"`)
}

// filtering has section 3.4.2.2.
var filtering = []requirement{
	{"P-3.4.2.2-01", "OPTIONAL", "Filtering is announced, and what a store can't filter is refused rather than listed.", func(c *suite) {
		c.get("/ServiceProviderConfig").has(true, "filter", "supported")
		c = c.withUsers(ownUsers{list: func(q *scim.Query) error {
			if q.Filter != nil {
				return scim.Unsupported("id eq")
			}
			return nil
		}})
		c.u1()
		c.get("/Users").total(1)
		c.get(`/Users?filter=userName eq "x"`).fails(400, "invalidFilter")
	}},
	{"P-3.4.2.2-02", "SHALL", "Only what matches is returned.", func(c *suite) {
		u := c.u1()
		c.u2()
		c.matching(1, "/Users", `userName eq "bjensen"`).has(u, "Resources", "0", "id")
	}},
	{"P-3.4.2.2-03", "STATED", "Case does not count in names and operators.", func(c *suite) {
		c.user(`{"userName":"bjensen","title":"T"}`)
		c.u2()
		found{
			{`USERNAME Eq "bjensen"`, 1}, {`userName EQ "bjensen"`, 1},
			{`userName eq "bjensen" AND title Pr`, 1}, {`userName eq "jsmith" And title pr`, 0},
			{`userName eq "jsmith" OR title PR`, 2}, {`NOT (title pr)`, 1},
		}.in(c, "/Users")
	}},
	{"P-3.4.2.2-04", "MUST", "An empty filter is none.", func(c *suite) {
		c.u1()
		c.get("/Users?filter=").fails(400, "invalidFilter")
		c.get("/Users?filter=%20").fails(400, "invalidFilter")
	}},
	{"P-3.4.2.2-05", "MUST", "A comparison has attribute, operator and value, but for pr.", func(c *suite) {
		c.u1()
		refused(c, "/Users", `userName`, `userName eq`, `eq "x"`, `title pr "x"`, `"x"`)
		c.matching(1, "/Users", "userName pr")
	}},
	{"P-3.4.2.2-06", "MAY", "and and or join comparisons.", func(c *suite) {
		c.user(`{"userName":"bjensen","title":"Guide","userType":"Employee"}`)
		c.u2()
		found{
			{`title pr and userType eq "Employee"`, 1}, {`title pr and userType eq "Intern"`, 0},
			{`title pr or userType eq "Intern"`, 1}, {`title eq "Boss" or userType eq "Intern"`, 0},
		}.in(c, "/Users")
	}},
	{"P-3.4.2.2-07", "MAY", "Parentheses group.", func(c *suite) {
		c.user(`{"userName":"bjensen","userType":"Employee","emails":[{"value":"b@example.com"}]}`)
		found{
			{`userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")`, 1},
			{`userType eq "Intern" and (emails co "example.com" or emails.value co "example.org")`, 0},
			{`(userType eq "Employee")`, 1},
		}.in(c, "/Users")
	}},
	{"P-3.4.2.2-08", "STATED", "eq is equal.", func(c *suite) {
		c.user(`{"userName":"bjensen","active":true}`)
		c.thing(`"num":7,"dec":1.5`)
		found{{`active eq true`, 1}, {`active eq false`, 0}, {`userName eq "bjensen"`, 1}, {`userName eq "bjense"`, 0}}.in(c, "/Users")
		found{{`num eq 7`, 1}, {`num eq 8`, 0}, {`dec eq 1.5`, 1}, {`dec eq 1.50`, 1}}.in(c, "/Things")
	}},
	{"P-3.4.2.2-09", "STATED", "ne is not equal, which nothing is.", func(c *suite) {
		c.user(`{"userName":"bjensen"}`)
		found{{`title ne "Boss"`, 1}, {`userName ne "bjensen"`, 0}, {`userName ne "x"`, 1}}.in(c, "/Users")
	}},
	{"P-3.4.2.2-10", "STATED", "co is a part of.", func(c *suite) {
		c.user(`{"userName":"bjensen","name":{"familyName":"O'Malley"}}`)
		found{{`name.familyName co "malley"`, 1}, {`name.familyName co "O'M"`, 1}, {`name.familyName co "maley"`, 0}}.in(c, "/Users")
	}},
	{"P-3.4.2.2-11", "STATED", "sw is how it begins.", func(c *suite) {
		c.u1()
		found{{`userName sw "bje"`, 1}, {`userName sw "bjensen"`, 1}, {`userName sw "jensen"`, 0}, {`userName sw "bjensens"`, 0}}.in(c, "/Users")
	}},
	{"P-3.4.2.2-12", "STATED", "ew is how it ends.", func(c *suite) {
		c.u1()
		found{{`userName ew "sen"`, 1}, {`userName ew "bjensen"`, 1}, {`userName ew "bjen"`, 0}, {`userName ew "abjensen"`, 0}}.in(c, "/Users")
	}},
	{"P-3.4.2.2-13", "STATED", "pr is a value that is not empty, of complex attributes too.", func(c *suite) {
		c.u1()
		found{{`name pr`, 1}, {`title pr`, 0}, {`emails pr`, 1}, {`phoneNumbers pr`, 0}, {`name.honorificPrefix pr`, 0}, {`$E:manager pr`, 0}, {`$E pr`, 0}}.in(c, "/Users")
	}},
	{"P-3.4.2.2-14", "DERIVED", "false and 0 are values.", func(c *suite) {
		c.user(`{"userName":"bjensen","active":false}`)
		c.thing(`"num":0,"dec":0`)
		c.matching(1, "/Users", "active pr")
		found{{`num pr`, 1}, {`dec pr`, 1}, {`when pr`, 0}}.in(c, "/Things")
	}},
	{"P-3.4.2.2-15", "STATED", "gt compares text, times and numbers as such.", func(c *suite) {
		nineAndTen(c)
		c.thing(`"when":"2011-05-13T04:42:34Z"`)
		found{
			{`num gt 9`, 1}, {`num gt 10`, 0}, {`num gt 8`, 2}, {`strExact gt "a"`, 1}, {`strExact gt "b"`, 0},
			{`when gt "2011-05-13T04:42:33Z"`, 1}, {`when gt "2011-05-13T04:42:34Z"`, 0},
		}.in(c, "/Things")
	}},
	{"P-3.4.2.2-16", "STATED", "ge is gt or equal.", func(c *suite) {
		nineAndTen(c)
		found{{`num ge 9`, 2}, {`num ge 10`, 1}, {`num ge 11`, 0}}.in(c, "/Things")
	}},
	{"P-3.4.2.2-17", "STATED", "lt is less.", func(c *suite) {
		nineAndTen(c)
		found{{`num lt 10`, 1}, {`num lt 9`, 0}, {`num lt 11`, 2}}.in(c, "/Things")
		c.matching(1, "/Things", `num lt 10`).has(9, "Resources", "0", "num")
	}},
	{"P-3.4.2.2-18", "STATED", "le is lt or equal.", func(c *suite) {
		nineAndTen(c)
		found{{`num le 9`, 1}, {`num le 10`, 2}, {`num le 8`, 0}}.in(c, "/Things")
		c.matching(1, "/Things", `num le 9`).has(9, "Resources", "0", "num")
	}},
	{"P-3.4.2.2-19", "STATED", "Times are compared as instants.", func(c *suite) {
		c.thing(`"when":"2011-05-13T06:42:34+02:00"`)
		found{
			{`when eq "2011-05-13T04:42:34Z"`, 1}, {`when eq "2011-05-13T04:42:34.000Z"`, 1}, {`when eq "2011-05-13T06:42:34Z"`, 0},
			{`when gt "2011-05-13T05:00:00Z"`, 0}, {`when lt "2011-05-13T05:00:00Z"`, 1},
		}.in(c, "/Things")
	}},
	{"P-3.4.2.2-20", "STATED", "Times of creation and change can be asked for.", func(c *suite) {
		c.u1()
		found{
			{`meta.lastModified ge "2011-05-13T04:42:34Z"`, 1}, {`meta.lastModified lt "2011-05-13T04:42:34Z"`, 0},
			{`meta.created ge "2011-05-13T04:42:34Z"`, 1}, {`meta.created gt "` + time.Now().Add(time.Hour).UTC().Format(time.RFC3339) + `"`, 0},
		}.in(c, "/Users")
	}},
	{"P-3.4.2.2-21", "SHALL", "No boolean is greater than another.", func(c *suite) {
		c.u1()
		refused(c, "/Users", `active gt false`)
	}},
	{"P-3.4.2.2-22", "SHALL", "Booleans have no order at all.", func(c *suite) {
		c.u1()
		refused(c, "/Users", `active ge false`, `active lt true`, `active le true`, `emails[primary gt false]`)
	}},
	{"P-3.4.2.2-23", "SHALL", "Binary values have no order.", func(c *suite) {
		refused(c, "/Things", `bin gt "AAAA"`, `bin le "AAAA"`)
		refused(c, "/Users", `x509Certificates.value lt "AAAA"`, `x509Certificates[value ge "AAAA"]`)
	}},
	{"P-3.4.2.2-24", "MAY", "A filter in brackets must hold for one and the same element.", func(c *suite) {
		c.user(`{"userName":"bjensen","emails":[{"value":"a@example.org","type":"work"},{"value":"b@example.com","type":"home"}]}`)
		found{
			{`emails[type eq "work" and value co "@example.com"]`, 0}, {`emails[type eq "home" and value co "@example.com"]`, 1},
			{`emails.type eq "work" and emails.value co "@example.com"`, 1},
		}.in(c, "/Users")
	}},
	{"P-3.4.2.2-25", "MUST", "Only sub-attributes can stand in brackets.", func(c *suite) {
		c.u1()
		refused(c, "/Users", `emails[userName eq "x"]`, `emails[type eq "work" and active eq true]`, `emails[$U:userName pr]`)
	}},
	{"P-3.4.2.2-26", "MAY", "A filter in brackets may have and, or, not and parentheses.", func(c *suite) {
		c.u1()
		found{
			{`emails[not (type eq "home") and (value ew "com" or primary eq true)]`, 1},
			{`emails[not (type eq "work") and (value ew "com" or primary eq true)]`, 0},
			{`emails[(type eq "home")]`, 1},
		}.in(c, "/Users")
	}},
	{"P-3.4.2.2-27", "DERIVED", "There are no brackets in brackets.", func(c *suite) {
		c.u1()
		refused(c, "/Users", `emails[value[x eq 1]]`, `emails[type[value eq "work"]]`)
	}},
	{"P-3.4.2.2-28", "MUST", "What the grammar does not have is an error that says where.", func(c *suite) {
		c.u1()
		for _, filter := range []string{
			`userName eq bjensen`, `userName eq 'bjensen'`, `userName == "bjensen"`, `(userName eq "x"`, `userName eq "x")`, `userName eq "x" and`,
			`emails[type eq "work"`, `userName eq "x" xor title pr`, `userName eq "unterminated`, `userName  eq "x" and and title pr`, `not userName pr`,
		} {
			a := c.get("/Users?filter="+filter).fails(400, "invalidFilter")
			assert.Regexp(c, `\d`, a.doc["detail"], filter)
		}
		c.tolerant().matching(1, "/Users", `userName eq bjensen`)
	}},
	{"P-3.4.2.2-29", "MUST", "not binds before and, and before or.", func(c *suite) {
		c.user(`{"userName":"bjensen","title":"A","userType":"B"}`)
		found{
			{`title eq "A" or title eq "Z" and userType eq "Z"`, 1}, {`(title eq "A" or title eq "Z") and userType eq "Z"`, 0},
			{`not (title eq "Z") and userType eq "B"`, 1}, {`not (title eq "A") and userType eq "B" or title eq "A"`, 1},
			{`not (title eq "Z" and userType eq "B")`, 1}, {`userType eq "Z" and title eq "Z" or title eq "A"`, 1},
		}.in(c, "/Users")
	}},
	{"P-3.4.2.2-30", "STATED", "Of several values one must match.", func(c *suite) {
		c.u1()
		found{{`emails.value eq "babs@jensen.org"`, 1}, {`emails.value eq "bjensen@example.com"`, 1}, {`emails.value eq "x@example.com"`, 0}}.in(c, "/Users")
	}},
	{"P-3.4.2.2-31", "MUST", "A complex attribute is compared by a sub-attribute.", func(c *suite) {
		c.u1()
		refused(c, "/Users", `name eq "Barbara"`, `meta eq "x"`)
		c.matching(1, "/Users", `name.givenName eq "Barbara"`)
	}},
	{"P-3.4.2.2-32", "DERIVED", "A list of complex values is compared by value.", func(c *suite) {
		c.u1()
		found{{`emails co "jensen.org"`, 1}, {`emails eq "babs@jensen.org"`, 1}, {`emails co "jensen.com"`, 0}, {`emails eq "work"`, 0}}.in(c, "/Users")
	}},
	{"P-3.4.2.2-33", "SHALL", "Values that the application gave can be found.", func(c *suite) {
		c = c.defaulting(map[string]any{"active": true})
		c.post("/Users", `{"userName":"bjensen"}`).is(201).has(true, "active")
		c.post("/Users", `{"userName":"jsmith","active":false}`).is(201).has(false, "active")
		assert.Equal(c, []string{"bjensen"}, c.matching(1, "/Users", `active eq true`).names())
	}},
	{"P-3.4.2.2-34", "MAY", "There are no further operators.", func(c *suite) {
		c.u1()
		refused(c, "/Users", `userName regex ".*"`, `userName in "a"`, `userName has "a"`)
	}},
	{"P-3.4.2.2-35", "MUST", "An unknown operator is an error that names it.", func(c *suite) {
		c.u1()
		assert.Contains(c, c.get(`/Users?filter=userName regex "b.*"`).fails(400, "invalidFilter").doc["detail"], "regex")
	}},
	{"P-3.4.2.2-36", "SHALL", "Case counts where the attribute says so.", func(c *suite) {
		c.u1()
		c.thing(`"strExact":"Abc","strCI":"Abcdef"`)
		found{{`userName eq "BJENSEN"`, 1}}.in(c, "/Users")
		found{
			{`strExact co "abc"`, 0}, {`strExact co "bc"`, 1}, {`strExact eq "Abc"`, 1}, {`strExact sw "a"`, 0}, {`strExact ew "C"`, 0}, {`strExact ne "abc"`, 1},
			{`strCI sw "ABC"`, 1}, {`strCI ew "DEF"`, 1}, {`strCI co "CDE"`, 1}, {`strCI ne "ABCDEF"`, 0},
		}.in(c, "/Things")
	}},
	{"P-3.4.2.2-37", "MAY", "schemas can be asked for.", func(c *suite) {
		c.employee() // and a manager without the extension
		found{{`schemas eq "$E"`, 1}, {`schemas eq "$U"`, 2}, {`schemas eq "$G"`, 0}}.in(c, "/Users")
	}},
	{"P-3.4.2.2-38", "DERIVED", "null is no value.", func(c *suite) {
		c.u1()
		found{{`title eq null`, 1}, {`title ne null`, 0}, {`nickName eq null`, 0}, {`nickName ne null`, 1}}.in(c, "/Users")
	}},
	{"P-3.4.2.2-39", "DERIVED", "Values are written as in JSON.", func(c *suite) {
		c.user(`{"userName":"bjensen","displayName":"a\"b\\c"}`)
		c.thing(`"dec":-1.25`)
		found{{`displayName eq "a\"b\\c"`, 1}, {`displayName eq "\u0061\"b\u005cc"`, 1}, {`displayName eq "a\"b\\d"`, 0}}.in(c, "/Users")
		found{{`dec gt -1.5e0`, 1}, {`dec eq -125E-2`, 1}, {`dec gt 1e-9`, 0}}.in(c, "/Things")
	}},
	{"P-3.4.2.2-40", "DERIVED", "A value of another type is an error, but for booleans in quotes.", func(c *suite) {
		c.user(`{"userName":"bjensen","active":true}`)
		refused(c, "/Users", `active eq "yes"`, `active co true`, `active eq 1`)
		refused(c, "/Things", `num co "1"`, `num eq "x"`, `when eq 5`, `when eq "yesterday"`)
		c.get(`/Users?filter=active eq "true"`).fails(400, "invalidFilter")
		c.tolerant().matching(1, "/Users", `active eq "true"`)
		c.tolerant().matching(0, "/Users", `active eq "False"`)
	}},
	{"P-3.4.2.2-41", "DERIVED", "Names may have the URN of their schema.", func(c *suite) {
		c.employee()
		u2 := c.matching(1, "/Users", `userName eq "jsmith"`).each("id", "Resources")[0]
		found{
			{`$U:userName sw "B"`, 1}, {`$E:department eq "D"`, 1}, {`$E:department eq "X"`, 0},
			{`$E:manager.value eq "` + u2 + `"`, 1}, {`$U:emails[type eq "work"]`, 1}, {`$E pr`, 1},
		}.in(c, "/Users")
	}},
	{"P-3.4.2.2-42", "DERIVED", "not may stand right before its parenthesis.", func(c *suite) {
		c.u1()
		c.user(`{"userName":"boss","title":"T"}`)
		for _, filter := range []string{`not(title pr)`, `not (title pr)`, `not  ( title pr )`} {
			assert.Equal(c, []string{"bjensen"}, c.matching(1, "/Users", filter).names(), filter)
		}
	}},
	{"P-3.4.2.2-43", "DERIVED", "A sub-attribute may stand behind brackets.", func(c *suite) {
		c.u1()
		for _, connection := range []*suite{c, c.tolerant()} {
			found{
				{`emails[type eq "work"].value eq "bjensen@example.com"`, 1}, {`emails[type eq "work" and value eq "bjensen@example.com"]`, 1},
				{`emails[type eq "home"].value eq "bjensen@example.com"`, 0},
			}.in(connection, "/Users")
		}
	}},
	{"P-3.4.2.2-44", "DERIVED", "Lists of simple values match by element.", func(c *suite) {
		c.thing(`"tags":["a","b"]`)
		found{{`tags eq "b"`, 1}, {`tags[value eq "b"]`, 1}, {`tags eq "c"`, 0}, {`tags[value eq "c"]`, 0}, {`tags pr`, 1}}.in(c, "/Things")
	}},
	{"P-3.4.2.2-45", "DERIVED", "Case folds in all of Unicode, and userName in any normal form.", func(c *suite) {
		c.user(`{"userName":"émile","displayName":"Émile"}`)
		found{
			{`displayName eq "éMILE"`, 1}, {`displayName sw "é"`, 1}, {`userName eq "émile"`, 1},
			{"userName eq \"e\u0301mile\"", 1}, {`userName eq "emile"`, 0},
		}.in(c, "/Users")
	}},
	{"P-3.4.2.2-46", "DERIVED", "A hostile filter is refused, and quickly.", func(c *suite) {
		c.u1()
		for _, filter := range []string{
			strings.Repeat("(", 10_000) + `userName pr` + strings.Repeat(")", 10_000),
			strings.Repeat("not (", 5_000) + `userName pr` + strings.Repeat(")", 5_000),
			`userName pr` + strings.Repeat(` or userName pr`, 5_000),
			`userName eq "` + strings.Repeat("x", 100_000) + `"`,
		} {
			begin := time.Now()
			c.search("/Users", `"filter":"`+strings.ReplaceAll(filter, `"`, `\"`)+`"`).fails(400, "invalidFilter")
			assert.Less(c, time.Since(begin), 5*time.Second)
		}
		deep := strings.Repeat("(", 10_000) + `userName pr` + strings.Repeat(")", 10_000)
		c.get("/Users?filter="+deep).fails(400, "invalidFilter")
		c.matching(1, "/Users", strings.Repeat("(", 10)+`userName pr`+strings.Repeat(")", 10))
	}},
	{"P-3.4.2.2-47", "DERIVED", "A value is a value, whatever it looks like.", func(c *suite) {
		c.u1()
		found{
			{`userName eq "a\" or 1 eq 1"`, 0}, {`userName eq "a' or '1'='1"`, 0}, {`userName eq "%"`, 0}, {`userName co "%"`, 0},
			{`userName co "_"`, 0}, {`userName sw "\u0000"`, 0}, {`userName eq "bjensen' --"`, 0},
		}.in(c, "/Users")
	}},
}
