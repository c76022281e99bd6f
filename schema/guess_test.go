package schema_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/schema"
)

// TestGuesses: whatever came before, and in whatever order, case and spacing names stand,
// the same is read.
func TestGuesses(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	object := func(members ...string) string {
		members = slices.Clone(members)
		r.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
		for i, m := range members {
			name, value, _ := strings.Cut(m, ":")
			before, behind := "", ""
			switch r.IntN(6) {
			case 0:
				name = strings.ToUpper(name)
			case 1:
				before = " "
			case 2:
				behind = " "
			}
			members[i] = `"` + name + `"` + before + ":" + behind + value
		}
		return "{" + strings.Join(members, ",") + "}"
	}
	user := func() string {
		return object("userName:\"u\"", "active:true", "unknown:{}", "title:null",
			"name:"+object("givenName:\"g\"", "familyName:\"f\""),
			"emails:["+object("value:\"a\"", "type:\"work\"")+","+object("value:\"b\"", "primary:true", "odd:1")+"]")
	}
	users, groups := schema.UserType(), schema.GroupType()
	want := decode(t, users, user())
	require.Equal(t, `{"schemas":["`+schema.UserURN+`"],"userName":"u","name":{"familyName":"f","givenName":"g"},"active":true,`+
		`"emails":[{"value":"a","type":"work"},{"value":"b","primary":true}]}`, want.String())
	for range 2000 {
		text := user()
		require.True(t, want.Equal(decode(t, users, text)), text)
		if r.IntN(4) == 0 {
			require.Equal(t, "g", decode(t, groups, object("displayName:\"g\"", "active:1")).Get("displayName").String())
		}
	}
	_, err := schema.Decode(users, []byte(`{"userName":"u","userName":"v"}`), schema.Decoding{})
	require.ErrorContains(t, err, "is there twice")
}
