package schema_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/schema"
)

func TestParseTime(t *testing.T) {
	for text, want := range map[string]string{ // S-2.3.5-02; no want is S-2.3.5-01
		"2008-01-23T04:56:22Z":          "2008-01-23T04:56:22Z",
		"2008-01-23T04:56:22":           "2008-01-23T04:56:22Z",
		"2008-01-23T04:56:22.5":         "2008-01-23T04:56:22.5Z",
		"2008-01-23T04:56:22.123456Z":   "2008-01-23T04:56:22.123456Z",
		"2008-01-23T06:56:22+02:00":     "2008-01-23T04:56:22Z",
		"2008-01-23T06:56:22.25+14:00":  "2008-01-22T16:56:22.25Z",
		"2008-01-23T04:56:22-00:00":     "2008-01-23T04:56:22Z",
		"0001-01-01T00:00:00Z":          "0001-01-01T00:00:00Z",
		"2008-12-31T24:00:00Z":          "2009-01-01T00:00:00Z",
		"2008-12-31T24:00:00.000":       "2009-01-01T00:00:00Z",
		"2008-12-31T24:00:00+01:00":     "2008-12-31T23:00:00Z",
		"2008-12-31T24:00:00.5Z":        "",
		"2008-12-31T24:00:01Z":          "",
		"2008-12-32T24:00:00Z":          "",
		"2008-01-23T4:56:22Z":           "",
		"2008-01-23T4:56:22":            "",
		"2008-01-23T04:56:22,5Z":        "",
		"2008-01-23T04:56:22+02:60":     "",
		"2008-01-23T04:56:22+25:00":     "",
		"2008-01-23T04:56:22+0200":      "",
		"2008-01-23T04:56:22ZZ":         "",
		"2008-01-23T04:56:22.Z":         "",
		"2008-01-23T04:56:60Z":          "",
		"2008-01-23T04:56Z":             "",
		"2008-01-23t04:56:22z":          "",
		"2008-02-30T04:56:22Z":          "",
		"2008-1-23T04:56:22Z":           "",
		"12008-01-23T04:56:22Z":         "",
		"2008-01-23T04:56:22 ":          "",
		"2008-01-23":                    "",
		"2008-01-23T":                   "",
		"T24:00:00":                     "",
		"":                              "",
		"2008-01-23T24:00:00T24:00:00Z": "",
	} {
		got, ok := schema.ParseTime(text)
		if assert.Equal(t, want != "", ok, text) && ok {
			assert.Equal(t, want, schema.FormatTime(got), text)
		}
	}
}

func TestFormatTimeYears(t *testing.T) {
	for want, at := range map[string]time.Time{
		"0999-01-01T00:00:00Z":  time.Date(999, 1, 1, 0, 0, 0, 999, time.UTC),
		"10000-01-01T00:00:00Z": time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
		"2026-01-02T03:04:05Z":  time.Date(2026, 1, 2, 3, 4, 5, 999, time.UTC),
		// Microseconds at most, and no zeros at the end.
		"2026-01-02T03:04:05.00001Z": time.Date(2026, 1, 2, 3, 4, 5, 10_999, time.UTC),
	} {
		assert.Equal(t, want, schema.FormatTime(at))
	}
}

func TestDecodeBinary(t *testing.T) {
	for text, want := range map[string]string{"TWFu": "Man", "TWE=": "Ma", "TWE": "Ma", "TQ==": "M", "": "", "-_-_": "\xfb\xff\xbf", "+/+/": "\xfb\xff\xbf"} {
		got, err := schema.DecodeBinary(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, string(got), text)
	}
	for _, text := range []string{"!", "T", "TW F", "TW=F", "-_+/", "ä"} {
		_, err := schema.DecodeBinary(text)
		assert.Error(t, err, text)
	}
}

func TestViews(t *testing.T) {
	typ := schema.UserType()
	u := schema.AsUser(decode(t, typ, `{"userName":"BJensen","displayName":"Babs","userType":"Employee","active":false,
		"name":{"givenName":"Barbara","familyName":"Jensen"},
		"emails":[{"value":"home@x","type":"home"},{"type":"other"},{"value":"work@x","type":"work","primary":true}],
		"`+schema.EnterpriseUserURN+`":{"manager":{"value":"m1"}}}`))
	assert.Equal(t, "BJensen", u.UserName())
	assert.Equal(t, "Babs", u.DisplayName())
	assert.Equal(t, "Employee", u.UserType())
	assert.Equal(t, "Barbara", u.GivenName())
	assert.Equal(t, "Jensen", u.FamilyName())
	assert.Equal(t, "m1", u.Manager())
	assert.Equal(t, "work@x", u.Email())
	assert.False(t, u.Active())
	var emails []string
	for kind, address := range u.Emails() {
		emails = append(emails, kind+" "+address)
	}
	assert.Equal(t, []string{"home home@x", "other ", "work work@x"}, emails)
	for range u.Emails() {
		break
	}

	u = schema.AsUser(decode(t, typ, `{"emails":[{"type":"other"},{"value":"a@x"},{"value":"b@x"}]}`))
	assert.True(t, u.Active(), "a user of whom nothing is said is active")
	assert.Equal(t, "a@x", u.Email())
	assert.Empty(t, schema.AsUser(decode(t, typ, `{}`)).Email())
	assert.Empty(t, u.Manager())
	assert.Equal(t, "g", schema.AsGroup(decode(t, schema.GroupType(), `{"displayName":"g"}`)).DisplayName())
}
