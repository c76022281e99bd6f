package patch_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
)

// applyTest is a request and what it makes of a resource.
type applyTest struct {
	// id is a requirement or a quirk of an identity provider.
	id string

	typ *schema.Type
	old string
	ops string

	// want has the attributes that differ afterwards by their paths, null if they
	// are unassigned; {} is a request that changes nothing. Anything else is the
	// scimType of the error. strict is that of the strict dialect if it is
	// another.
	want, strict string

	// at is the index in the error.
	at int
}

func user(id, ops, want, strict string) applyTest {
	return applyTest{id: id, typ: richType, old: user1, ops: ops, want: want, strict: strict}
}

func thing(id, ops, want, strict string) applyTest {
	return applyTest{id: id, typ: thingType, old: thing1, ops: ops, want: want, strict: strict}
}

func (a applyTest) from(old string) applyTest { a.old = old; return a }

func (a applyTest) failsAt(index int) applyTest { a.at = index; return a }

const (
	onlyName  = `{"id":"u1","userName":"bjensen"}`
	workEmail = `{"value":"b@work.example","type":"work","display":"Work","primary":true}`
	homeEmail = `{"value":"b@home.example","type":"home"}`
)

var applyTests = slices.Concat(generalTests, addTests, removeTests, replaceTests, quirkTests, weakTests)

var generalTests = []applyTest{
	user("P-3.5.2-05", `{"op":"REPLACE","path":"nickName","value":"x"}`, `{"nickName":"x"}`, ""),
	user("P-3.5.2-06", `{"op":"add","value":{"nickName":"x"}}`, `{"nickName":"x"}`, ""),
	user("P-3.5.2-06", `{"op":"replace","value":{"nickName":"y"}}`, `{"nickName":"y"}`, ""),
	user("P-3.5.2-07", `{"op":"replace","path":"name.familyName","value":"F"}`, `{"name":{"givenName":"Barbara","familyName":"F"}}`, ""),
	user("P-3.5.2-07", `{"op":"replace","path":"addresses[type eq \"work\"]","value":{"locality":"X"}}`, `{"addresses":[{"type":"work","locality":"X"}]}`, "").
		from(`{"userName":"b","addresses":[{"type":"work","region":"R"}]}`),
	user("P-3.5.2-07", `{"op":"replace","path":"emails[type eq \"work\"].display","value":"d"}`,
		`{"emails":[{"value":"b@work.example","type":"work","display":"d","primary":true},`+homeEmail+`]}`, ""),

	// What is wrong with a path.
	user("P-3.5.2-08", `{"op":"replace","path":"","value":"v"}`, "invalidPath", ""),
	user("P-3.5.2-08", `{"op":"replace","path":"name..familyName","value":"v"}`, "invalidPath", ""),
	user("P-3.5.2-08", `{"op":"replace","path":".name","value":"v"}`, "invalidPath", ""),
	user("P-3.5.2-08", `{"op":"replace","path":"name.","value":"v"}`, "invalidPath", ""),
	user("P-3.5.2-08", `{"op":"replace","path":"emails[type eq \"work\"","value":"v"}`, "invalidFilter", ""),
	user("P-3.5.2-08", `{"op":"replace","path":"emails[0].value","value":"v"}`, "invalidFilter", ""),
	user("P-3.5.2-08", `{"op":"replace","path":"/nickName","value":"v"}`, "invalidPath", ""),
	user("P-3.5.2-08", `{"op":"replace","path":"name familyName","value":"v"}`, "invalidPath", ""),
	user("P-3.5.2-09", `{"op":"replace","path":"emails.0.value","value":"x"}`, "invalidPath", ""),
	user("P-3.5.2-15", `{"op":"replace","path":"shoeSize","value":42}`, `{}`, "invalidPath"),
	user("P-3.5.2-15", `{"op":"remove","path":"shoeSize"}`, `{}`, "invalidPath"),
	user("P-3.5.2-15", `{"op":"replace","path":"name.shoeSize","value":42}`, `{}`, "invalidPath"),
	user("P-3.5.2-15", `{"op":"replace","path":"emails[type eq \"work\"].shoeSize","value":42}`, `{}`, "invalidPath"),
	user("P-3.5.2-15", `{"op":"replace","path":"urn:example:other:shoeSize","value":42}`, `{}`, "invalidPath"),
	user("P-3.5.2-15", `{"op":"replace","path":"emails[shoeSize eq 42].value","value":"x"}`, "invalidFilter", ""),
	user("P-3.5.2-16", `{"op":"replace","path":"name.givenName.first","value":"x"}`, "invalidPath", ""),
	user("P-3.5.2-16", `{"op":"replace","path":"userName[value eq \"x\"]","value":"y"}`, "invalidPath", ""),
	user("P-3.5.2-17", `{"op":"replace","path":"$U:nickName","value":"x"}`, `{"nickName":"x"}`, ""),
	user("P-3.5.2-17", `{"op":"replace","path":"$U:name.givenName","value":"y"}`, `{"name":{"givenName":"y","familyName":"Jensen"}}`, ""),
	user("P-3.5.2-17", `{"op":"replace","path":"$U:emails[type eq \"home\"].value","value":"y"}`, `{"emails":[`+workEmail+`,{"value":"y","type":"home"}]}`, ""),
	user("P-3.5.2-33", `{"op":"replace","path":"NICKNAME","value":"x"}`, `{"nickName":"x"}`, ""),
	user("P-3.5.2-33", `{"op":"add","value":{"NickName":"y","NAME":{"GivenName":"z"}}}`, `{"nickName":"y","name":{"givenName":"z","familyName":"Jensen"}}`, ""),
	user("P-3.5.2-33", `{"OP":"add","PATH":"Emails[Type eq \"HOME\"].Display","VALUE":"z"}`, `{"emails":[`+workEmail+`,{"value":"b@home.example","type":"home","display":"z"}]}`, ""),

	// Mutability.
	user("P-3.5.2-10", `{"op":"replace","path":"id","value":"x"}`, "mutability", ""),
	user("P-3.5.2-10", `{"op":"replace","path":"id","value":"u1"}`, "mutability", ""),
	user("P-3.5.2-10", `{"op":"add","path":"groups","value":[{"value":"g"}]}`, "mutability", ""),
	user("P-3.5.2-10", `{"op":"remove","path":"meta"}`, "mutability", ""),
	user("P-3.5.2-10", `{"op":"replace","path":"$E:manager.displayName","value":"x"}`, "mutability", ""),
	thing("P-3.5.2-11", `{"op":"replace","path":"imm","value":"b"}`, "mutability", ""),
	thing("P-3.5.2-11", `{"op":"remove","path":"imm"}`, "mutability", ""),
	thing("P-3.5.2-11", `{"op":"add","path":"immTags","value":"c"}`, "mutability", "").
		from(`{"name":"t","immTags":["a"],"$M":{"a":"x"}}`),
	thing("P-3.5.2-12", `{"op":"add","path":"imm","value":"a"}`, `{"imm":"a"}`, "").from(`{"name":"t","$M":{"a":"x"}}`),
	thing("P-3.5.2-12", `{"op":"add","path":"box.imm","value":"a"}`, `{"box":{"size":"L","imm":"a"}}`, "").
		from(`{"name":"t","box":{"size":"L"},"$M":{"a":"x"}}`),
	thing("P-3.5.2-13", `{"op":"replace","path":"imm","value":"a"}`, `{}`, ""),
	thing("P-3.5.2-13", `{"op":"remove","path":"imm"},{"op":"add","path":"imm","value":"a"}`, `{}`, ""),
	thing("P-3.5.2-11 of a singular complex value", `{"op":"replace","path":"box.imm","value":"b"}`, "mutability", "").
		from(`{"name":"t","box":{"imm":"a"},"$M":{"a":"x"}}`),
	thing("P-3.5.2-11 by the parent", `{"op":"remove","path":"box"}`, "mutability", "").
		from(`{"name":"t","box":{"imm":"a"},"$M":{"a":"x"}}`),
	thing("P-3.5.2-11 of an element", `{"op":"replace","path":"items[value eq \"v\"].imm","value":"b"}`, "mutability", "").
		from(`{"name":"t","items":[{"value":"v","imm":"a"}],"$M":{"a":"x"}}`),
	thing("P-3.5.2-11 of an element", `{"op":"add","path":"items[value eq \"v\"]","value":{"imm":"b"}}`, "mutability", "").
		from(`{"name":"t","items":[{"value":"v","imm":"a"}],"$M":{"a":"x"}}`),
	thing("P-3.5.2-11: elements come and go", `{"op":"remove","path":"items[value eq \"v\"]"}`, `{"items":null}`, "").
		from(`{"name":"t","items":[{"value":"v","imm":"a"}],"$M":{"a":"x"}}`),
	thing("P-3.5.2-11: add does not touch it", `{"op":"add","path":"items","value":{"value":"v","imm":"b","display":"d"}}`,
		`{"items":[{"value":"v","display":"d","imm":"a"}]}`, "").
		from(`{"name":"t","items":[{"value":"v","imm":"a"}],"$M":{"a":"x"}}`),

	// Types.
	user("P-3.5.2-14", `{"op":"replace","path":"active","value":5}`, "invalidValue", ""),
	user("P-3.5.2-14", `{"op":"replace","path":"active","value":"perhaps"}`, "invalidValue", ""),
	user("P-3.5.2-14", `{"op":"replace","path":"name","value":"xyzzy"}`, "invalidValue", ""),
	user("P-3.5.2-14", `{"op":"add","path":"emails","value":["xyzzy"]}`, "invalidValue", ""),
	user("P-3.5.2-14", `{"op":"add","path":"name.givenName","value":{"a":"xyzzy"}}`, "invalidValue", ""),
	user("P-3.5.2-14", `{"op":"add","path":"emails[type eq \"work\"]","value":"xyzzy"}`, "invalidValue", ""),
	user("P-3.5.2-14", `{"op":"add","path":"emails[type eq \"work\"].value","value":["xyzzy"]}`, "invalidValue", ""),
	thing("P-3.5.2-14", `{"op":"replace","path":"num","value":"xyzzy"}`, "invalidValue", ""),
	thing("P-3.5.2-14", `{"op":"replace","path":"num","value":1.5}`, "invalidValue", ""),
	thing("P-3.5.2-14", `{"op":"replace","path":"when","value":"yesterday"}`, "invalidValue", ""),
	thing("P-3.5.2-14", `{"op":"add","path":"nums","value":[1,true]}`, "invalidValue", ""),

	// Extensions and schemas.
	user("P-3.5.2-18", `{"op":"add","path":"schemas","value":["$E"]},{"op":"add","path":"$E:department","value":"D"}`, `{"$E:department":"D"}`, ""),
	user("P-3.5.2-18", `{"op":"remove","path":"schemas[value eq \"$E\"]"}`, `{}`, ""),
	user("P-3.5.2-19", `{"op":"add","path":"$E:employeeNumber","value":"7"}`, `{"$E:employeeNumber":"7"}`, ""),
	user("P-3.5.2-20", `{"op":"add","path":"$E","value":{"department":"D","costCenter":"C"}}`, `{"$E:department":"D","$E:costCenter":"C"}`, ""),
	user("P-3.5.2-20", `{"op":"remove","path":"$E"}`, `{"$E:department":null,"$E:costCenter":null}`, "").
		from(`{"userName":"b","$E":{"department":"D","costCenter":"C"}}`),
	user("P-3.5.2-20", `{"op":"replace","path":"$E","value":{"department":"E"}}`, `{"$E:department":"E"}`, "").
		from(`{"userName":"b","$E":{"department":"D","costCenter":"C"}}`),
	user("P-3.5.2-20", `{"op":"replace","path":"$E","value":null}`, `{"$E:department":null}`, "").
		from(`{"userName":"b","$E":{"department":"D"}}`),
	user("P-3.5.2-20", `{"op":"add","path":"$E","value":null}`, `{}`, "").from(`{"userName":"b","$E":{"department":"D"}}`),
	user("P-3.5.2-20", `{"op":"replace","value":{"$E":{"department":"E"}}}`, `{"$E:department":"E"}`, ""),
	user("P-3.5.2-20", `{"op":"add","path":"$E","value":"xyzzy"}`, "invalidValue", ""),
	user("P-3.5.2-20", `{"op":"replace","path":"$E","value":""}`, `{"$E:department":null}`, "invalidValue").
		from(`{"userName":"b","$E":{"department":"D"}}`),
	user("P-3.5.2-21", `{"op":"remove","path":"$E:department"}`, `{"$E:department":null}`, "").
		from(`{"userName":"b","$E":{"department":"D"}}`),

	// Order, primary, atomicity, the state at the end.
	user("P-3.5.2-22", `{"op":"add","path":"title","value":"a"},{"op":"replace","path":"title","value":"b"},{"op":"remove","path":"title"},{"op":"add","path":"title","value":"c"}`,
		`{"title":"c"}`, ""),
	user("P-3.5.2-23", `{"op":"replace","path":"emails[type eq \"home\"].primary","value":true}`,
		`{"emails":[{"value":"b@work.example","type":"work","display":"Work","primary":false},{"value":"b@home.example","type":"home","primary":true}]}`, ""),
	user("P-3.5.2-23", `{"op":"add","path":"emails","value":[{"value":"n@x","type":"other","primary":true}]}`,
		`{"emails":[{"value":"b@work.example","type":"work","display":"Work","primary":false},`+homeEmail+`,{"value":"n@x","type":"other","primary":true}]}`, ""),
	user("P-3.5.2-23 of several", `{"op":"replace","path":"emails[value ew \"example\"].primary","value":true}`, `{"emails":[`+workEmail+`,{"value":"b@home.example","type":"home","primary":false}]}`, ""),
	user("P-3.5.2-23 of several", `{"op":"replace","path":"emails[type eq \"home\" or type eq \"other\"].primary","value":true}`,
		`{"emails":[{"value":"w","type":"work","primary":false},{"value":"h","type":"home","primary":true},{"value":"o","type":"other","primary":false}]}`, "").
		from(`{"userName":"b","emails":[{"value":"w","type":"work","primary":true},{"value":"h","type":"home"},{"value":"o","type":"other"}]}`),
	user("P-3.5.2-23 with the element", `{"op":"add","path":"emails[type eq \"other\"]","value":{"value":"o","primary":true}}`,
		`{"emails":[{"value":"b@work.example","type":"work","display":"Work","primary":false},`+homeEmail+`,{"value":"o","type":"other","primary":true}]}`, ""),
	user("AM-17", `{"op":"replace","path":"emails[type eq \"work\"].primary","value":false}`,
		`{"emails":[{"value":"b@work.example","type":"work","display":"Work","primary":false},`+homeEmail+`]}`, ""),
	user("AM-17", `{"op":"remove","path":"emails[primary eq true]"}`, `{"emails":[`+homeEmail+`]}`, ""),
	user("P-3.5.2-24", `{"op":"replace","path":"emails","value":[{"value":"a","primary":true},{"value":"b","primary":true}]}`,
		`{"emails":[{"value":"a","primary":true},{"value":"b","primary":false}]}`, "invalidValue"),
	user("P-3.5.2-25", `{"op":"replace","path":"nickName","value":"changed"},{"op":"replace","path":"userName","value":null}`, "mutability", "").failsAt(1),
	user("P-3.5.2-26", `{"op":"replace","path":"nickName","value":"x"},{"op":"remove","path":"emails[type eq \"nope\"].value"},{"op":"replace","path":"id","value":"zebra"}`,
		"mutability", "").failsAt(2),
	user("P-3.5.2-32", `{"op":"replace","path":"userName","value":""}`, "invalidValue", ""),
	user("P-3.5.2-32", `{"op":"replace","value":{"nickName":"x","userName":""}}`, "invalidValue", ""),
	user("P-3.5.2-34", `{"op":"replace","path":"nickName","value":"Babs"}`, `{}`, ""),
	user("P-3.5.2-34", `{"op":"replace","path":"nickName","value":"x"},{"op":"replace","path":"nickName","value":"Babs"}`, `{}`, ""),
	user("P-3.5.2-35", `{"op":"replace","value":{"displayName":"B","name.givenName":"K","$E:employeeNumber":"A"}}`,
		`{"displayName":"B","name":{"givenName":"K","familyName":"Jensen"},"$E:employeeNumber":"A"}`, ""),
	user("P-3.5.2-36", `{"op":"Replace","path":"active","value":"False"}`, `{"active":false}`, "invalidValue"),
	user("P-3.5.2-37", `{"op":"replace","value":{"id":"u1","displayName":"New"}}`, `{"displayName":"New"}`, ""),
	user("P-3.5.2-38", `{"op":"Add","path":"$E:manager","value":"26118"}`, `{"$E:manager":{"value":"26118"}}`, "invalidValue"),
	user("P-3.5.2-38", `{"op":"Replace","path":"$E:manager","value":""}`, `{"$E:manager":null}`, "invalidValue").
		from(`{"userName":"b","$E":{"manager":{"value":"26118"}}}`),
}

var addTests = []applyTest{
	user("P-3.5.2.1-01", `{"op":"add","path":"nickName"}`, "invalidSyntax", ""),
	user("P-3.5.2.1-02", `{"op":"add","path":"nickName","value":"B"}`, `{"nickName":"B"}`, ""),
	user("P-3.5.2.1-02", `{"op":"add","path":"name","value":{"middleName":"J"}}`, `{"name":{"givenName":"Barbara","middleName":"J","familyName":"Jensen"}}`, ""),
	user("P-3.5.2.1-03", `{"op":"add","value":{"emails":[{"value":"babs@jensen.org","type":"other"}],"nickName":"B"}}`,
		`{"emails":[`+workEmail+`,`+homeEmail+`,{"value":"babs@jensen.org","type":"other"}],"nickName":"B"}`, ""),
	user("P-3.5.2.1-04", `{"op":"add","value":"xyzzy"}`, "invalidValue", ""),
	user("P-3.5.2.1-04", `{"op":"add","value":[{"nickName":"xyzzy"}]}`, "invalidValue", ""),
	user("P-3.5.2.1-04", `{"op":"replace","value":null}`, "invalidValue", ""),
	user("P-3.5.2.1-05", `{"op":"add","path":"title","value":"Guide"}`, `{"title":"Guide"}`, ""),
	user("P-3.5.2.1-06", `{"op":"add","path":"name","value":{"middleName":"J","givenName":"B"}}`, `{"name":{"givenName":"B","middleName":"J","familyName":"Jensen"}}`, ""),
	user("P-3.5.2.1-07", `{"op":"add","path":"emails","value":[{"value":"c@x","type":"other"}]}`, `{"emails":[`+workEmail+`,`+homeEmail+`,{"value":"c@x","type":"other"}]}`, ""),
	user("P-3.5.2.1-07", `{"op":"add","path":"emails","value":{"value":"d@x"}}`, `{"emails":[`+workEmail+`,`+homeEmail+`,{"value":"d@x"}]}`, ""),
	thing("P-3.5.2.1-07", `{"op":"add","path":"tags","value":"new"}`, `{"tags":["a","b","new"]}`, ""),
	thing("P-3.5.2.1-07 below a complex value", `{"op":"add","path":"box.labels","value":["y"]}`, `{"box":{"labels":["x","y"]}}`, "").
		from(`{"name":"t","box":{"labels":["x"]},"$M":{"a":"x"}}`),
	thing("P-3.5.2.1-07 below an element", `{"op":"add","path":"items[value eq \"v\"].labels","value":["x","y"]}`, `{"items":[{"value":"v","labels":["x","y"]},{"value":"w"}]}`, "").
		from(`{"name":"t","items":[{"value":"v","labels":["x"]},{"value":"w"}],"$M":{"a":"x"}}`),
	user("P-3.5.2.1-08", `{"op":"add","path":"nickName","value":"b"}`, `{"nickName":"b"}`, ""),
	user("P-3.5.2.1-09", `{"op":"add","path":"emails","value":[`+workEmail+`]}`, `{}`, ""),
	user("P-3.5.2.1-09", `{"op":"add","path":"emails","value":[{"value":"B@Work.Example","type":"WORK"}]}`, `{}`, ""),
	thing("P-3.5.2.1-09", `{"op":"add","path":"tags","value":"A"}`, `{}`, ""),
	user("P-3.5.2.1-10", `{"op":"add","path":"addresses","value":{"locality":"X"}}`, `{}`, "").from(`{"userName":"b","addresses":[{"locality":"X"}]}`),
	user("P-3.5.2.1-11", `{"op":"add","path":"emails","value":[{"value":"c@x"},{"value":"C@X"}]}`, `{"emails":[`+workEmail+`,`+homeEmail+`,{"value":"c@x"}]}`, ""),
	thing("P-3.5.2.1-11", `{"op":"add","path":"tags","value":["a","c","c"]}`, `{"tags":["a","b","c"]}`, ""),
	thing("P-3.5.2.1-12 of any references", `{"op":"add","path":"owners","value":[{"value":"o1","type":"Group"}]}`, `{"owners":[{"value":"o1","type":"Group"}]}`, "").
		from(`{"name":"t","owners":[{"value":"o1","type":"User"}],"$M":{"a":"x"}}`),
	user("P-3.5.2.1-13", `{"op":"add","path":"emails[type eq \"work\"].display","value":"D"}`, `{"emails":[{"value":"b@work.example","type":"work","display":"D","primary":true},`+homeEmail+`]}`, ""),
	user("P-3.5.2.1-13", `{"op":"add","path":"emails[value ew \"example\"].display","value":"D"}`,
		`{"emails":[{"value":"b@work.example","type":"work","display":"D","primary":true},{"value":"b@home.example","type":"home","display":"D"}]}`, ""),
	user("P-3.5.2.1-13 with an object", `{"op":"add","path":"emails[type eq \"work\"]","value":{"display":"D"}}`, `{"emails":[{"value":"b@work.example","type":"work","display":"D","primary":true},`+homeEmail+`]}`, ""),
	user("P-3.5.2.1-14", `{"op":"Add","path":"phoneNumbers[type eq \"fax\"].value","value":"555"}`, `{"phoneNumbers":[{"value":"555","type":"fax"}]}`, ""),
	user("P-3.5.2.1-14", `{"op":"Add","path":"phoneNumbers[type eq \"fax\" and primary eq true]","value":{"value":"555"}}`, `{"phoneNumbers":[{"value":"555","type":"fax","primary":true}]}`, ""),
	user("P-3.5.2.1-14", `{"op":"Add","path":"phoneNumbers[not (type eq \"fax\")].value","value":"555-1"}`, "noTarget", ""),
	user("P-3.5.2.1-14", `{"op":"Add","path":"phoneNumbers[type eq \"fax\" or type eq \"pager\"].value","value":"555-1"}`, "noTarget", ""),
	user("P-3.5.2.1-14", `{"op":"Add","path":"phoneNumbers[type sw \"f\"].value","value":"555-1"}`, "noTarget", ""),
	user("P-3.5.2.1-15", `{"op":"add","path":"emails","value":[]}`, `{}`, ""),
	user("P-3.5.2.1-15", `{"op":"add","path":"emails","value":null}`, `{}`, ""),
	user("P-3.5.2.1-15", `{"op":"add","value":{"emails":null}}`, `{}`, ""),
	thing("P-3.5.2.1-15 below an element", `{"op":"add","path":"items[value eq \"v\"].labels","value":null}`, `{}`, "").
		from(`{"name":"t","items":[{"value":"v","labels":["x"]}],"$M":{"a":"x"}}`),
	user("P-3.5.2.1-16", `{"op":"add","path":"name.givenName","value":"B"}`, `{"name":{"givenName":"B"}}`, "").from(onlyName),
	user("AM-9", `{"op":"add","path":"emails.value","value":"xyzzy"}`, "noTarget", ""),
	user("AM-9", `{"op":"replace","path":"emails.display","value":"xyzzy"}`, "noTarget", ""),
	user("AM-9", `{"op":"replace","value":{"emails.display":"xyzzy"}}`, "noTarget", ""),
	thing("element of a simple list", `{"op":"add","path":"tags[value eq \"a\"]","value":"c"}`, `{}`, ""),
	thing("element of a simple list", `{"op":"add","path":"tags[value eq \"c\"]","value":"c"}`, `{"tags":["a","b","c"]}`, ""),
}

var removeTests = []applyTest{
	user("P-3.5.2.2-01", `{"op":"remove"}`, "noTarget", ""),
	user("P-3.5.2.2-01", `{"op":"remove","value":{"nickName":"xyzzy"}}`, "noTarget", ""),
	user("P-3.5.2.2-01", `{"op":"remove","path":null}`, "noTarget", ""),
	user("P-3.5.2.2-02", `{"op":"remove","path":"nickName"}`, `{"nickName":null}`, ""),
	user("P-3.5.2.2-03", `{"op":"remove","path":"emails"}`, `{"emails":null}`, ""),
	user("P-3.5.2.2-04", `{"op":"remove","path":"emails[value eq \"b@work.example\"]"}`, `{"emails":[`+homeEmail+`]}`, ""),
	thing("P-3.5.2.2-04", `{"op":"remove","path":"tags[value eq \"B\"]"}`, `{"tags":["a"]}`, ""),
	user("P-3.5.2.2-05", `{"op":"remove","path":"emails[value pr]"}`, `{"emails":null}`, ""),
	user("P-3.5.2.2-06", `{"op":"remove","path":"emails[type eq \"work\" and value ew \"example\"]"}`, `{"emails":[`+homeEmail+`]}`, ""),
	user("P-3.5.2.2-06", `{"op":"remove","path":"emails[type eq \"work\" and value ew \"example.com\"]"}`, `{}`, ""),
	user("P-3.5.2.2-07", `{"op":"remove","path":"emails[type eq \"work\"].display"}`, `{"emails":[{"value":"b@work.example","type":"work","primary":true},`+homeEmail+`]}`, ""),
	user("P-3.5.2.2-08", `{"op":"remove","path":"emails[type eq \"work\"]"}`, `{"emails":null}`, "").from(`{"userName":"b","emails":[{"value":"w","type":"work"}]}`),
	user("P-3.5.2.2-09", `{"op":"remove","path":"userName"}`, "mutability", ""),
	user("P-3.5.2.2-09", `{"op":"remove","path":"nickName"},{"op":"remove","path":"userName"},{"op":"remove","path":"title"}`, "mutability", "").failsAt(1),
	user("P-3.5.2.2-09, set again", `{"op":"remove","path":"userName"},{"op":"add","path":"userName","value":"b"}`, `{"userName":"b"}`, ""),
	{id: "P-3.5.2.2-09", typ: groupType, old: group1, ops: `{"op":"remove","path":"displayName"}`, want: "mutability"},
	user("P-3.5.2.2-10", `{"op":"remove","path":"id"}`, "mutability", ""),
	user("P-3.5.2.2-10", `{"op":"remove","path":"groups"}`, "mutability", ""),
	user("P-3.5.2.2-11", `{"op":"remove","path":"emails[value eq \"none@x\"]"}`, `{}`, ""),
	user("AM-3", `{"op":"remove","path":"emails[value eq \"none@x\"].display"}`, `{}`, ""),
	user("P-3.5.2.2-12", `{"op":"remove","path":"title"}`, `{}`, ""),
	user("P-3.5.2.2-12", `{"op":"remove","path":"addresses"}`, `{}`, ""),
	user("P-3.5.2.2-12", `{"op":"remove","path":"$E"}`, `{}`, ""),
	user("P-3.5.2.2-12", `{"op":"remove","path":"$E:manager.value"}`, `{}`, ""),
	user("P-3.5.2.2-13", `{"op":"remove","path":"name.givenName"}`, `{"name":{"familyName":"Jensen"}}`, ""),
	user("P-3.5.2.2-13", `{"op":"remove","path":"name.givenName"},{"op":"remove","path":"name.familyName"},{"op":"remove","path":"name.formatted"}`, `{"name":null}`, ""),
	user("P-3.5.2.2-14", `{"op":"remove","path":"emails.display"}`, `{"emails":[{"value":"b@work.example","type":"work","primary":true},`+homeEmail+`]}`, ""),
	user("P-3.5.2.2-15", `{"op":"remove","path":"phoneNumbers[type eq \"work\"].value"},{"op":"remove","path":"phoneNumbers[type eq \"work\"].type"}`, `{"phoneNumbers":null}`, "").
		from(`{"userName":"b","phoneNumbers":[{"value":"1","type":"work"}]}`),
	user("P-3.5.2.2-15", `{"op":"remove","path":"phoneNumbers[type eq \"work\"].type"}`, `{"phoneNumbers":null}`, "").
		from(`{"userName":"b","phoneNumbers":[{"type":"work"}]}`),
	user("AM-8", `{"op":"remove","path":"emails[type eq \"work\"].value"}`, `{"emails":[`+homeEmail+`]}`, ""),
	user("AM-8", `{"op":"remove","path":"addresses[type eq \"work\"].formatted"}`, `{"addresses":null}`, "").
		from(`{"userName":"b","addresses":[{"type":"work","primary":true,"formatted":"x"}]}`),
	user("AM-8", `{"op":"remove","path":"addresses[type eq \"work\"].formatted"}`, `{"addresses":[{"type":"work","region":"R"}]}`, "").
		from(`{"userName":"b","addresses":[{"type":"work","region":"R","formatted":"x"}]}`),
	user("AM-10", `{"op":"remove","path":"emails","value":[{"value":"b@work.example"}]}`, `{"emails":[`+homeEmail+`]}`, "invalidSyntax"),
	user("AM-10", `{"op":"remove","path":"emails","value":{"value":"B@WORK.example","type":"work","display":"other","primary":false}}`, `{"emails":[`+homeEmail+`]}`, "invalidSyntax"),
	user("AM-10", `{"op":"remove","path":"emails","value":[{"value":"b@work.example","type":"home"}]}`, `{}`, "invalidSyntax"),
	user("AM-10", `{"op":"remove","path":"emails","value":[{"type":"home"}]}`, `{"emails":[`+workEmail+`]}`, "invalidSyntax"),
	user("AM-10", `{"op":"remove","path":"emails","value":[]}`, `{}`, "invalidSyntax"),
	user("AM-10", `{"op":"remove","path":"emails","value":""}`, `{}`, "invalidSyntax"),
	user("AM-10", `{"op":"remove","path":"emails","value":{}}`, `{}`, "invalidSyntax"),
	user("AM-10", `{"op":"remove","path":"emails","value":[{"shoe":"size"}]}`, `{}`, "invalidSyntax"),
	user("AM-10", `{"op":"remove","path":"emails","value":null}`, `{"emails":null}`, ""),
	user("AM-10", `{"op":"remove","path":"emails","value":5}`, "invalidValue", "invalidSyntax"),
	thing("AM-10", `{"op":"remove","path":"tags","value":["B","c"]}`, `{"tags":["a"]}`, "invalidSyntax"),
	thing("AM-10", `{"op":"remove","path":"tags","value":"a"}`, `{"tags":["b"]}`, "invalidSyntax"),
	thing("AM-10 below a complex value", `{"op":"remove","path":"box.labels","value":["x"]}`, `{"box":{"labels":["y"]}}`, "invalidSyntax").
		from(`{"name":"t","box":{"labels":["x","y"]},"$M":{"a":"x"}}`),
	thing("AM-10 below an element", `{"op":"remove","path":"items[value eq \"v\"].labels","value":["x"]}`, `{"items":[{"value":"v","labels":["y"]}]}`, "invalidSyntax").
		from(`{"name":"t","items":[{"value":"v","labels":["x","y"]}],"$M":{"a":"x"}}`),
	thing("AM-10: a list in an element", `{"op":"remove","path":"items","value":[{"labels":["x"]}]}`, `{"items":[{"labels":["y"]}]}`, "invalidSyntax").
		from(`{"name":"t","items":[{"labels":["x"]},{"labels":["y"]}],"$M":{"a":"x"}}`),
	user("a value that is not needed", `{"op":"remove","path":"emails[type eq \"work\"]","value":[{"value":"b@home.example"}]}`, `{"emails":[`+homeEmail+`]}`, ""),
	user("a value that is not needed", `{"op":"remove","path":"nickName","value":"xyzzy"}`, `{"nickName":null}`, ""),
}

var replaceTests = []applyTest{
	user("P-3.5.2.3-01", `{"op":"replace","value":{"emails":[{"value":"bjensen@example.com","type":"work","primary":true}],"nickName":"B"}}`,
		`{"emails":[{"value":"bjensen@example.com","type":"work","primary":true}],"nickName":"B"}`, ""),
	user("P-3.5.2.3-02", `{"op":"replace","path":"nickName","value":"Boss"}`, `{"nickName":"Boss"}`, ""),
	user("P-3.5.2.3-03", `{"op":"replace","path":"emails","value":[{"value":"x"}]}`, `{"emails":[{"value":"x"}]}`, ""),
	thing("P-3.5.2.3-03 below a complex value", `{"op":"replace","path":"box.labels","value":["y"]}`, `{"box":{"labels":["y"]}}`, "").
		from(`{"name":"t","box":{"labels":["x"]},"$M":{"a":"x"}}`),
	thing("P-3.5.2.3-03 below an element", `{"op":"replace","path":"items[value eq \"v\"].labels","value":["y"]}`, `{"items":[{"value":"v","labels":["y"]}]}`, "").
		from(`{"name":"t","items":[{"value":"v","labels":["x"]}],"$M":{"a":"x"}}`),
	user("P-3.5.2.3-04", `{"op":"replace","path":"title","value":"Guide"}`, `{"title":"Guide"}`, ""),
	user("P-3.5.2.3-05", `{"op":"replace","path":"name","value":{"familyName":"New"}}`, `{"name":{"givenName":"Barbara","familyName":"New"}}`, ""),
	user("P-3.5.2.3-05", `{"op":"replace","path":"name","value":{}}`, `{}`, ""),
	user("P-3.5.2.3-05", `{"op":"replace","path":"name","value":{"familyName":null}}`, `{"name":{"givenName":"Barbara"}}`, ""),
	user("P-3.5.2.3-06", `{"op":"replace","path":"phoneNumbers[type eq \"work\"]","value":{"value":"1","type":"work"}}`, `{"phoneNumbers":[{"value":"1","type":"work"},{"value":"4","type":"home"}]}`, "").
		from(`{"userName":"b","phoneNumbers":[{"value":"2","type":"work"},{"value":"3","type":"work","display":"d"},{"value":"4","type":"home"}]}`),
	user("AM-6", `{"op":"replace","path":"emails[type eq \"work\"]","value":{"value":"1"}}`, `{"emails":[{"value":"1","type":"work"},`+homeEmail+`]}`, ""),
	user("AM-6", `{"op":"replace","path":"emails[type eq \"work\"]","value":{"display":"D"}}`, `{"emails":[{"type":"work","display":"D"},`+homeEmail+`]}`, ""),
	user("AM-6", `{"op":"replace","path":"emails[type eq \"work\"]","value":{"value":"1","type":null}}`, `{"emails":[{"value":"1"},`+homeEmail+`]}`, ""),
	user("AM-6", `{"op":"replace","path":"emails[type eq \"work\"]","value":{"value":null,"display":"D"}}`, `{"emails":[`+homeEmail+`]}`, ""),
	user("AM-6", `{"op":"replace","path":"emails[type eq \"work\"]","value":{}}`, `{"emails":[`+homeEmail+`]}`, ""),
	user("P-3.5.2.3-07", `{"op":"replace","path":"addresses[type eq \"work\"].streetAddress","value":"1010 Broadway Ave"}`,
		`{"addresses":[{"streetAddress":"1010 Broadway Ave","locality":"X","type":"work"},{"streetAddress":"1010 Broadway Ave","type":"work"}]}`, "").
		from(`{"userName":"b","addresses":[{"type":"work","locality":"X"},{"type":"work","streetAddress":"old"}]}`),
	user("P-3.5.2.3-08", `{"op":"replace","path":"phoneNumbers[type eq \"pager\"].value","value":"5-55-5"}`, `{"phoneNumbers":[{"value":"5-55-5","type":"pager"}]}`, "noTarget"),
	user("P-3.5.2.3-08", `{"op":"replace","path":"phoneNumbers[type eq \"pager\"]","value":{"value":"5-55-5"}}`, `{"phoneNumbers":[{"value":"5-55-5","type":"pager"}]}`, "noTarget"),
	user("P-3.5.2.3-08", `{"op":"replace","path":"phoneNumbers[type ne \"pager\"].value","value":"5-55-5"}`, "noTarget", ""),
	user("P-3.5.2.3-09", `{"op":"replace","path":"nickName","value":null}`, `{"nickName":null}`, ""),
	user("P-3.5.2.3-09", `{"op":"replace","path":"emails","value":[]}`, `{"emails":null}`, ""),
	user("P-3.5.2.3-09", `{"op":"replace","path":"emails","value":null}`, `{"emails":null}`, ""),
	user("P-3.5.2.3-09", `{"op":"replace","path":"name","value":null}`, `{"name":null}`, ""),
	user("P-3.5.2.3-09", `{"op":"replace","path":"emails[type eq \"work\"]","value":null}`, `{"emails":[`+homeEmail+`]}`, ""),
	user("P-3.5.2.3-09", `{"op":"replace","path":"emails[type eq \"work\"]","value":[ ]}`, `{"emails":[`+homeEmail+`]}`, ""),
	user("P-3.5.2.3-09", `{"op":"replace","path":"userName","value":null}`, "mutability", ""),
	user("P-3.5.2.3-10", `{"op":"replace","path":"title"}`, "invalidSyntax", ""),
	user("P-3.5.2.3-11", `{"op":"replace","path":"meta.resourceType","value":"xyzzy"}`, "mutability", ""),
	thing("P-3.5.2.3-11", `{"op":"replace","path":"imm","value":"zebra"}`, "mutability", ""),
	user("P-3.5.2.3-12", `{"op":"replace","path":"emails","value":{"value":"a@x.example","type":"work"}}`, `{"emails":[{"value":"a@x.example","type":"work"}]}`, "invalidValue"),
	user("P-3.5.2.3-13", `{"op":"Replace","path":"nickName","value":""}`, `{"nickName":null}`, `{"nickName":""}`),
	user("P-3.5.2.3-13", `{"op":"Replace","path":"nickName","value":null}`, `{"nickName":null}`, ""),
	thing("element of a simple list", `{"op":"replace","path":"tags[value eq \"a\"]","value":"c"}`, `{"tags":["c","b"]}`, ""),
	thing("element of a simple list", `{"op":"replace","path":"tags[value eq \"a\"]","value":"B"}`, `{"tags":["B"]}`, ""),
	thing("element of a simple list", `{"op":"replace","path":"tags[value eq \"a\"]","value":null}`, `{"tags":["b"]}`, ""),
	thing("element of a simple list", `{"op":"replace","path":"tags[value eq \"c\"].value","value":"C"}`, `{"tags":["a","b","C"]}`, "noTarget"),
	thing("element of a simple list", `{"op":"replace","path":"tags[value eq \"c\"].value","value":"d"}`, "noTarget", ""),
	thing("element of a simple list, again", `{"op":"replace","path":"tags[value eq \"c\"]","value":"b"}`, `{}`, "noTarget"),
	user("what contradicts the filter", `{"op":"replace","path":"emails[type eq \"other\"].type","value":"pager"}`, "noTarget", ""),
	user("what contradicts the filter", `{"op":"add","path":"emails[type eq \"other\"]","value":{"type":"pager","value":"p@x.example"}}`, "noTarget", ""),
	user("what contradicts the filter, again", `{"op":"replace","path":"emails[type eq \"other\"]","value":{"type":"home","value":"b@home.example"}}`, `{}`, "noTarget"),
	user("S-2.4-08", `{"op":"replace","path":"emails[type eq \"home\"].value","value":"b@work.example"},{"op":"replace","path":"emails[type eq \"home\"].type","value":"work"}`,
		`{"emails":[`+workEmail+`]}`, ""),
}

// quirkTests are the forms that identity providers send. Their ids are those by
// which the quirks are known.
var quirkTests = []applyTest{
	// Entra ID.
	user("string-booleans", `{"op":"Replace","path":"active","value":"False"}`, `{"active":false}`, "invalidValue"),
	user("string-booleans", `{"op":"Replace","path":"active","value":"True"}`, `{}`, "invalidValue"),
	user("string-booleans", `{"op":"replace","path":"roles[primary eq \"True\"].display","value":"HYZQS"},{"op":"replace","path":"roles[primary eq \"True\"].value","value":"JAXMH"},{"op":"replace","path":"roles[primary eq \"True\"].type","value":"XITAK"}`,
		`{"roles":[{"value":"JAXMH","display":"HYZQS","type":"XITAK","primary":true}]}`, "invalidFilter"),
	user("custom-extension-paths", `{"op":"replace","path":"$C:contacts[primary eq true].value","value":"new"}`, `{"$C:contacts":[{"value":"new","primary":true},{"value":"b"}]}`, "").
		from(`{"userName":"b","$C":{"contacts":[{"value":"a","primary":true},{"value":"b"}]}}`),
	user("custom-extension-paths", `{"op":"replace","value":{"$C:contacts[primary eq true].value":"new"}}`, `{"$C:contacts":[{"value":"new","primary":true}]}`, "").
		from(`{"userName":"b","$C":{"contacts":[{"value":"a","primary":true}]}}`),
	user("custom-extension-paths", `{"op":"replace","path":"$C","value":{"contacts[primary eq true].value":"new"}}`, `{"$C:contacts":[{"value":"new","primary":true}]}`, "").
		from(`{"userName":"b","$C":{"contacts":[{"value":"a","primary":true}]}}`),
	user("custom-extension-paths", `{"op":"Replace","path":"$E.department","value":"Ops"}`, `{"$E:department":"Ops"}`, ""),
	user("custom-extension-paths", `{"op":"Replace","path":"$E.manager","value":"26118"}`, `{"$E:manager":{"value":"26118"}}`, "invalidValue"),
	user("custom-extension-paths", `{"op":"replace","path":"department","value":"Sales"}`, `{"$E:department":"Sales"}`, "invalidPath"),
	user("filtered-add-creates", `{"op":"Add","path":"addresses[type eq \"work\"].formatted","value":"1111 Street Rd"}`, `{"addresses":[{"formatted":"1111 Street Rd","type":"work"}]}`, ""),
	user("filtered-add-creates", `{"op":"Replace","path":"addresses[type eq \"work\"].formatted","value":"HQ"}`, `{"addresses":[{"formatted":"HQ","type":"work"}]}`, "noTarget"),
	user("filtered-add-creates, siblings kept", `{"op":"Add","path":"emails[type eq \"other\"].value","value":"o@x"},{"op":"Add","path":"emails[type eq \"other\"].value","value":"p@x"}`,
		`{"emails":[`+workEmail+`,`+homeEmail+`,{"value":"p@x","type":"other"}]}`, ""),
	user("dotted-urn-keys", `{"op":"replace","path":"emails[type eq \"work\"].value","value":"TestMhvaes@test.microsoft.com"},{"op":"replace","value":{"displayName":"Bjfe","name.givenName":"Kkom","name.familyName":"Unua","$E:employeeNumber":"Aklq"}}`,
		`{"emails":[{"value":"TestMhvaes@test.microsoft.com","type":"work","display":"Work","primary":true},`+homeEmail+`],"displayName":"Bjfe","name":{"givenName":"Kkom","familyName":"Unua"},"$E:employeeNumber":"Aklq"}`, ""),
	user("dotted-urn-keys", `{"op":"add","value":{"name.formatted":"F"}}`, `{"name":{"formatted":"F","givenName":"Barbara","familyName":"Jensen"}}`, ""),
	user("dotted-urn-keys", `{"op":"add","value":{"$E":{"manager.value":"26118"}}}`, `{"$E:manager":{"value":"26118"}}`, ""),
	user("dotted-urn-keys", `{"op":"add","value":{"emails[type eq \"work\"].value":"new@x"}}`, `{"emails":[{"value":"new@x","type":"work","display":"Work","primary":true},`+homeEmail+`]}`, ""),
	user("multi-op", `{"op":"Replace","path":"displayName","value":"Pvlo"},{"op":"Replace","path":"emails[type eq \"work\"].value","value":"TestB@test.example"},{"op":"Replace","path":"name.givenName","value":"Gtfd"},{"op":"Replace","path":"name.familyName","value":"Pkqf"},{"op":"Replace","path":"externalId","value":"Eqpj"},{"op":"Replace","path":"$E:employeeNumber","value":"Eqpj"}`,
		`{"displayName":"Pvlo","emails":[{"value":"TestB@test.example","type":"work"}],"name":{"givenName":"Gtfd","familyName":"Pkqf"},"externalId":"Eqpj","$E:employeeNumber":"Eqpj"}`, "noTarget").
		from(onlyName).failsAt(1),
	user("manager-shapes", `{"op":"Add","path":"manager","value":[{"$ref":"http://example.com/scim/Users/26118","value":"26118"}]}`, `{"$E:manager":{"value":"26118"}}`, "invalidPath"),
	user("manager-shapes", `{"op":"Add","path":"$E:manager","value":[{"$ref":null,"value":"26118"}]}`, `{"$E:manager":{"value":"26118"}}`, "invalidValue"),
	user("manager-shapes", `{"op":"add","path":"$E:manager","value":{"value":"26118"}}`, `{"$E:manager":{"value":"26118"}}`, ""),
	user("manager-shapes", `{"op":"add","path":"$E:manager.value","value":"26118"}`, `{"$E:manager":{"value":"26118"}}`, ""),
	user("manager-shapes", `{"op":"replace","path":"$E:manager.$ref","value":"http://example.com/26118"}`, `{}`, ""),
	user("manager-shapes, removed", `{"op":"replace","path":"$E:manager","value":{"value":""}}`, `{"$E:manager":null}`, `{"$E:manager":{"value":""}}`).from(`{"userName":"b","$E":{"manager":{"value":"26118"}}}`),
	user("manager-shapes, removed", `{"op":"replace","path":"$E:manager","value":{"value":null}}`, `{"$E:manager":null}`, "").from(`{"userName":"b","$E":{"manager":{"value":"26118"}}}`),
	user("manager-shapes, removed", `{"op":"replace","path":"$E:manager","value":[{"$ref":null,"value":""}]}`, `{"$E:manager":null}`, "invalidValue").from(`{"userName":"b","$E":{"manager":{"value":"26118"}}}`),
	user("manager-shapes, removed", `{"op":"Remove","path":"$E:manager"}`, `{"$E:manager":null}`, "").from(`{"userName":"b","$E":{"manager":{"value":"26118"}}}`),
	user("manager-shapes, removed", `{"op":"Remove","path":"$E:manager","value":{"value":"26118"}}`, `{"$E:manager":null}`, "").from(`{"userName":"b","$E":{"manager":{"value":"26118"}}}`),
	user("manager-shapes, removed", `{"op":"replace","path":"$E:manager","value":null}`, `{"$E:manager":null}`, "").from(`{"userName":"b","$E":{"manager":{"value":"26118"}}}`),
	user("manager-shapes, removed", `{"op":"replace","path":"$E:manager","value":[]}`, `{"$E:manager":null}`, "").from(`{"userName":"b","$E":{"manager":{"value":"26118"}}}`),
	user("clear-values", `{"op":"replace","value":{"displayName":"","name.givenName":"","$E:department":""}},{"op":"replace","path":"emails[type eq \"work\"].value","value":""}`,
		`{"displayName":null,"name":{"familyName":"Jensen"},"emails":[`+homeEmail+`],"$E:department":null}`,
		`{"displayName":"","name":{"familyName":"Jensen","givenName":""},"emails":[{"value":"","type":"work","display":"Work","primary":true},`+homeEmail+`],"$E:department":""}`).
		from(strings.TrimSuffix(user1, "}") + `,"$E":{"department":"D"}}`),
	user("clear-values", `{"op":"replace","path":"displayName","value":null},{"op":"replace","path":"emails[type eq \"work\"].value","value":null},{"op":"replace","path":"$E:department","value":null}`,
		`{"displayName":null,"emails":[`+homeEmail+`]}`, ""),
	user("clear-values of what is not there", `{"op":"replace","path":"emails[type eq \"work\"].value","value":""}`, `{}`, "noTarget").from(onlyName),
	user("clear-values of what is not there", `{"op":"replace","path":"emails[type ne \"work\"].value","value":null}`, `{}`, "noTarget").from(onlyName),
	user("clear-values of what is not there", `{"op":"replace","path":"emails[type eq \"work\"].value","value":null}`, `{}`, "").from(`{"userName":"b","emails":[{"type":"work","primary":true}]}`),
	user("clear-values of what is not there", `{"op":"add","path":"emails[type eq \"work\"]","value":{"value":null}}`, `{}`, "").from(`{"userName":"b","emails":[{"type":"work","primary":true}]}`),
	user("clear-values", `{"op":"add","path":"emails[type eq \"work\"]","value":{"value":""}}`, `{"emails":[`+homeEmail+`]}`, `{"emails":[{"value":"","type":"work","display":"Work","primary":true},`+homeEmail+`]}`),
	user("clear-values", `{"op":"add","path":"emails[type eq \"work\"]","value":{"display":null}}`, `{"emails":[{"value":"b@work.example","type":"work","primary":true},`+homeEmail+`]}`, ""),
	user("clear-values", `{"op":"replace","path":"emails","value":[{"value":""}]}`, `{"emails":null}`, `{"emails":[{"value":""}]}`),
	user("nulls-unknowns", `{"op":"add","path":"addresses","value":[{"type":"work","locality":null,"region":null,"country":"SE","adres":"x"}]}`, `{"addresses":[{"type":"work","country":"SE"}]}`, "invalidSyntax"),
	user("nulls-unknowns", `{"op":"replace","value":{"nickName":"x","adreses":[{"a":1}],"user_mobile":"+46 1234","a b":"x y z"}}`, `{"nickName":"x"}`, "invalidSyntax"),
	user("value-shape", `{"op":"Replace","path":"displayName","value":[{"$ref":null,"value":"Peter Hansen"}]}`, `{"displayName":"Peter Hansen"}`, "invalidValue"),
	user("value-shape", `{"op":"replace","path":"emails[type eq \"work\"]","value":[{"value":"n@x.example"}]}`, `{"emails":[{"value":"n@x.example","type":"work"},`+homeEmail+`]}`, "invalidValue"),
	user("value-shape", `{"op":"replace","path":"emails[type eq \"work\"]","value":[{"value":"n@x.example"},{"value":"m@x.example"}]}`, "invalidValue", ""),
	user("value-shape", `{"op":"replace","value":{"name":[{"givenName":"K"}]}}`, `{"name":{"givenName":"K","familyName":"Jensen"}}`, "invalidValue"),
	user("roles", `{"op":"Add","path":"roles","value":[{"value":"{\"id\":\"06b0\",\"value\":\"25\",\"displayName\":\"Role1234\"}"}]}`, `{"roles":[{"value":"{\"id\":\"06b0\",\"value\":\"25\",\"displayName\":\"Role1234\"}"}]}`, ""),
	user("roles", `{"op":"replace","path":"roles","value":[{"primary":false,"type":"W","display":"Admin","value":"Admin"},{"primary":false,"type":"W","display":"User","value":"User"}]}`,
		`{"roles":[{"primary":false,"type":"W","display":"Admin","value":"Admin"},{"primary":false,"type":"W","display":"User","value":"User"}]}`, ""),
	user("store-as-sent", `{"op":"Replace","path":"name.familyName","value":" User X"}`, `{"name":{"givenName":"Barbara","familyName":" User X"}}`, ""),
	user("rename-stable-id", `{"op":"Replace","path":"userName","value":"other@example.com"}`, `{"userName":"other@example.com"}`, ""),
	user("36 operations", validatorOps, validatorWant, "invalidFilter").from(onlyName).failsAt(3),

	// Okta, authentik, SailPoint.
	user("deactivate-pathless", `{"op":"replace","value":{"active":false}}`, `{"active":false}`, ""),
	user("deactivate-pathless", `{"op":"add","value":{"active":false}}`, `{"active":false}`, ""),
	user("id-in-patch-value", `{"op":"replace","value":{"schemas":["x"],"id":"u1","displayName":"admins","externalId":"pk-1"}}`, `{"displayName":"admins","externalId":"pk-1"}`, ""),
	user("id-in-patch-value", `{"op":"replace","value":{"displayName":"admins","id":"other"}}`, "mutability", ""),
	user("id-in-patch-value", `{"op":"replace","value":{"displayName":"admins","id":null}}`, `{"displayName":"admins"}`, ""),
	user("id-in-patch-value", `{"op":"replace","value":{"displayName":"admins","id":12345}}`, "mutability", ""),
	user("put-readonly-echo", `{"op":"replace","value":{"meta":{"version":"v1.0"},"groups":[],"nickName":"x"}}`, `{"nickName":"x"}`, "mutability"),
	user("put-readonly-echo", `{"op":"replace","path":"$E","value":{"manager.displayName":"Someone"}}`, `{}`, "mutability"),
}

// validatorOps is the longest request of Microsoft's validator; what is alike is
// left out.
const (
	validatorOps = `{"op":"replace","path":"active","value":true},{"op":"replace","path":"displayName","value":"ZJQYB"},
		{"op":"replace","path":"title","value":"HVTLN"},{"op":"replace","path":"roles[primary eq \"True\"].display","value":"HYZQS"},
		{"op":"replace","path":"emails[type eq \"work\"].value","value":"edythe@bogan.ca"},{"op":"replace","path":"emails[type eq \"work\"].primary","value":true},
		{"op":"replace","path":"addresses[type eq \"work\"].formatted","value":"ZOWWF"},{"op":"replace","path":"addresses[type eq \"work\"].postalCode","value":"uf44 3bh"},
		{"op":"replace","path":"phoneNumbers[type eq \"work\"].value","value":"22-183-2139"},{"op":"replace","path":"phoneNumbers[type eq \"work\"].primary","value":true},
		{"op":"replace","path":"phoneNumbers[type eq \"mobile\"].value","value":"22-183-2139"},{"op":"replace","path":"phoneNumbers[type eq \"fax\"].value","value":"22-183-2139"},
		{"op":"replace","path":"roles[primary eq \"True\"].value","value":"JAXMH"},{"op":"replace","path":"profileUrl","value":"LOEYG"}`
	validatorWant = `{"active":true,"displayName":"ZJQYB","title":"HVTLN","profileUrl":"LOEYG",
		"emails":[{"value":"edythe@bogan.ca","type":"work","primary":true}],
		"addresses":[{"formatted":"ZOWWF","postalCode":"uf44 3bh","type":"work"}],
		"phoneNumbers":[{"value":"22-183-2139","type":"work","primary":true},{"value":"22-183-2139","type":"mobile"},{"value":"22-183-2139","type":"fax"}],
		"roles":[{"value":"JAXMH","display":"HYZQS","primary":true}]}`
)

// weakTests are where implementations go wrong.
var weakTests = []applyTest{
	// Extensions that have required attributes, or are required.
	user("optional extension with a required attribute goes", `{"op":"remove","path":"$N"}`, `{"$N:needed":null,"$N:other":null}`, "").
		from(`{"userName":"b","$N":{"needed":"x","other":"y"}}`),
	user("required attribute of an extension", `{"op":"remove","path":"$N:needed"}`, "mutability", "").
		from(`{"userName":"b","$N":{"needed":"x","other":"y"}}`),
	user("required attribute of an extension, with it", `{"op":"remove","path":"$N:needed"},{"op":"remove","path":"$N:other"}`, `{"$N:needed":null,"$N:other":null}`, "").
		from(`{"userName":"b","$N":{"needed":"x","other":"y"}}`),
	user("required attribute of a new extension", `{"op":"add","path":"nickName","value":"x"},{"op":"add","path":"$N:other","value":"y"}`, "invalidValue", "").failsAt(1),
	user("required attribute of a new extension", `{"op":"add","path":"$N","value":{"other":"y","needed":"z"}}`, `{"$N:other":"y","$N:needed":"z"}`, ""),
	user("incomplete before", `{"op":"replace","path":"nickName","value":"x"}`, `{"nickName":"x"}`, "").from(`{"$N":{"other":"y"}}`),
	thing("required extension", `{"op":"remove","path":"$M"}`, "mutability", ""),
	thing("required extension", `{"op":"remove","path":"$M:a"}`, "mutability", ""),
	thing("required extension", `{"op":"remove","path":"$M"},{"op":"add","path":"$M:b","value":"y"}`, `{"$M:a":null,"$M:b":"y"}`, ""),
	thing("required extension missing before", `{"op":"replace","path":"num","value":5}`, `{"num":5}`, "").from(`{"name":"t"}`),

	// Required sub-attributes.
	thing("required sub-attribute", `{"op":"remove","path":"lock.key"}`, "mutability", "").from(`{"name":"t","lock":{"key":"k","note":"n"},"$M":{"a":"x"}}`),
	thing("required sub-attribute", `{"op":"replace","path":"lock","value":{"key":null}}`, "mutability", "").from(`{"name":"t","lock":{"key":"k","note":"n"},"$M":{"a":"x"}}`),
	thing("required sub-attribute", `{"op":"add","path":"lock","value":{"note":"xyzzy"}}`, "invalidValue", ""),
	thing("required sub-attribute", `{"op":"remove","path":"lock"}`, `{"lock":null}`, "").from(`{"name":"t","lock":{"key":"k"},"$M":{"a":"x"}}`),
	thing("required sub-attribute", `{"op":"add","path":"parts","value":[{"code":"c"},{"note":"xyzzy"}]}`, "invalidValue", ""),
	thing("required sub-attribute missing before", `{"op":"add","path":"parts","value":[{"code":"c"}]}`, `{"parts":[{"note":"n"},{"code":"c"}]}`, "").
		from(`{"name":"t","parts":[{"note":"n"}],"$M":{"a":"x"}}`),

	// An extension that goes and comes.
	user("remove of an extension, then add", `{"op":"add","path":"$E:department","value":"A"},{"op":"remove","path":"$E"},{"op":"add","path":"$E:division","value":"B"}`,
		`{"$E:costCenter":null,"$E:division":"B"}`, "").from(`{"userName":"b","$E":{"costCenter":"C"}}`),
	user("lists and the extension they are in", `{"op":"add","path":"$C:contacts","value":{"value":"a"}},{"op":"add","path":"emails","value":{"value":"e"}},{"op":"remove","path":"$C"},{"op":"add","path":"emails","value":{"value":"f"}},{"op":"add","path":"$C:contacts","value":{"value":"b"}}`,
		`{"emails":[{"value":"e"},{"value":"f"}],"$C:contacts":[{"value":"b"}]}`, "").from(`{"userName":"b","$C":{"contacts":[{"value":"z"}]}}`),

	// Keys of open extensions: names ignore case, and may be anything.
	user("open extension", `{"op":"add","path":"$O:team","value":"red"},{"op":"replace","path":"$O:TEAM","value":"blue"}`, `{"$O:TEAM":"blue"}`, ""),
	user("open extension", `{"op":"remove","path":"$O:TEAM"}`, `{"$O:team":null}`, "").from(`{"userName":"b","$O":{"team":"red"}}`),
	user("open extension", `{"op":"add","path":"$O","value":{"a key.with [odd] \"characters\"":"x","b":"y"}}`, `{"$O:a key.with [odd] \"characters\"":"x","$O:b":"y"}`, ""),
	user("open extension", `{"op":"add","value":{"$O:a key":"x"}}`, `{"$O:a key":"x"}`, ""),
	user("open extension", `{"op":"add","path":"$O","value":{"a key":null}}`, `{"$O:a key":null}`, "").from(`{"userName":"b","$O":{"a key":"red"}}`),
	user("open extension", `{"op":"remove","path":"$O"}`, `{"$O:a":null,"$O:b c":null}`, "").from(`{"userName":"b","$O":{"a":"1","b c":"2"}}`),
	user("open extension of lists", `{"op":"add","path":"$L:team","value":"red"},{"op":"add","path":"$L:TEAM","value":["blue","RED"]}`, `{"$L:team":["red","blue"]}`, ""),
	user("open extension of lists", `{"op":"remove","path":"$L:Team[value eq \"red\"]"},{"op":"add","path":"$L:tEam","value":["green"]}`, `{"$L:team":["blue","green"]}`, "").
		from(`{"userName":"b","$L":{"team":["red","blue"]}}`),
	user("open extension, twice", `{"op":"add","path":"$O","value":{"Team":"xyzzy","team":"zyxxy"}}`, "invalidSyntax", ""),

	// References.
	thing("reference without its value", `{"op":"remove","path":"boss.value"}`, `{"boss":null}`, "").from(`{"name":"t","boss":{"value":"u1"},"$M":{"a":"x"}}`),
	thing("reference without its value", `{"op":"remove","path":"boss.value"}`, `{"boss":{"note":"n"}}`, "").from(`{"name":"t","boss":{"value":"u1","note":"n"},"$M":{"a":"x"}}`),
	user("P-3.5.2-23 makes two the same", `{"op":"add","path":"addresses","value":{"locality":"Z","primary":true}}`,
		`{"addresses":[{"locality":"X","primary":false},{"locality":"Y"},{"locality":"Z","primary":true}]}`, "").
		from(`{"userName":"b","addresses":[{"locality":"X","primary":true},{"locality":"X","primary":false},{"locality":"Y"}]}`),
	thing("replaced by nothing that counts", `{"op":"replace","path":"owners","value":[{"type":null}]}`, "invalidValue", ""),
	thing("replaced by nothing that counts", `{"op":"replace","path":"owners","value":{}}`, "invalidValue", ""),
	thing("replaced by nothing", `{"op":"replace","path":"owners","value":[]}`, `{"owners":null}`, "").from(`{"name":"t","owners":[{"value":"o1"}],"$M":{"a":"x"}}`),

	// A password is split off; there is no way to take it away.
	user("password", `{"op":"replace","path":"password","value":"t1meMa$heen"}`, `{}`, ""),
	user("password", `{"op":"add","value":{"password":null,"nickName":"x"}}`, `{"nickName":"x"}`, ""),
	user("password", `{"op":"add","path":"password","value":""},{"op":"remove","path":"password"}`, `{}`, ""),
	user("password", `{"op":"add","path":"password","value":["xyzzy"]}`, "invalidValue", ""),
	user("password", `{"op":"add","path":"password","value":"xyzzy\u0000"}`, "invalidValue", ""),

	// Writing what is never read.
	thing("writeOnly", `{"op":"replace","path":"wo","value":"hush"}`, `{"wo":"hush"}`, ""),
	thing("readOnly", `{"op":"replace","value":{"ro":"hush","name":"n"}}`, `{"name":"n"}`, "mutability").from(`{"name":"t","ro":"r","$M":{"a":"x"}}`),
}

func TestApply(t *testing.T) {
	for _, test := range applyTests {
		for name, o := range map[string]patch.Options{"tolerant": {}, "strict": patch.Strict()} {
			t.Run(test.id+" "+name, func(t *testing.T) { test.run(t, o, test.expect(name == "strict")) })
		}
	}
}

func (a applyTest) expect(strict bool) string {
	if strict && a.strict != "" {
		return macros.Replace(a.strict)
	}
	return macros.Replace(a.want)
}

func (a applyTest) run(t *testing.T, o patch.Options, want string) {
	old := resource(t, a.typ, a.old)
	before, request := show(old), body(a.ops)
	req, err := patch.Decode(a.typ, request, o)
	var got patch.Result
	if err == nil {
		got, err = patch.Apply(old, req.Ops, o)
	}
	assert.Equal(t, before, show(old), "the resource that came in was changed")
	notRepeated(t, request, req.Notes, err)
	if isError(want) {
		require.Error(t, err)
		e := asError(t, err)
		assert.Equal(t, want, string(e.Type), e)
		assert.Equal(t, a.at, e.Index, e)
		assert.Contains(t, e.Error(), fmt.Sprintf("Operations[%d]", a.at))
		assert.Zero(t, got)
		return
	}
	require.NoError(t, err)
	checkChanged(t, old, got, want)
	checkAgain(t, a.typ, old, req.Ops, got, o)
}

// checkChanged holds a result to the attributes that shall differ.
func checkChanged(t *testing.T, old *schema.Resource, got patch.Result, want string) {
	t.Helper()
	var values map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(want), &values), want)
	maps.DeleteFunc(values, func(path string, v json.RawMessage) bool {
		return cmp.Equal(plain(t, valueAt(t, old, path)), plain(t, v))
	})
	paths := slices.Sorted(maps.Keys(values))
	changed := slices.Sorted(slices.Values(got.Changed))
	assert.Equal(t, len(paths), len(changed), "changed: %v", changed)
	for i := range min(len(paths), len(changed)) {
		assert.Equal(t, strings.ToLower(paths[i]), strings.ToLower(changed[i]))
	}
	for path, v := range values {
		assert.JSONEq(t, string(v), string(valueAt(t, got.Resource, path)), path)
	}
	if len(values) == 0 {
		assert.True(t, old == got.Resource, "nothing changes, but the resource is another")
	}
	for _, a := range old.Type().Attrs() {
		if a.Path() != "schemas" && !slices.Contains(got.Changed, a.Path()) {
			assert.True(t, old.Value(a).Identical(got.Resource.Value(a)), "%s was not to change", a.Path())
		}
	}
}

func valueAt(t *testing.T, r *schema.Resource, path string) json.RawMessage {
	a, ok := r.Type().Attr(path)
	require.True(t, ok, path)
	return r.Value(a).AppendJSON(nil)
}

// checkAgain holds that operations that are marshalled and decoded do the same.
func checkAgain(t *testing.T, typ *schema.Type, old *schema.Resource, ops []patch.Op, want patch.Result, o patch.Options) {
	t.Helper()
	if len(ops) == 0 {
		return
	}
	var texts []string
	for _, op := range ops {
		text, err := json.Marshal(op)
		require.NoError(t, err)
		texts = append(texts, string(text))
	}
	req, err := patch.Decode(typ, body(strings.Join(texts, ",")), o)
	require.NoError(t, err, "marshalled: %s", texts)
	got, err := patch.Apply(old, req.Ops, o)
	require.NoError(t, err, "marshalled: %s", texts)
	assert.Equal(t, show(want.Resource), show(got.Resource), "marshalled: %s", texts)
}

func TestPassword(t *testing.T) {
	r := resource(t, richType, user1)
	got, err := decodeAndApply(r, body(`{"op":"add","value":{"password":"first"}},{"op":"Replace","path":"password","value":"second"}`), patch.Options{})
	require.NoError(t, err)
	assert.Equal(t, "second", got.Password.Reveal())
	assert.Empty(t, got.Changed)
	assert.True(t, r == got.Resource)
	got, err = decodeAndApply(r, body(`{"op":"replace","value":{"password":"s3cret","nickName":"x"}}`), patch.Options{})
	require.NoError(t, err)
	assert.Equal(t, "s3cret", got.Password.Reveal())
	assert.Equal(t, []string{"nickName"}, got.Changed)
	got, err = decodeAndApply(r, body(oneOp), patch.Options{})
	require.NoError(t, err)
	assert.False(t, got.Password.IsSet())
}

// TestReadOnlySubAttribute: what the application keeps beside a reference goes with
// it, what it keeps elsewhere stays.
func TestReadOnlySubAttribute(t *testing.T) {
	boss, _ := thingType.Attr("boss")
	box, _ := thingType.Attr("box")
	b := resource(t, thingType, thing1).Edit()
	for a, v := range map[*schema.Attr]map[string]any{
		boss: {"value": "u1", "displayName": "Ann"},
		box:  {"size": "L", "ro": "x"},
	} {
		made, err := a.Make(v)
		require.NoError(t, err)
		b.Put(a, made)
	}
	r, err := b.Build()
	require.NoError(t, err)
	for ops, want := range map[string]string{
		`{"op":"replace","path":"boss","value":{"value":""}}`:   `null {"size":"L","ro":"x"}`,
		`{"op":"remove","path":"boss.value"}`:                   `null {"size":"L","ro":"x"}`,
		`{"op":"replace","path":"boss","value":{"value":"u2"}}`: `{"value":"u2","displayName":"Ann"} {"size":"L","ro":"x"}`,
		`{"op":"remove","path":"box.size"}`:                     `{"value":"u1","displayName":"Ann"} {"ro":"x"}`,
		`{"op":"remove","path":"box"}`:                          `{"value":"u1","displayName":"Ann"} null`,
	} {
		got, err := decodeAndApply(r, body(ops), patch.Options{})
		require.NoError(t, err)
		assert.Equal(t, want, string(got.Resource.Value(boss).AppendJSON(nil))+" "+string(got.Resource.Value(box).AppendJSON(nil)), ops)
	}
}

// TestHandMade: operations that no request can have are errors, not panics.
func TestHandMade(t *testing.T) {
	name, _ := groupType.Attr("displayName")
	v, err := name.Make("x")
	require.NoError(t, err)
	op := patch.Op{Kind: patch.Replace, Target: filter.Target{Attr: name}, Value: v}
	_, err = patch.Apply(resource(t, richType, user1), []patch.Op{op}, patch.Options{})
	assert.Equal(t, -1, asError(t, err).Index)
	many := make([]patch.Op, 300)
	for i := range many {
		many[i] = op
	}
	_, err = patch.Apply(resource(t, richType, user1), many, patch.Options{})
	asError(t, err)
	_, err = patch.Apply(resource(t, groupType, group1), many, patch.Options{})
	require.NoError(t, err)
}

// TestNestedURNs: a key may read as if it were of another extension. It is still
// one of its own.
func TestNestedURNs(t *testing.T) {
	typ := schema.MustCompile(schema.TypeConfig{Name: "User", Schema: schema.User(), Extensions: []schema.Extension{
		{Schema: schema.Schema{ID: "urn:ex:a", Open: &schema.Attribute{}}},
		{Schema: schema.Schema{ID: "urn:ex:a:b", Attributes: []schema.Attribute{{Name: "d"}}}},
	}})
	r := resource(t, typ, `{"userName":"b","urn:ex:a":{"b:c":"1"}}`)
	got, err := decodeAndApply(r, body(`{"op":"replace","path":"urn:ex:a","value":{"b:c":"2","b:d":"3"}},{"op":"add","path":"urn:ex:a:b:d","value":"4"}`), patch.Options{})
	require.NoError(t, err)
	assert.Equal(t, `{"schemas":["`+schema.UserURN+`","urn:ex:a","urn:ex:a:b"],"userName":"b","urn:ex:a":{"b:c":"2","b:d":"3"},"urn:ex:a:b":{"d":"4"}}`, got.Resource.String())
	assert.NotPanics(t, func() { patch.Diff(r, got.Resource) })
}
