package schema_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/schema"
)

// notes writes notes as "path: rule".
func notes(list []schema.Note) []string {
	var text []string
	for _, n := range list {
		text = append(text, n.Path+": "+n.Rule)
	}
	return text
}

const (
	invalidValue  = schema.ScimTypeInvalidValue
	invalidSyntax = schema.ScimTypeInvalidSyntax
)

// decodeTests say what becomes of a document, tolerantly and strictly. The strict
// reader gets "schemas" too. A result that begins with "!" is an error: the keyword
// of RFC 7644, table 9, and a part of the text.
var decodeTests = []struct {
	id       string // of a requirement or a quirk
	doc      string // of a Thing
	tolerant string // empty: as sent
	strict   string // empty: as the tolerant one
	notes    []string
}{
	{id: "S-1.2-01", doc: `{"str":{"value":"x"}}`, tolerant: `!invalidValue str: is a string, not an object`},

	// Names.
	{id: "S-2.1-02", doc: `{"NAME":"x1","One":{"MUST":"A"}}`, tolerant: `{"name":"x1","one":{"must":"A"}}`},
	{id: "case-insensitive", doc: `{"MANY":[{"STR":"a"}],"` + strings.ToUpper(schema.ThingExtURN) + `":{"STR":"b"}}`,
		tolerant: `{"many":[{"str":"a"}],"` + schema.ThingExtURN + `":{"str":"b"}}`},
	{id: "S-2.1-03", doc: `{"name":"a","NAME":"b"}`, tolerant: `!invalidSyntax name: is there twice`},
	{id: "S-2.1-03", doc: `{"name":"a","name":"a"}`, tolerant: `!invalidSyntax name: is there twice`},
	{id: "S-2.1-03", doc: `{"name":null,"NAME":null}`, tolerant: `!invalidSyntax name: is there twice`},
	{id: "S-2.1-03", doc: `{"ro":1,"RO":2}`, tolerant: `!invalidSyntax ro: is there twice`},
	{id: "S-2.1-03", doc: `{"schemas":["` + schema.ThingURN + `"],"Schemas":[]}`, tolerant: `!invalidSyntax schemas: is there twice`},
	{id: "S-2.1-03", doc: `{"one":{"str":"a","must":"x","STR":"b"}}`, tolerant: `!invalidSyntax one.str: is there twice`},
	{id: "S-2.1-03", doc: `{"many":[{"str":"a"},{"str":"a","Str":null}]}`, tolerant: `!invalidSyntax many.str: is there twice`},
	{id: "S-2.1-03", doc: `{"` + schema.ThingExtURN + `":{"str":"a","STR":"a"}}`, tolerant: `!invalidSyntax ` + schema.ThingExtURN + `:str: is there twice`},
	{id: "S-2.1-03", doc: `{"` + schema.ThingExtURN + `":{"str":"a"},"` + strings.ToUpper(schema.ThingExtURN) + `":{"num":1}}`,
		tolerant: `!invalidSyntax ` + schema.ThingExtURN + `: is there twice`},
	{id: "an escaped name", doc: `{"n\u0061me":"x"}`, tolerant: `{"name":"x"}`},

	// Strings.
	{id: "S-2.3.1-01", doc: `{"str":"x"}`},
	{id: "S-2.3.1-01", doc: `{"str":5}`, tolerant: `!invalidValue str: is a string, not a number`},
	{id: "S-2.3.1-01", doc: `{"str":-5}`, tolerant: `!invalidValue str: is a string, not a number`},
	{id: "S-2.3.1-01", doc: `{"str":true}`, tolerant: `!invalidValue str: is a string, not a boolean`},
	{id: "S-2.3.1-01", doc: `{"str":["x"]}`, tolerant: `!invalidValue str: is a string, not a list`},
	{id: "S-2.3.1-01", doc: `{"tags":["x",5]}`, tolerant: `!invalidValue tags: is a string, not a number`},
	{id: "S-2.3.1-04", doc: `{"str":"Zoë 😀 \"q\" \\ \n"}`},
	{id: "S-2.3.1-04", doc: `{"str":"\u00e9\ud83d\ude00\/\b\f\r\t\u0000"}`, tolerant: `{"str":"é😀/\b\f\r\t\u0000"}`},
	{id: "store-as-sent", doc: `{"str":"  leading, trailing  "}`},

	// Booleans.
	{id: "S-2.3.2-01", doc: `{"bool":true,"flags":[false]}`},
	{id: "string-booleans", doc: `{"bool":"True","flags":["FALSE"]}`, tolerant: `{"bool":true,"flags":[false]}`,
		strict: `!invalidValue bool: is a boolean, not a string`,
		notes:  []string{"bool: string taken as boolean", "flags: string taken as boolean"}},
	{id: "string-booleans", doc: `{"bool":"yes"}`, tolerant: `!invalidValue bool: is a boolean, not a string`},
	{id: "S-2.3.2-01", doc: `{"bool":1}`, tolerant: `!invalidValue bool: is a boolean, not a number`},
	{id: "S-2.3.2-01", doc: `{"bool":{}}`, tolerant: `!invalidValue bool: is a boolean, not an object`},

	// Numbers.
	{id: "S-2.3.3-01", doc: `{"dec":3.141592653589793}`},
	{id: "S-2.3.3-01", doc: `{"dec":-0.50e-3}`},
	{id: "S-2.3.3-01", doc: `{"dec":1}`},
	{id: "S-2.3.3-01", doc: `{"dec":123456789012345678901234567890.12345678901234567890}`},
	{id: "S-2.3.3-01", doc: `{"dec":1e400}`, tolerant: `!invalidValue dec: is too large for a decimal`},
	{id: "S-2.3.3-02", doc: `{"dec":"1.5"}`, tolerant: `!invalidValue dec: is a decimal, not a string`},
	{id: "S-2.3.3-02", doc: `{"dec":true}`, tolerant: `!invalidValue dec: is a decimal, not a boolean`},
	{id: "S-2.3.4-01", doc: `{"num":1.5}`, tolerant: `!invalidValue num: is an integer of at most 64 bits, without fraction or exponent`},
	{id: "S-2.3.4-01", doc: `{"num":1e3}`, tolerant: `!invalidValue num: is an integer`},
	{id: "S-2.3.4-01", doc: `{"num":5.0}`, tolerant: `!invalidValue num: is an integer`},
	{id: "S-2.3.4-01", doc: `{"num":"5"}`, tolerant: `!invalidValue num: is an integer, not a string`},
	{id: "S-2.3.4-02", doc: `{"num":9007199254740993}`},
	{id: "S-2.3.4-02", doc: `{"nums":[9223372036854775807,-9223372036854775808]}`},
	{id: "S-2.3.4-02", doc: `{"num":9223372036854775808}`, tolerant: `!invalidValue num: is an integer of at most 64 bits`},

	// Dates.
	{id: "S-2.3.5-01", doc: `{"when":"2008-01-23"}`, tolerant: `!invalidValue when: is not a dateTime`},
	{id: "S-2.3.5-01", doc: `{"when":"04:56:22Z"}`, tolerant: `!invalidValue when: is not a dateTime`},
	{id: "S-2.3.5-01", doc: `{"when":"2008-13-45T99:00:00Z"}`, tolerant: `!invalidValue when: is not a dateTime`},
	{id: "S-2.3.5-01", doc: `{"when":"2008-01-23 04:56:22Z"}`, tolerant: `!invalidValue when: is not a dateTime`},
	{id: "S-2.3.5-01", doc: `{"when":1201064182}`, tolerant: `!invalidValue when: is a dateTime, not a number`},
	{id: "S-2.3.5-02", doc: `{"when":"2008-01-23T04:56:22Z"}`},
	{id: "S-2.3.5-02", doc: `{"when":"2008-01-23T04:56:22.123456Z"}`},
	{id: "S-2.3.5-02", doc: `{"when":"2008-01-23T06:56:22+02:00"}`},
	{id: "S-2.3.5-02", doc: `{"when":"2008-01-23T04:56:22"}`},

	// Binary.
	{id: "S-2.3.6-01", doc: `{"bin":"!!!not base64!!!"}`, tolerant: `!invalidValue bin: is not base64`},
	{id: "S-2.3.6-01", doc: `{"bin":"TWFu"}`},
	{id: "S-2.3.6-01", doc: `{"bin":7}`, tolerant: `!invalidValue bin: is a binary, not a number`},
	{id: "S-2.3.6-02", doc: `{"bin":"-_-_"}`},
	{id: "S-2.3.6-03", doc: `{"bin":"TWE"}`},

	// References.
	{id: "S-2.3.7-01", doc: `{"link":"http://[bad"}`, tolerant: `!invalidValue link: is not a URI`},
	{id: "S-2.3.7-01", doc: `{"link":"/relative"}`},
	{id: "S-2.3.7-01", doc: `{"link":false}`, tolerant: `!invalidValue link: is a reference, not a boolean`},
	{id: "S-2.3.7-06", doc: `{"members":[{"value":"a"},{"value":"b","$ref":"https://e.com/Users/b"}]}`},
	{id: "a computed $ref is dropped", doc: `{"teams":[{"value":"a","$ref":"https://evil.example/a"}],"owner":{"$ref":null,"value":"u"}}`,
		tolerant: `{"owner":{"value":"u"},"teams":[{"value":"a"}]}`},

	// Complex attributes.
	{id: "S-2.3.8-01", doc: `{"one":{"must":"F","str":"G"},"name":"x","` + schema.ThingExtURN + `":{"num":1,"bool":true},"str":"y"}`,
		tolerant: `{"str":"y","name":"x","one":{"str":"G","must":"F"},"` + schema.ThingExtURN + `":{"bool":true,"num":1}}`},
	{id: "S-2.3.8-03", doc: `{"one":"Barbara"}`, tolerant: `!invalidValue one: is complex (a JSON object), not a string`},
	{id: "S-2.3.8-03", doc: `{"one":5}`, tolerant: `!invalidValue one: is complex (a JSON object), not a number`},
	{id: "every type below", doc: `{"one":{"str":"s","bool":true,"dec":1.5,"num":1,"when":"2008-01-23T04:56:22Z","bin":"TWFu","link":"/x","tags":["a","b"]}}`},
	{id: "every type below, wrong", doc: `{"one":{"num":1.5}}`, tolerant: `!invalidValue one.num: is an integer`},
	{id: "a list below, single", doc: `{"one":{"tags":"a"}}`, tolerant: `{"one":{"tags":["a"]}}`,
		strict: `!invalidValue one.tags: is a list, not a string`, notes: []string{"one.tags: single value taken as a list"}},

	// Lists.
	{id: "S-2.4-01", doc: `{"plural":["a@b.c"]}`, tolerant: `!invalidValue plural: is complex (a JSON object), not a string`},
	{id: "S-2.4-01", doc: `{"plural":[["a"]]}`, tolerant: `!invalidValue plural: is complex (a JSON object), not a list`},
	{id: "S-2.4-01", doc: `{"tags":[["a"]]}`, tolerant: `!invalidValue tags: is a string, not a list`},
	{id: "S-2.4-10", doc: `{"plural":{"value":"a@x"}}`, tolerant: `{"plural":[{"value":"a@x"}]}`,
		strict: `!invalidValue plural: is a list, not an object`, notes: []string{"plural: single value taken as a list"}},
	{id: "value-shape", doc: `{"tags":"a","nums":1,"flags":"true"}`, tolerant: `{"tags":["a"],"nums":[1],"flags":[true]}`,
		strict: `!invalidValue tags: is a list, not a string`,
		notes: []string{"tags: single value taken as a list", "nums: single value taken as a list",
			"flags: string taken as boolean", "flags: single value taken as a list"}},
	{id: "value-shape", doc: `{"plural":5}`, tolerant: `!invalidValue plural: is complex (a JSON object), not a number`,
		strict: `!invalidValue plural: is a list, not a number`},
	{id: "value-shape", doc: `{"str":[{"$ref":null,"VALUE":"x","type":"work"}]}`, tolerant: `{"str":"x"}`,
		strict: `!invalidValue str: is a string, not a list`, notes: []string{"str: list taken as a single value"}},
	{id: "value-shape", doc: `{"num":[{"value":7}],"bool":[{"value":"true"}]}`, tolerant: `{"bool":true,"num":7}`,
		strict: `!invalidValue num: is an integer, not a list`,
		notes:  []string{"num: list taken as a single value", "bool: string taken as boolean", "bool: list taken as a single value"}},
	{id: "value-shape", doc: `{"str":[{"value":"x","value":"y"}]}`, tolerant: `!invalidSyntax str: is there twice`,
		strict: `!invalidValue str: is a string, not a list`},
	{id: "value-shape", doc: `{"str":[{"value":"x"},{"value":"y"}]}`, tolerant: `!invalidValue str: is a string, not a list`},
	{id: "value-shape", doc: `{"str":[{"value":{}}]}`, tolerant: `!invalidValue str: is a string, not an object`, strict: `!invalidValue str: is a string, not a list`},
	{id: "value-shape", doc: `{"tags":[{"value":"a"},"b",{"$ref":null,"VALUE":"c"}],"nums":[{"value":1}]}`, tolerant: `{"tags":["a","b","c"],"nums":[1]}`,
		strict: `!invalidValue tags: is a string, not an object`,
		notes:  []string{`tags: object taken as its "value"`, `tags: object taken as its "value"`, `nums: object taken as its "value"`}},
	{id: "value-shape", doc: `{"tags":{"value":"a"}}`, tolerant: `{"tags":["a"]}`, strict: `!invalidValue tags: is a list, not an object`,
		notes: []string{`tags: object taken as its "value"`, "tags: single value taken as a list"}},
	{id: "value-shape", doc: `{"tags":[{"value":{"value":"a"}}]}`, tolerant: `!invalidValue tags: is a string, not an object`},
	{id: "value-shape", doc: `{"tags":[{"value":["a"]}]}`, tolerant: `!invalidValue tags: is a string, not a list`, strict: `!invalidValue tags: is a string, not an object`},
	{id: "value-shape", doc: `{"tags":[{"value":"a","value":"b"}]}`, tolerant: `!invalidSyntax tags: is there twice`, strict: `!invalidValue tags: is a string, not an object`},
	{id: "value-shape", doc: `{"one":[{"str":"x"}]}`, tolerant: `{"one":{"str":"x"}}`,
		strict: `!invalidValue one: is complex (a JSON object), not a list`, notes: []string{"one: list taken as a single value"}},
	{id: "value-shape", doc: `{"one":[{"str":"x"},{"str":"x"}]}`, tolerant: `!invalidValue one: is complex (a JSON object), not a list`},
	{id: "manager-shapes", doc: `{"owner":"u1"}`, tolerant: `{"owner":{"value":"u1"}}`,
		strict: `!invalidValue owner: is complex (a JSON object), not a string`, notes: []string{`owner: string taken as "value"`}},
	{id: "manager-shapes", doc: `{"owner":[{"$ref":"http://x/Users/u1","value":"u1"}]}`, tolerant: `{"owner":{"value":"u1"}}`,
		strict: `!invalidValue owner: is complex (a JSON object), not a list`, notes: []string{"owner: list taken as a single value"}},
	{id: "manager-shapes", doc: `{"owner":["u1"]}`, tolerant: `!invalidValue owner: is complex (a JSON object), not a list`},
	{id: "no member says who", doc: `{"members":[{},{"value":null}]}`, tolerant: `!invalidValue members.value: is missing in every element`},
	{id: "no member says who", doc: `{"teams":[{"$ref":"https://example.com/Teams/7"}]}`, tolerant: `!invalidValue teams.value: is missing in every element`},
	{id: "no member says who", doc: `{"members":[null]}`, tolerant: `!invalidValue members.value: is missing in every element`},
	{id: "no member says who", doc: `{"members":[{"value":""}]}`, tolerant: `!invalidValue members.value: is missing in every element`,
		strict: `{"members":[{"value":""}]}`},
	{id: "no member says who", doc: `{"members":{}}`, tolerant: `!invalidValue members.value: is missing in every element`,
		strict: `!invalidValue members: is a list, not an object`},
	{id: "nobody", doc: `{"members":[]}`, tolerant: `{}`},
	{id: "nobody", doc: `{"members":null}`, tolerant: `{}`},
	{id: "bare members", doc: `{"members":["a",{"value":"b"}]}`, tolerant: `{"members":[{"value":"a"},{"value":"b"}]}`,
		strict: `!invalidValue members: is complex (a JSON object), not a string`, notes: []string{`members: string taken as "value"`}},

	// S-2.4: duplicates, primary, canonical spelling.
	{id: "S-2.4-03", doc: `{"plural":[{"value":"a"},{"value":"b","primary":true},{"value":"c","primary":true}]}`,
		tolerant: `{"plural":[{"value":"a"},{"value":"b","primary":true},{"value":"c","primary":false}]}`,
		strict:   `!invalidValue plural: has more than one element with "primary": true`,
		notes:    []string{"plural: first of several primaries kept"}},
	{id: "S-2.4-03", doc: `{"plural":[{"primary":true},{"display":"x","primary":true},{"display":"x","primary":false}]}`, // the same, now
		tolerant: `{"plural":[{"primary":true},{"display":"x","primary":false}]}`, strict: `!invalidValue plural: has more than one`,
		notes: []string{"plural: first of several primaries kept"}},
	{id: "S-2.4-03", doc: `{"plural":[{"value":"a","primary":false},{"value":"b","primary":true},{"value":"c","primary":false}]}`},
	{id: "S-2.4-06", doc: `{"plural":[{"value":"a","type":"WORK"},{"value":"b","type":"Home"}]}`,
		tolerant: `{"plural":[{"value":"a","type":"work"},{"value":"b","type":"home"}]}`},
	{id: "S-2.4-06", doc: `{"canon":"ÜBUNG"}`, tolerant: `{"canon":"Übung"}`},
	{id: "S-7-07", doc: `{"canonExact":"a"}`},
	{id: "S-2.4-07", doc: `{"plural":[{"value":"a@x","type":"work"},{"value":"a@x","type":"home"}]}`},
	{id: "S-2.4-08", doc: `{"plural":[{"value":"a@x","type":"work","display":"1"},{"value":"A@X","type":"WORK","display":"2"}]}`,
		tolerant: `{"plural":[{"value":"a@x","display":"1","type":"work"}]}`, notes: []string{"plural: element that is there twice left out"}},
	{id: "S-2.4-08", doc: `{"tags":["a","b","A"],"nums":[1,2,1]}`, tolerant: `{"tags":["a","b"],"nums":[1,2]}`,
		notes: []string{"tags: element that is there twice left out", "nums: element that is there twice left out"}},
	{id: "S-2.4-08", doc: `{"many":[{"str":"a"},{"str":"A"},{"str":"a"}]}`, tolerant: `{"many":[{"str":"a"},{"str":"A"}]}`,
		notes: []string{"many: element that is there twice left out"}},
	{id: "S-2.4-08", doc: `{"one":{"tags":["a","b","A"],"must":"x"},"many":[{"tags":["a","a"]},{"str":"s","tags":["b"]}]}`,
		tolerant: `{"one":{"tags":["a","b"],"must":"x"},"many":[{"tags":["a"]},{"str":"s","tags":["b"]}]}`,
		notes:    []string{"one.tags: element that is there twice left out", "many.tags: element that is there twice left out"}},
	{id: "S-2.4-08", doc: `{"many":[{"tags":["a"]},{"tags":["a","A"]}]}`, tolerant: `{"many":[{"tags":["a"]}]}`, // the same, now
		notes: []string{"many.tags: element that is there twice left out", "many: element that is there twice left out"}},
	{id: "S-2.4-03", doc: `{"plural":[{"value":"a"},{"value":"b"},{"value":"A","primary":true}]}`, // the flag stays
		tolerant: `{"plural":[{"value":"a","primary":true},{"value":"b"}]}`, notes: []string{"plural: element that is there twice left out"}},
	{id: "S-2.4-03", doc: `{"plural":[{"value":"a"},{"value":"b","primary":true},{"value":"A","primary":true}]}`,
		tolerant: `{"plural":[{"value":"a"},{"value":"b","primary":true}]}`, notes: []string{"plural: element that is there twice left out"}},
	{id: "S-4.1.2-02", doc: `{"plural":[{"value":"a","type":"alias"}]}`},

	// Unassigned.
	{id: "S-2.5-01", doc: `{"str":null,"plural":[],"tags":null,"one":null,"name":"x"}`, tolerant: `{"name":"x"}`},
	{id: "S-2.5-01", doc: `{"tags":[null,"a",null],"plural":[null,{}]}`, tolerant: `{"tags":["a"]}`},
	{id: "S-2.5-01", doc: `{"str":[]}`, tolerant: `{}`, strict: `!invalidValue str: is a string, not a list`},
	{id: "S-2.5-04", doc: `{"one":{"str":null,"tags":[]},"many":[{"str":null}],"plural":[{"value":null},{}]}`, tolerant: `{}`},
	{id: "nulls-unknowns", doc: `{"one":{"must":"x","str":null,"num":null}}`, tolerant: `{"one":{"must":"x"}}`},
	{id: "clear-values", doc: `{"str":"","tags":["","a"],"owner":{"value":""},"plural":[{"value":"","type":"work"}]}`,
		tolerant: `{"tags":["a"],"plural":[{"type":"work"}]}`,
		strict:   `{"str":"","tags":["","a"],"plural":[{"value":"","type":"work"}],"owner":{"value":""}}`}, // AM-54
	{id: "clear-values", doc: `{"owner":""}`, tolerant: `{}`, strict: `!invalidValue owner: is complex (a JSON object), not a string`},
	{id: "clear-values", doc: `{"one":""}`, tolerant: `{}`, strict: `!invalidValue one: is complex (a JSON object), not a string`},
	{id: "clear-values", doc: `{"plural":""}`, tolerant: `{}`, strict: `!invalidValue plural: is a list, not a string`},
	{id: "clear-values", doc: `{"bool":""}`, tolerant: `{}`, strict: `!invalidValue bool: is a boolean, not a string`},
	{id: "clear-values", doc: `{"num":""}`, tolerant: `{}`, strict: `!invalidValue num: is an integer, not a string`},
	{id: "clear-values", doc: `{"when":""}`, tolerant: `{}`, strict: `!invalidValue when: is not a dateTime`},
	{id: "clear-values", doc: `{"bin":"","link":""}`, tolerant: `{}`, strict: `{"bin":"","link":""}`},

	// "schemas". The strict reader is tested below.
	{id: "S-3-04", doc: `{"schemas":["` + schema.ThingExtURN + `","` + schema.ThingURN + `"],"str":"x"}`, tolerant: `{"str":"x"}`},
	{id: "S-3-03", doc: `{"schemas":["` + schema.ThingURN + `","` + schema.ThingURN + `"],"str":"x"}`, tolerant: `{"str":"x"}`},
	{id: "S-3-07", doc: `{"schemas":["` + schema.ThingURN + `"],"` + schema.ThingExtURN + `":{"str":"x"}}`,
		tolerant: `{"` + schema.ThingExtURN + `":{"str":"x"}}`},
	{id: "schemas-lenient", doc: `{"schemas":["` + strings.ToUpper(schema.ThingURN) + `"],"str":"x"}`, tolerant: `{"str":"x"}`},
	{id: "schemas-lenient", doc: `{"schemas":["` + schema.ThingURN + `","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],"str":"x"}`,
		tolerant: `{"str":"x"}`, strict: `!invalidSyntax schemas: has a URI that is no schema of Thing`, notes: []string{"schemas: unknown URI ignored"}},

	// What the client has no say in.
	{id: "S-3.1-07", doc: `{"id":"mine","name":"x"}`, tolerant: `{"name":"x"}`},
	{id: "S-3.1-17", doc: `{"meta":{"created":"1999-01-01T00:00:00Z","resourceType":"Group","location":"http://evil"},"name":"x"}`, tolerant: `{"name":"x"}`},
	{id: "put-readonly-echo", doc: `{"id":{"a":[1,{"b":null}]},"meta":"garbage","ro":{"not":"a string"},"name":"x"}`, tolerant: `{"name":"x"}`},
	{id: "put-readonly-echo", doc: `{"one":{"must":"x","RO":[[[]]]},"` + schema.EnterpriseUserURN + `":{"manager":{"value":"m","displayName":7}}}`,
		tolerant: `{"one":{"must":"x"},"` + schema.EnterpriseUserURN + `":{"manager":{"value":"m"}}}`},
	{id: "S-4.3-02", doc: `{"` + schema.EnterpriseUserURN + `":{"manager":{"displayName":"Fake"}}}`, tolerant: `{}`},
	{id: "S-3.1-11", doc: `{"externalId":"Ext-1"}`},
	{id: "writeOnly is data like any other", doc: `{"wo":"x","never":"y"}`},

	// Unknown attributes.
	{id: "nulls-unknowns", doc: `{"adreses":[{"x":1}],"user_mobile":"1","name":"x"}`, tolerant: `{"name":"x"}`,
		strict: `!invalidSyntax adreses: is not an attribute of Thing`,
		notes:  []string{"adreses: unknown attribute ignored", "user_mobile: unknown attribute ignored"}},
	{id: "AM-38", doc: `{"one":{"must":"x","nope":{"a":[]}}}`, tolerant: `{"one":{"must":"x"}}`,
		strict: `!invalidSyntax one.nope: is not a sub-attribute of one`, notes: []string{"one.nope: unknown attribute ignored"}},
	{id: "AM-38", doc: `{"` + schema.ThingExtURN + `":{"nope":1,"str":"x"}}`, tolerant: `{"` + schema.ThingExtURN + `":{"str":"x"}}`,
		strict: `!invalidSyntax ` + schema.ThingExtURN + `:nope: is not an attribute of Thing`, notes: []string{schema.ThingExtURN + ":nope: unknown attribute ignored"}},
	{id: "unknown twice is still unknown", doc: `{"nope":1,"NOPE":2}`, tolerant: `{}`, strict: `!invalidSyntax nope: is not`,
		notes: []string{"nope: unknown attribute ignored", "NOPE: unknown attribute ignored"}},
	{id: "AM-47", doc: `{"department":"x"}`, tolerant: `{}`, strict: `!invalidSyntax department: is not`, notes: []string{"department: unknown attribute ignored"}},

	// Extensions.
	{id: "S-3.3-04", doc: `{"` + schema.EnterpriseUserURN + `":{"employeeNumber":"7"}}`},
	{id: "S-3.3-05", doc: `{"` + strings.ToUpper(schema.EnterpriseUserURN) + `":{"department":"D"}}`, tolerant: `{"` + schema.EnterpriseUserURN + `":{"department":"D"}}`},
	{id: "an unknown extension", doc: `{"urn:okta:app:2.0:user:custom":{"costCenter":"R&D"}}`, tolerant: `{}`,
		strict: `!invalidSyntax urn:okta:app:2.0:user:custom: is not an attribute of Thing`, notes: []string{"urn:okta:app:2.0:user:custom: unknown attribute ignored"}},
	{id: "null for an extension", doc: `{"` + schema.EnterpriseUserURN + `":null}`, tolerant: `{}`},
	{id: "an empty extension", doc: `{"` + schema.EnterpriseUserURN + `":{}}`, tolerant: `{}`},
	{id: "an extension of nulls", doc: `{"` + schema.EnterpriseUserURN + `":{"department":null}}`, tolerant: `{}`},
	{id: "a list for an extension", doc: `{"` + schema.EnterpriseUserURN + `":[{"department":"D"}]}`,
		tolerant: `!invalidValue ` + schema.EnterpriseUserURN + `: is an object with the extension's attributes, not a list`},
	{id: "a string for an extension", doc: `{"` + schema.EnterpriseUserURN + `":"x"}`, tolerant: `!invalidValue ` + schema.EnterpriseUserURN + `: is an object`},
	{id: "the base schema as a key", doc: `{"` + schema.ThingURN + `":{"str":"x"}}`, tolerant: `{}`,
		strict: `!invalidSyntax ` + schema.ThingURN + `: is not`, notes: []string{schema.ThingURN + ": unknown attribute ignored"}},

	// Open extensions.
	{id: "any type as a string", doc: `{"` + schema.MetadataURN + `":{"s":"x","t":true,"n":-1.50,"o":{"a" : [1, null]},"l":[ "x" ],"z":null}}`,
		tolerant: `{"` + schema.MetadataURN + `":{"l":"[\"x\"]","n":"-1.50","o":"{\"a\":[1,null]}","s":"x","t":"true"}}`,
		notes: []string{schema.MetadataURN + ":t: value taken as a string", schema.MetadataURN + ":n: value taken as a string",
			schema.MetadataURN + ":o: value taken as a string", schema.MetadataURN + ":l: value taken as a string"}},
	{id: "nothing in an open extension", doc: `{"` + schema.MetadataURN + `":{"a":null,"b":[ ],"c":{},"d":""}}`, tolerant: `{}`,
		strict: `{"` + schema.MetadataURN + `":{"d":""}}`},
	{id: "in the order of keys", doc: `{"` + schema.MetadataURN + `":{"b":"2","A":"1","ab":"3","a.b":"4","box":{"str":"x"},"known":5}}`,
		tolerant: `{"` + schema.MetadataURN + `":{"known":5,"box":{"str":"x"},"A":"1","a.b":"4","ab":"3","b":"2"}}`},
	{id: "S-2.1-03", doc: `{"` + schema.MetadataURN + `":{"key":"1","b":"x","KEY":"1"}}`, tolerant: `!invalidSyntax ` + schema.MetadataURN + `:KEY: is there twice`},
	{id: "only ASCII is folded", doc: `{"` + schema.MetadataURN + `":{"ä":"1","Ä":"2"}}`, tolerant: `{"` + schema.MetadataURN + `":{"Ä":"2","ä":"1"}}`},
	{id: "a key in escapes", doc: `{"` + schema.MetadataURN + `":{"a\"\u0000\n":"x"}}`},
	{id: "a declared name in another case", doc: `{"` + schema.MetadataURN + `":{"KNOWN":1}}`, tolerant: `{"` + schema.MetadataURN + `":{"known":1}}`},
	{id: "a declared name of the wrong type", doc: `{"` + schema.MetadataURN + `":{"known":"1"}}`, tolerant: `!invalidValue ` + schema.MetadataURN + `:known: is an integer, not a string`},
	{id: "no key", doc: `{"` + schema.MetadataURN + `":{"":"x"}}`, tolerant: `!invalidValue ` + schema.MetadataURN + `: has a key that is empty or longer than 1024 bytes`},
	{id: "the longest key", doc: `{"` + schema.MetadataURN + `":{"` + strings.Repeat("k", schema.MaxName) + `":"x"}}`},
	{id: "a longer key", doc: `{"` + schema.MetadataURN + `":{"` + strings.Repeat("k", schema.MaxName+1) + `":"x"}}`, tolerant: `!invalidValue ` + schema.MetadataURN + `: has a key that is`},
	{id: "open with another type", doc: `{"` + schema.CountersURN + `":{"b":[2,1],"a":[3]}}`, tolerant: `{"` + schema.CountersURN + `":{"a":[3],"b":[2,1]}}`},
	{id: "open with another type, wrong", doc: `{"` + schema.CountersURN + `":{"b":["x"]}}`, tolerant: `!invalidValue ` + schema.CountersURN + `:b: is an integer, not a string`},
	{id: "open with another type, single", doc: `{"` + schema.CountersURN + `":{"b":2}}`, tolerant: `{"` + schema.CountersURN + `":{"b":[2]}}`,
		strict: `!invalidValue ` + schema.CountersURN + `:b: is a list, not a number`, notes: []string{schema.CountersURN + ":b: single value taken as a list"}},
	{id: "twice in an open list", doc: `{"` + schema.CountersURN + `":{"b":[2,2]}}`, tolerant: `{"` + schema.CountersURN + `":{"b":[2]}}`,
		notes: []string{schema.CountersURN + ":b: element that is there twice left out"}},

	// Keys that are paths (quirk dotted-urn-keys).
	{id: "dotted-urn-keys", doc: `{"one.str":"x","ONE.must":"y"}`, tolerant: `{"one":{"str":"x","must":"y"}}`,
		strict: `!invalidSyntax one.str: is not an attribute of Thing`, notes: []string{"one.str: key taken as a path", "ONE.must: key taken as a path"}},
	{id: "dotted-urn-keys", doc: `{"one.str":"x","one":{"must":"y"}}`, tolerant: `{"one":{"str":"x","must":"y"}}`,
		strict: `!invalidSyntax one.str: is not`, notes: []string{"one.str: key taken as a path"}},
	{id: "dotted-urn-keys", doc: `{"` + schema.ThingURN + `:name":"x","` + schema.ThingURN + `.str":"y"}`, tolerant: `{"str":"y","name":"x"}`,
		strict: `!invalidSyntax`, notes: []string{schema.ThingURN + ":name: key taken as a path", schema.ThingURN + ".str: key taken as a path"}},
	{id: "dotted-urn-keys", doc: `{"` + schema.EnterpriseUserURN + `:manager":"u1","` + schema.EnterpriseUserURN + `":{"department":"D"},"` + schema.EnterpriseUserURN + `:costCenter":"C"}`,
		tolerant: `{"` + schema.EnterpriseUserURN + `":{"costCenter":"C","department":"D","manager":{"value":"u1"}}}`, strict: `!invalidSyntax`,
		notes: []string{schema.EnterpriseUserURN + ":manager: key taken as a path", schema.EnterpriseUserURN + `:manager: string taken as "value"`,
			schema.EnterpriseUserURN + ":costCenter: key taken as a path"}},
	{id: "dotted-urn-keys", doc: `{"` + schema.EnterpriseUserURN + `":{"manager.value":"u1"}}`, tolerant: `{"` + schema.EnterpriseUserURN + `":{"manager":{"value":"u1"}}}`,
		strict: `!invalidSyntax`, notes: []string{schema.EnterpriseUserURN + ":manager.value: key taken as a path"}},
	{id: "dotted-urn-keys", doc: `{"` + schema.MetadataURN + `:key":{"x":1},"` + schema.MetadataURN + `":{"box.str":"x","a.b":"y"}}`,
		tolerant: `{"` + schema.MetadataURN + `":{"box":{"str":"x"},"a.b":"y","key":"{\"x\":1}"}}`, strict: `!invalidSyntax`,
		notes: []string{schema.MetadataURN + ":key: key taken as a path", schema.MetadataURN + ":key: value taken as a string", schema.MetadataURN + ":box.str: key taken as a path"}},
	{id: "dotted-urn-keys", doc: `{"one.str":null,"one.tags":[],"one.must":""}`, tolerant: `{}`, strict: `!invalidSyntax`,
		notes: []string{"one.str: key taken as a path", "one.tags: key taken as a path", "one.must: key taken as a path"}},
	{id: "dotted-urn-keys", doc: `{"one.ro":[],"meta.created":{},"owner.$ref":5,"` + schema.ThingURN + `:id":"x"}`, tolerant: `{}`, strict: `!invalidSyntax`,
		notes: []string{"one.ro: key taken as a path", "meta.created: key taken as a path", "owner.$ref: key taken as a path", schema.ThingURN + ":id: key taken as a path"}},
	{id: "S-2.1-03", doc: `{"one.str":"x","one":{"STR":"y"}}`, tolerant: `!invalidSyntax one.str: is there twice`, strict: `!invalidSyntax`},
	{id: "S-2.1-03", doc: `{"one.str":"x","one.STR":"y"}`, tolerant: `!invalidSyntax one.str: is there twice`, strict: `!invalidSyntax`},
	{id: "S-2.1-03", doc: `{"one.str":null,"one.STR":"y"}`, tolerant: `!invalidSyntax one.str: is there twice`, strict: `!invalidSyntax`},
	{id: "S-2.1-03", doc: `{"name":"x","` + schema.ThingURN + `:name":"y"}`, tolerant: `!invalidSyntax name: is there twice`, strict: `!invalidSyntax`},
	{id: "S-2.1-03", doc: `{"` + schema.MetadataURN + `:key":"x","` + schema.MetadataURN + `":{"Key":"y"}}`, tolerant: `!invalidSyntax ` + schema.MetadataURN + `:`, strict: `!invalidSyntax`},
	{id: "wrong below a path", doc: `{"one.num":"x"}`, tolerant: `!invalidValue one.num: is an integer, not a string`, strict: `!invalidSyntax`},
	{id: "below a list there is no path", doc: `{"plural.value":"x"}`, tolerant: `{}`, strict: `!invalidSyntax`, notes: []string{"plural.value: unknown attribute ignored"}},
	{id: "schemas by a path", doc: `{"` + schema.ThingURN + `:schemas":["x"]}`, tolerant: `{}`, strict: `!invalidSyntax`, notes: []string{schema.ThingURN + ":schemas: unknown attribute ignored"}},
}

func TestDecode(t *testing.T) {
	typ := schema.ThingType()
	for _, tt := range decodeTests {
		t.Run(tt.id, func(t *testing.T) {
			if tt.tolerant == "" {
				tt.tolerant = tt.doc
			}
			if tt.strict == "" {
				tt.strict = tt.tolerant
			}
			d, err := schema.Decode(typ, []byte(tt.doc), schema.Decoding{})
			checkDecoded(t, tt.doc, tt.tolerant, d, err)
			if err == nil {
				assert.Equal(t, tt.notes, notes(d.Notes), tt.doc)
			}

			doc := tt.doc
			if !strings.Contains(strings.ToLower(doc), `"schemas":`) {
				doc = `{"schemas":["` + schema.ThingURN + `"],` + doc[1:]
				doc = strings.Replace(doc, ",}", "}", 1)
			}
			d, err = schema.Decode(typ, []byte(doc), schema.StrictDecoding())
			checkDecoded(t, doc, tt.strict, d, err)
			assert.Empty(t, strictNotes(d.Notes), "a strict reader takes nothing as something else")
		})
	}
}

// strictNotes leaves out what is no tolerance: a list is a set, and an open
// extension of strings takes any value.
func strictNotes(list []schema.Note) (others []schema.Note) {
	for _, n := range list {
		if n.Rule != "element that is there twice left out" && n.Rule != "value taken as a string" {
			others = append(others, n)
		}
	}
	return others
}

func checkDecoded(t *testing.T, doc, want string, d schema.Decoded, err error) {
	t.Helper()
	if text, ok := strings.CutPrefix(want, "!"); ok {
		keyword, msg, _ := strings.Cut(text, " ")
		assertError(t, err, schema.ScimType(keyword), msg, doc)
		assert.Nil(t, d.Resource)
		return
	}
	require.NoError(t, err, doc)
	require.NoError(t, schema.CheckResource(d.Resource), doc)
	if diff := cmp.Diff(want, schema.Full(d.Resource)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", doc, diff)
	}
}

// TestDecodeSyntax: what is no JSON object in UTF-8, whatever the reader tolerates.
func TestDecodeSyntax(t *testing.T) {
	deep := func(open, end string, n int) string { return strings.Repeat(open, n) + strings.Repeat(end, n) }
	tests := []struct{ name, doc, want string }{
		{"nothing", ``, "The document is empty."},
		{"blanks", " \n", "The document is empty."},
		{"null", `null`, "A JSON object is expected."},
		{"a list", `[{}]`, "A JSON object is expected."},
		{"a string", `"x"`, "A JSON object is expected."},
		{"no JSON", `x`, "not valid JSON in UTF-8 near byte 0"},
		{"XML", `<user/>`, "near byte 0"},
		{"a byte order mark", "\ufeff{}", "near byte 0"},
		{"cut off", `{"name":"x"`, "near byte 11"},
		{"cut off in a string", `{"name":"x`, "not valid JSON"},
		{"cut off in a list", `{"tags":["x"`, "not valid JSON"},
		{"cut off in an object", `{"one":{"str":"x"`, "not valid JSON"},
		{"cut off in what is skipped", `{"nope":[{"a":1`, "not valid JSON"},
		{"cut off behind a name", `{"name":`, "not valid JSON"},
		{"cut off behind a comma", `{"name":"x",`, "not valid JSON"},
		{"something follows", `{"name":"x"} x`, "Something follows the JSON value."},
		{"two objects", `{}{}`, "Something follows the JSON value."},
		{"single quotes", `{'name':'x'}`, "near byte 1"},
		{"a comma too many", `{"name":"x",}`, "near byte 12"},
		{"a comma too many in a list", `{"tags":["x",]}`, "near byte 13"},
		{"a comma first", `{,"name":"x"}`, "near byte 1"},
		{"a comma missing", `{"name":"x" "str":"y"}`, "near byte 12"},
		{"a colon missing", `{"name" "x"}`, "near byte 8"},
		{"the wrong bracket", `{"tags":["x"}`, "near byte 12"},
		{"the wrong bracket in what is skipped", `{"nope":[1}}`, "near byte 10"},
		{"a name that is a number", `{1:2}`, "near byte 1"},
		{"a value missing", `{"name":}`, "near byte 8"},
		{"a literal", `{"bool":True}`, "near byte 8"},
		{"a literal that is cut off", `{"bool":tru}`, "near byte 8"},
		{"a number with a plus", `{"num":+1}`, "near byte 7"},
		{"a number with a zero first", `{"num":01}`, "near byte 7"},
		{"a number with nothing behind the point", `{"dec":1.}`, "near byte 7"},
		{"a number in hex", `{"num":0x10}`, "near byte 7"},
		{"NaN", `{"dec":NaN}`, "near byte 7"},
		{"a comment", `{/* */"name":"x"}`, "near byte 1"},
		{"a control character in a string", "{\"name\":\"a\nb\"}", "near byte 10"},
		{"a control character in what is skipped", "{\"nope\":\"a\tb\"}", "near byte 10"},
		{"an escape that is none", `{"name":"\x41"}`, "not valid JSON"},
		{"an escape that is none in what is skipped", `{"nope":"\x41"}`, "not valid JSON"},
		{"an escape that is none in a name", `{"\x":1}`, "not valid JSON"},
		{"an escape that is cut off", `{"name":"\u00"}`, "not valid JSON"},
		{"a lone high surrogate", `{"name":"\ud800"}`, "not valid JSON"},
		{"a lone low surrogate", `{"name":"\udc00x"}`, "not valid JSON"},
		{"surrogates the wrong way round", `{"name":"\udc00\ud800"}`, "not valid JSON"},
		{"a lone surrogate in a name", `{"\ud800":1}`, "not valid JSON"},
		{"a lone surrogate in what is skipped", `{"id":"\ud800"}`, "not valid JSON"},
		{"a lone surrogate in the password", `{"password":"\ud800"}`, "not valid JSON"},
		{"bad UTF-8", "{\"name\":\"a\xffb\"}", "in UTF-8 near byte 10"},
		{"bad UTF-8 in a name", "{\"\xff\":1}", "in UTF-8 near byte 2"},
		{"an overlong form", "{\"name\":\"\xc0\xaf\"}", "in UTF-8 near byte 9"},
		{"a surrogate in UTF-8", "{\"name\":\"\xed\xa0\x80\"}", "in UTF-8 near byte 9"},
		{"deep lists", `{"nope":` + deep("[", "]", 100_000) + `}`, "The document is nested too deep."},
		{"deep objects", `{"nope":` + deep(`{"a":`, `}`, 100_000) + `}`, "The document is nested too deep."},
		{"deep below an attribute", `{"str":` + deep("[", "]", 100_000) + `}`, "str: is a string, not a list"},
		{"deep in a readOnly attribute", `{"id":` + deep("[", "]", 100_000) + `}`, "nested too deep"},
		{"deep in an open extension", `{"` + schema.MetadataURN + `":{"k":` + deep("[", "]", 100_000) + `}}`, "nested too deep"},
		{"the document itself", deep("[", "]", 100_000), "A JSON object is expected."},
		{"just too deep", `{"nope":` + deep("[", "]", schema.MaxDepth) + `}`, "nested too deep"},
	}
	user := schema.MustCompile(schema.TypeConfig{Name: "User", Schema: schema.User()})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			typ := schema.ThingType()
			if strings.Contains(tt.doc, "password") {
				typ = user
			}
			for _, o := range []schema.Decoding{{}, {KeepEmptyStrings: true}} {
				_, err := schema.Decode(typ, []byte(tt.doc), o)
				keyword := invalidSyntax
				if strings.Contains(tt.want, ": is") {
					keyword = invalidValue
				}
				assertError(t, err, keyword, tt.want)
			}
		})
	}
	// On the other side of the limit.
	d, err := schema.Decode(schema.ThingType(), []byte(`{"nope":`+deep("[", "]", schema.MaxDepth-1)+`}`), schema.Decoding{})
	require.NoError(t, err)
	assert.Len(t, d.Notes, 1)
}

// TestDecodeSchemas: the strict reader of S-3 and S-3.3.
func TestDecodeSchemas(t *testing.T) {
	tests := []struct{ id, schemas, strict string }{
		{"S-3.3-01", `["` + schema.UserURN + `"]`, ""},
		{"S-3.3-02", `["` + schema.UserURN + `","` + schema.EnterpriseUserURN + `"]`, ""},
		{"S-3-01", `[]`, "schemas: lacks " + schema.UserURN},
		{"S-3-01", `null`, "schemas: is a list of URIs, not null"},
		{"S-3-01", ``, "schemas: lacks " + schema.UserURN},
		{"S-3.3-01", `["` + schema.EnterpriseUserURN + `"]`, "schemas: lacks " + schema.UserURN},
		{"S-3-02", `["` + schema.UserURN + `","urn:x"]`, "schemas: has a URI that is no schema of User"},
		{"schemas-lenient", `"` + schema.UserURN + `"`, "schemas: is a list of URIs, not a string"},
		{"schemas-lenient", `["` + schema.UserURN + `",5]`, "schemas: is a list of URIs, not of a number"},
		{"schemas-lenient", `["` + schema.UserURN + `",["x"],null]`, "schemas: is a list of URIs, not of a list"},
		{"schemas-lenient", `{"a":[1]}`, "schemas: is a list of URIs, not an object"},
		{"schemas-lenient", `["urn:scim:schemas:core:1.0"]`, "schemas: has a URI that is no schema of User"},
	}
	typ := schema.UserType()
	for _, tt := range tests {
		doc := `{"schemas":` + tt.schemas + `,"userName":"x"}`
		if tt.schemas == "" {
			doc = `{"userName":"x"}`
		}
		d, err := schema.Decode(typ, []byte(doc), schema.Decoding{})
		require.NoError(t, err, doc)
		assert.Equal(t, []string{schema.UserURN}, d.Resource.Schemas(), doc)
		_, err = schema.Decode(typ, []byte(doc), schema.StrictDecoding())
		if tt.strict == "" {
			assert.NoError(t, err, doc)
			assert.Empty(t, d.Notes, doc)
			continue
		}
		assertError(t, err, invalidSyntax, tt.strict, doc)
	}
	_, err := schema.Decode(typ, []byte(`{"schemas":["`+schema.UserURN), schema.Decoding{})
	assertError(t, err, invalidSyntax, "not valid JSON")
}

// TestDecoding turns on one field after the other: it refuses what its comment says,
// and nothing else.
func TestDecoding(t *testing.T) {
	docs := map[string]string{
		"RefuseStringBooleans": `{"bool":"true"}`,
		"RefuseShapes":         `{"plural":{"value":"x"}}`,
		"RefuseUnknown":        `{"nope":1}`,
		"RefuseSchemas":        `{"schemas":[]}`,
		"RefuseDottedKeys":     `{"one.str":"x"}`,
		"RefuseTwoPrimaries":   `{"plural":[{"value":"a","primary":true},{"value":"b","primary":true}]}`,
		"RefuseNonCanonical":   `{"canon":"c"}`,
		"KeepEmptyStrings":     `{"bool":""}`,
	}
	options := map[string]schema.Decoding{
		"RefuseStringBooleans": {RefuseStringBooleans: true},
		"RefuseShapes":         {RefuseShapes: true},
		"RefuseUnknown":        {RefuseUnknown: true},
		"RefuseSchemas":        {RefuseSchemas: true},
		"RefuseDottedKeys":     {RefuseDottedKeys: true, RefuseUnknown: true},
		"RefuseTwoPrimaries":   {RefuseTwoPrimaries: true},
		"RefuseNonCanonical":   {RefuseNonCanonical: true},
		"KeepEmptyStrings":     {KeepEmptyStrings: true},
	}
	typ := schema.ThingType()
	for field, o := range options {
		for about, doc := range docs {
			if about != "RefuseSchemas" {
				doc = `{"schemas":["` + schema.ThingURN + `"],` + doc[1:]
			}
			_, err := schema.Decode(typ, []byte(doc), o)
			refused := field == about || field == "RefuseDottedKeys" && about == "RefuseUnknown"
			assert.Equal(t, refused, err != nil, "%s of %s: %v", field, doc, err)
			_, err = schema.Decode(typ, []byte(doc), schema.Decoding{})
			assert.NoError(t, err, doc)
		}
	}
	// A dotted key is an unknown attribute then.
	d, err := schema.Decode(typ, []byte(docs["RefuseDottedKeys"]), schema.Decoding{RefuseDottedKeys: true})
	require.NoError(t, err)
	assert.Equal(t, "{}", schema.Full(d.Resource))
	assert.Equal(t, []string{"one.str: unknown attribute ignored"}, notes(d.Notes))

	// What strict adds and what it leaves (S-2.3.1-03).
	strict := schema.StrictDecoding()
	assert.False(t, strict.RefuseNonCanonical)
	assert.False(t, strict.RefusePasswords)
	strict.RefuseNonCanonical, strict.RefusePasswords = true, true
	_, err = schema.Decode(typ, []byte(`{"schemas":["`+schema.ThingURN+`"],"canon":"c"}`), strict)
	assertError(t, err, invalidValue, "canon: is one of a, b, Übung")
	assert.Equal(t, schema.Decoding{true, true, true, true, true, true, true, true, true}, strict)
}

func TestDecodeHas(t *testing.T) {
	typ := schema.ThingType()
	d, err := schema.Decode(typ, []byte(`{"NAME":"x","str":null,"tags":[],"owner.value":"u","`+schema.ThingExtURN+`":{"num":1}}`), schema.Decoding{})
	require.NoError(t, err)
	var has []string
	for _, a := range typ.Attrs() {
		if d.Has(a) {
			has = append(has, a.Path())
		}
	}
	assert.Equal(t, []string{"str", "tags", "name", "owner", schema.ThingExtURN + ":num"}, has)
	other, _ := schema.UserType().Attr(schema.EnterpriseUserURN + ":manager")
	assert.NotPanics(t, func() { d.Has(other); schema.Decoded{}.Has(other) })
}

// TestDecodePassword: a password is split off, and can't be seen anywhere (S-9.2-01,
// S-4.1.1-12, quirk password).
func TestDecodePassword(t *testing.T) {
	const secret = "t1meMa$heen"
	typ := schema.UserType()
	for _, doc := range []string{
		`{"userName":"x","password":"` + secret + `"}`,
		`{"PASSWORD":"` + secret + `","userName":"x"}`,
		`{"userName":"x","password":"t1meMa\u0024heen"}`,
		`{"userName":"x","` + schema.UserURN + `:password":"` + secret + `"}`,
	} {
		d, err := schema.Decode(typ, []byte(doc), schema.Decoding{})
		require.NoError(t, err)
		require.True(t, d.Password.IsSet())
		require.Equal(t, secret, d.Password.Reveal())
		assert.True(t, d.Resource.Get("password").IsZero())
		checkRedacted(t, secret, d)
	}
	for _, doc := range []string{`{"userName":"x","password":"` + secret + `"}`, `{"Password":null}`, `{"` + schema.UserURN + `:password":5}`} {
		_, err := schema.Decode(typ, []byte(doc), schema.Decoding{RefusePasswords: true})
		assertError(t, err, invalidSyntax, "password: is not supported", doc)
	}
	for _, doc := range []string{`{"userName":"x"}`, `{"password":null}`, `{"password":""}`} {
		for _, o := range []schema.Decoding{{}, {KeepEmptyStrings: true}} {
			d, err := schema.Decode(typ, []byte(doc), o)
			require.NoError(t, err)
			assert.False(t, d.Password.IsSet(), doc)
			assert.Empty(t, d.Password.Reveal())
		}
	}
	for _, doc := range []string{
		`{"password":["` + secret + `"]}`,
		`{"password":{"value":"` + secret + `"}}`,
		`{"password":"` + secret + `","PASSWORD":"` + secret + `"}`,
		`{"password":"` + secret + `","` + schema.UserURN + `:password":"x"}`,
		`{"password":"` + secret + `","active":5}`,
		`{"password":"` + secret + `\x"}`,
	} {
		d, err := schema.Decode(typ, []byte(doc), schema.Decoding{})
		require.Error(t, err, doc)
		assert.NotContains(t, err.Error(), secret)
		checkRedacted(t, secret, d)
	}
	// A type without a password has none, and "password" is an unknown attribute.
	d, err := schema.Decode(schema.GroupType(), []byte(`{"password":"x"}`), schema.Decoding{})
	require.NoError(t, err)
	assert.False(t, d.Password.IsSet())
}

// checkRedacted prints d in every way there is.
func checkRedacted(t *testing.T, secret string, d schema.Decoded) {
	t.Helper()
	type holder struct {
		Decoded schema.Decoded
		hidden  schema.Secret
	}
	h := holder{d, d.Password}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%t"} {
		assert.NotContains(t, fmt.Sprintf(verb, d), secret, verb)
		assert.NotContains(t, fmt.Sprintf(verb, d.Password), secret, verb)
		assert.NotContains(t, fmt.Sprintf(verb, &d.Password), secret, verb)
		assert.NotContains(t, fmt.Sprintf(verb, []any{h}), secret, verb)
		assert.NotContains(t, fmt.Sprintf(verb, d.Password), fmt.Sprintf("%x", secret), verb)
	}
	assert.NotContains(t, fmt.Sprint(notes(d.Notes)), secret)
	text, err := json.Marshal(h)
	require.NoError(t, err)
	assert.NotContains(t, string(text), secret)
	assert.NotContains(t, fmt.Sprint(d.Resource), secret)

	var log bytes.Buffer
	for _, l := range []*slog.Logger{slog.New(slog.NewTextHandler(&log, nil)), slog.New(slog.NewJSONHandler(&log, nil))} {
		l.Info("decoded", "decoded", d, "password", d.Password, "holder", h, slog.Group("g", "password", d.Password))
	}
	assert.NotContains(t, log.String(), secret)
	if d.Password.IsSet() {
		assert.Contains(t, log.String(), "[redacted]")
	}
}

func TestSecret(t *testing.T) {
	s := schema.NewSecret("x")
	assert.Equal(t, "[redacted]", s.String())
	assert.Equal(t, "[redacted]", s.GoString())
	assert.Equal(t, "[redacted]", fmt.Sprintf("%#v", s))
	assert.Equal(t, "[redacted]", s.LogValue().String())
	text, err := json.Marshal(s)
	require.NoError(t, err)
	assert.Equal(t, `"[redacted]"`, string(text))
	assert.False(t, schema.Secret{}.IsSet())
	assert.True(t, schema.NewSecret("").IsSet())
}

// TestDecodeKeepsNothing: the document may be overwritten afterwards.
func TestDecodeKeepsNothing(t *testing.T) {
	doc := []byte(`{"userName":"bjensen","password":"secret","nope":1,"emails":[{"value":"a@b"}],"name":{"familyName":"J","givenName":"B"}}`)
	d, err := schema.Decode(schema.UserType(), doc, schema.Decoding{})
	require.NoError(t, err)
	want := d.Resource.String()
	for i := range doc {
		doc[i] = 'x'
	}
	assert.Equal(t, want, d.Resource.String())
	assert.Equal(t, "secret", d.Password.Reveal())
	assert.Equal(t, "nope", d.Notes[0].Path)
}

// TestDecodeClips: names that a client made up do not fill errors and notes.
func TestDecodeClips(t *testing.T) {
	long := strings.Repeat("ä", 5000)
	typ := schema.ThingType()
	d, err := schema.Decode(typ, []byte(`{"`+long+`":1,"one":{"`+long+`":1},"`+schema.ThingExtURN+`":{"`+long+`":1}}`), schema.Decoding{})
	require.NoError(t, err)
	require.Len(t, d.Notes, 3)
	for _, n := range d.Notes {
		assert.Less(t, len(n.Path), 300)
		assert.True(t, strings.HasSuffix(n.Path, "ä…"), n.Path)
	}
	_, err = schema.Decode(typ, []byte(`{"`+long+`":1}`), schema.Decoding{RefuseUnknown: true})
	require.Error(t, err)
	assert.Less(t, len(err.Error()), 300)
	key := strings.Repeat("k", schema.MaxName)
	_, err = schema.Decode(typ, []byte(`{"`+schema.MetadataURN+`":{"`+key+`":1,"`+strings.ToUpper(key)+`":2}}`), schema.Decoding{})
	assertError(t, err, invalidSyntax, "is there twice")
	assert.Less(t, len(err.Error()), 300)
	_, err = schema.Decode(typ, []byte(`{"`+schema.CountersURN+`":{"`+key+`":"x"}}`), schema.Decoding{})
	assertError(t, err, invalidValue, "is an integer")
	assert.Less(t, len(err.Error()), 300)
}

// TestDecodeLarge: what is large takes time in proportion. A test can't measure that
// well, but it would not end if it were quadratic.
func TestDecodeLarge(t *testing.T) {
	const n = 20_000
	list := func(format string, n int) string {
		var b strings.Builder
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, format, n-i)
		}
		return b.String()
	}
	typ := schema.ThingType()
	tests := []struct{ name, doc, path string }{
		{"members", `{"members":[` + list(`{"value":"%d","$ref":null}`, n) + `]}`, "members"},
		{"strings", `{"tags":[` + list(`"%d"`, n) + `]}`, "tags"},
		{"objects", `{"plural":[` + list(`{"value":"%d","primary":true}`, n) + `]}`, "plural"},
		{"objects without value", `{"many":[` + list(`{"num":%d,"bool":"true"}`, n) + `]}`, "many"},
		{"keys of an open extension", `{"` + schema.MetadataURN + `":{` + list(`"k%d":1`, schema.MaxKeys) + `}}`, ""},
		{"lists in an open extension", `{"` + schema.CountersURN + `":{` + list(`"k%d":[1,1]`, schema.MaxKeys) + `}}`, ""},
		{"dotted keys of an open extension", `{` + list(`"`+schema.MetadataURN+`:k%d":"x"`, schema.MaxKeys) + `}`, ""},
		{"unknown attributes", `{` + list(`"u%d":[]`, n) + `}`, ""},
		{"unknown sub-attributes", `{"one":{` + list(`"u%d":{}`, n) + `}}`, ""},
		{"URIs", `{"schemas":[` + list(`"urn:%d"`, n) + `]}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := schema.Decode(typ, []byte(tt.doc), schema.Decoding{})
			require.NoError(t, err)
			require.NoError(t, schema.CheckResource(d.Resource))
			if tt.path != "" {
				assert.Equal(t, n, d.Resource.Get(tt.path).Len())
			}
			again, err := schema.Decode(typ, []byte(d.Resource.String()), schema.Decoding{})
			require.NoError(t, err)
			assert.True(t, d.Resource.Equal(again.Resource))
		})
	}

	for _, n := range []int{schema.MaxKeys + 1, n} {
		for _, doc := range []string{
			`{"` + schema.MetadataURN + `":{` + list(`"k%d":1`, n) + `}}`,
			`{"` + schema.CountersURN + `":{` + list(`"k%d":[1]`, n-1) + `},"` + schema.MetadataURN + `:k":"x"}`,
			`{` + list(`"`+schema.MetadataURN+`:k%d":"x"`, n) + `}`,
		} {
			_, err := schema.Decode(typ, []byte(doc), schema.Decoding{})
			assertError(t, err, invalidValue, "makes more than 1000 keys that no schema lists")
		}
	}
}

func TestDecodeValue(t *testing.T) {
	typ := schema.ThingType()
	tests := []struct {
		path, text string
		value      string // what DecodeValue makes of it
		element    string // the same for DecodeElement, if it differs
	}{
		{"str", `"x"`, `"x"`, ""},
		{"str", ` "x" `, `"x"`, ""},
		{"str", `null`, `null`, ""},
		{"str", `""`, `null`, ""},
		{"str", `5`, `!invalidValue str: is a string, not a number`, ""},
		{"str", `"x" "y"`, `!invalidSyntax Something follows the JSON value.`, ""},
		{"str", `"x`, `!invalidSyntax not valid JSON`, ""},
		{"str", ``, `!invalidSyntax The document is empty.`, ""},
		{"str", `[{"value":"x"}]`, `"x"`, ""},
		{"bool", `"True"`, `true`, ""},
		{"num", `7`, `7`, ""},
		{"tags", `["a","A","b"]`, `["a","b"]`, `!invalidValue tags: is a string, not a list`},
		{"tags", `"a"`, `["a"]`, `"a"`},
		{"tags", `[]`, `null`, `!invalidValue tags: is a string, not a list`},
		{"tags", `null`, `null`, ""},
		{"plural", `{"TYPE":"WORK","value":"x"}`, `[{"value":"x","type":"work"}]`, `{"value":"x","type":"work"}`},
		{"plural", `[{"value":"x","primary":"true"}]`, `[{"value":"x","primary":true}]`, `!invalidValue plural: is complex`},
		{"plural", `{}`, `null`, ""},
		{"plural.value", `"x"`, `"x"`, ""},
		{"plural.value", `{}`, `!invalidValue plural.value: is a string, not an object`, ""},
		{"members", `"x"`, `[{"value":"x"}]`, `{"value":"x"}`},
		{"owner", `"x"`, `{"value":"x"}`, ""},
		{"one", `{"must":"x","str":"y"}`, `{"str":"y","must":"x"}`, ""},
		{"one", `{"str":"y","STR":"z"}`, `!invalidSyntax one.str: is there twice`, ""},
		{"one.tags", `"x"`, `["x"]`, `"x"`},
		{"one", `{"tags":["a","A"]}`, `{"tags":["a"]}`, ""},
		{"many", `[{"tags":["a","A"]}]`, `[{"tags":["a"]}]`, `!invalidValue many: is complex`},
		{"many", `{"tags":["a","A"]}`, `[{"tags":["a"]}]`, `{"tags":["a"]}`},
		{schema.MetadataURN + ":key", `{"a": 1}`, `"{\"a\":1}"`, ""},
		{schema.CountersURN + ":key", `1`, `[1]`, `1`},
		{schema.CountersURN + ":key", `"x"`, `!invalidValue ` + schema.CountersURN + `:key: is an integer, not a string`, ""},
	}
	for _, tt := range tests {
		a, ok := typ.Attr(tt.path)
		require.True(t, ok, tt.path)
		v, _, err := schema.DecodeValue(a, []byte(tt.text), schema.Decoding{})
		checkValue(t, tt.path+" "+tt.text, tt.value, v, err)
		if tt.element == "" {
			tt.element = tt.value
		}
		v, _, err = schema.DecodeElement(a, []byte(tt.text), schema.Decoding{})
		checkValue(t, tt.path+" "+tt.text, tt.element, v, err)
	}

	// RFC 7644, section 3.5.2.1, allows one element for the list, but no other
	// single value for a list below.
	plural, _ := typ.Attr("plural")
	_, _, err := schema.DecodeValue(plural, []byte(`{"value":"x"}`), schema.StrictDecoding())
	require.NoError(t, err)
	many, _ := typ.Attr("many")
	_, _, err = schema.DecodeValue(many, []byte(`{"tags":"x"}`), schema.StrictDecoding())
	assertError(t, err, invalidValue, "many.tags: is a list, not a string")
	_, _, err = schema.DecodeValue(plural, []byte(`[{"value":"a","primary":true},{"value":"b","primary":true}]`), schema.StrictDecoding())
	assertError(t, err, invalidValue, "plural: has more than one element")
	_, list, err := schema.DecodeValue(plural, []byte(`{"value":"a","primary":"true","nope":1}`), schema.Decoding{})
	require.NoError(t, err)
	assert.Equal(t, []string{"plural.primary: string taken as boolean", "plural.nope: unknown attribute ignored"}, notes(list))
}

func checkValue(t *testing.T, about, want string, v schema.Value, err error) {
	t.Helper()
	if text, ok := strings.CutPrefix(want, "!"); ok {
		keyword, msg, _ := strings.Cut(text, " ")
		assertError(t, err, schema.ScimType(keyword), msg, about)
		assert.True(t, v.IsZero())
		return
	}
	require.NoError(t, err, about)
	require.NoError(t, schema.CheckValue(v), about)
	assert.Equal(t, want, string(v.AppendJSON(nil)), about)
}

// TestDecodeConcurrently: scratch space is never shared.
func TestDecodeConcurrently(t *testing.T) {
	typ := schema.UserType()
	for i := range 8 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			for j := range 200 {
				name := fmt.Sprintf("user-%d-%d", i, j)
				r := decode(t, typ, `{"name":{"familyName":"F`+name+`","givenName":"G"},"userName":"`+name+`","emails":[{"value":"a"},{"value":"a"}]}`)
				require.Equal(t, `{"userName":"`+name+`","name":{"familyName":"F`+name+`","givenName":"G"},"emails":[{"value":"a"}]}`, schema.Full(r))
			}
		})
	}
}
