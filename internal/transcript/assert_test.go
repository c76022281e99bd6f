package transcript

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// assertionTests are one line each: an assertion, bodies of which it holds,
// and bodies of which it doesn't.
var assertionTests = []struct {
	assertion string
	good, bad []string
}{
	{
		`{"ptr":"/n","eq":1}`,
		[]string{`{"n":1}`, `{"n":1.0}`},
		[]string{`{"n":"1"}`, `{"n":2}`, `{"n":true}`, `{"n":null}`, `{}`, `{"N":1}`},
	}, {
		`{"ptr":"/active","eq":false}`,
		[]string{`{"active":false}`},
		[]string{`{"active":"false"}`, `{"active":"False"}`, `{"active":0}`, `{"active":true}`, `{}`},
	}, {
		`{"ptr":"/n","eq":null}`,
		[]string{`{"n":null}`},
		[]string{`{}`, `{"n":""}`},
	}, {
		`{"ptr":"/a","eq":{"x":[1,"2"]}}`,
		[]string{`{"a":{"x":[1,"2"]}}`},
		[]string{`{"a":{"x":["2",1]}}`, `{"a":{"x":[1,"2"],"y":1}}`},
	}, {
		`{"ptr":"/a","absent":true}`,
		[]string{`{}`, `{"b":1}`},
		[]string{`{"a":1}`, `{"a":null}`, `{"a":[]}`},
	}, {
		`{"ptr":"/a","emptyOrAbsent":true}`,
		[]string{`{}`, `{"a":null}`, `{"a":""}`, `{"a":[]}`, `{"a":{}}`, `{"a":{"b":"","c":null,"d":{"e":[]}}}`},
		[]string{`{"a":"x"}`, `{"a":0}`, `{"a":false}`, `{"a":[""]}`, `{"a":{"b":"","c":"x"}}`},
	}, {
		`{"ptr":"/a","exists":true}`,
		[]string{`{"a":1}`, `{"a":""}`, `{"a":false}`, `{"a":[]}`},
		[]string{`{}`, `{"a":null}`, `{"b":{"a":1}}`},
	}, {
		`{"ptr":"/a","isNumber":true}`,
		[]string{`{"a":0}`, `{"a":1.5}`},
		[]string{`{"a":"0"}`, `{"a":null}`, `{"a":[0]}`, `{}`},
	}, {
		`{"ptr":"/a","gte":2}`,
		[]string{`{"a":2}`, `{"a":3}`},
		[]string{`{"a":1}`, `{"a":"3"}`, `{}`},
	}, {
		`{"ptr":"/a","len":0}`,
		[]string{`{"a":[]}`, `{"a":null}`, `{}`},
		[]string{`{"a":[1]}`, `{"a":""}`, `{"a":{}}`},
	}, {
		`{"ptr":"/a","len":2}`,
		[]string{`{"a":[1,2]}`},
		[]string{`{"a":[1]}`, `{"a":[1,2,3]}`, `{}`},
	}, {
		`{"ptr":"/a","lenLte":1}`,
		[]string{`{"a":[1]}`, `{"a":[]}`, `{}`},
		[]string{`{"a":[1,2]}`, `{"a":"x"}`},
	}, {
		`{"ptr":"/a","contains":"x"}`,
		[]string{`{"a":["w","x"]}`},
		[]string{`{"a":["X"]}`, `{"a":"x"}`, `{"a":[]}`, `{}`},
	}, {
		`{"ptr":"/a","anyMatch":{"type":"work","primary":true}}`,
		[]string{`{"a":[{"type":"home"},{"type":"work","primary":true,"value":"v"}]}`},
		[]string{
			`{"a":[{"type":"work"},{"primary":true}]}`, `{"a":[{"type":"work","primary":"true"}]}`,
			`{"a":{"type":"work","primary":true}}`, `{"a":["work"]}`, `{"a":[]}`, `{}`,
		},
	}, {
		`{"ptr":"/a","setEqBy":"value","eq":["1","2"]}`,
		[]string{`{"a":[{"value":"1"},{"value":"2"}]}`, `{"a":[{"value":"2","x":1},{"value":"1"}]}`},
		[]string{
			`{"a":[{"value":"1"}]}`, `{"a":[{"value":"1"},{"value":"2"},{"value":"3"}]}`,
			`{"a":[{"value":"1"},{"value":"2"},{"value":"2"}]}`, `{"a":[{"value":"1"},{"x":"2"}]}`,
			`{"a":[{"value":"1"},"2"]}`, `{"a":[{"value":1},{"value":2}]}`, `{"a":{"value":"1"}}`, `{}`,
		},
	}, {
		`{"ptr":"/a","setEqBy":"value","eq":[]}`,
		[]string{`{}`, `{"a":[]}`, `{"a":null}`},
		[]string{`{"a":[{"value":"1"}]}`, `{"a":""}`},
	}, {
		`{"ptr":"","exists":true}`,
		[]string{`{}`},
		[]string{`null`},
	}, {
		`{"ptr":"/urn:x:2.0:User/a~1b/1/c~0d~01","eq":1}`,
		[]string{`{"urn:x:2.0:User":{"a/b":[0,{"c~d~1":1}]}}`},
		[]string{`{"urn:x:2.0:User":{"a/b":[{"c~d~1":1}]}}`, `{"urn:x:2.0:User":{"a/b":{"0":1}}}`, `{"urn:x:2.0:User":1}`},
	}, {
		`{"ptr":"/a/x","exists":true}`,
		[]string{`{"a":{"x":1}}`},
		[]string{`{"a":[1]}`, `{"a":"x"}`},
	}, {
		`{"ptr":"/a/-1","exists":true}`,
		[]string{`{"a":{"-1":1}}`},
		[]string{`{"a":[1]}`},
	},
}

func TestAssertions(t *testing.T) {
	seen := map[Kind]bool{}
	for _, tt := range assertionTests {
		var a Assertion
		require.NoError(t, json.Unmarshal([]byte(tt.assertion), &a))
		seen[a.Kind] = true

		for _, body := range tt.good {
			assert.Empty(t, playOne(t, tt.assertion, body), "%s of %s", tt.assertion, body)
		}
		for _, body := range tt.bad {
			failures := playOne(t, tt.assertion, body)
			if assert.Len(t, failures, 1, "%s of %s", tt.assertion, body) {
				assert.Contains(t, failures[0].Want, string(a.Kind))
			}
		}
	}
	for _, kind := range []Kind{
		Eq, Absent, EmptyOrAbsent, Exists, IsNumber, GTE, Len, LenLTE, Contains, AnyMatch, SetEqBy,
	} {
		assert.True(t, seen[kind], "%s is not tested", kind)
	}
}

// playOne plays a transcript of one request with one assertion against a
// server that answers 200 with the body.
func playOne(t *testing.T, assertion, body string) []*Failure {
	t.Helper()
	p := startServer(t, answer{200, body})
	return p.Play(t.Context(), parse(t, fmt.Sprintf(
		`{"method":"GET","path":"/x","expect":{"status":[200],"assert":[%s]}}`, assertion)))
}

func TestAssertionOfAnUnknownKindNeverHolds(t *testing.T) {
	a := Assertion{Kind: "new"}
	assert.False(t, a.holds(nil, true, nil))
}

func TestFailureSaysWhatWasThere(t *testing.T) {
	for _, tt := range []struct{ assertion, body, want, got string }{
		{`{"ptr":"/n","eq":1}`, `{"n":"1"}`, `/n eq 1`, `"1"`},
		{`{"ptr":"/n","absent":true}`, `{"n":null}`, `/n absent`, `null`},
		{`{"ptr":"/n","exists":true}`, `{}`, `/n exists`, `nothing there`},
		{`{"ptr":"","eq":1}`, `[]`, `the body eq 1`, `[]`},
		{`{"ptr":"/m","setEqBy":"value","eq":[ "1" ]}`, `{"m":[]}`, `/m setEqBy value ["1"]`, `[]`},
	} {
		failures := playOne(t, tt.assertion, tt.body)
		require.Len(t, failures, 1, tt.assertion)
		assert.Equal(t, tt.want, failures[0].Want)
		assert.Equal(t, tt.got, failures[0].Got)
	}
}
