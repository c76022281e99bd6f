package token_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/token"
)

func TestBasic(t *testing.T) {
	each(t, func(t *testing.T, s scim.StateStore) {
		i := open(t, s, &clock{now: start})
		_, plain := i.issue(token.Issue{Connection: "plain"})
		_, named := i.issue(token.Issue{Connection: "named", UserName: "azure-connector"})
		for _, tt := range []struct {
			userName       string // of the application
			name, password string
			want           string // the connection, or the reason of the refusal
		}{
			{"scim", "scim", plain, "plain"},
			{"scim", "scim", " " + plain + "\n", "plain"}, // pasted
			{"scim", "", plain, "wrong user name"},
			{"scim", "SCIM", plain, "wrong user name"},
			{"", "anything", plain, "plain"},
			{"", "", plain, "plain"},
			{"scim", "azure-connector", named, "named"},
			{"", "azure-connector", named, "named"},
			{"scim", "scim", named, "wrong user name"},
			{"", "", named, "wrong user name"},
			{"scim", "azure-connector", plain, "wrong user name"},
			{"scim", "scim", "x", "not a token of ours, or mistyped"},
			{"scim", "scim", "", "not a token of ours, or mistyped"},
			{"scim", plain, "", "not a token of ours, or mistyped"},
		} {
			scope, err := i.Basic(tt.userName).Authenticate(basic(tt.name, tt.password))
			if err != nil {
				require.ErrorIs(t, err, scim.ErrUnauthorized)
				require.EqualError(t, err, "scim: unauthorized: "+tt.want)
				continue
			}
			require.Equal(t, tt.want, scope.Connection, "%+v", tt)
		}
		for _, header := range []string{"", "Basic", "Basic !", "Basic c2NpbQ==", "Bearer " + plain, "Basic " + plain} {
			_, err := i.Basic("").Authenticate(request(header))
			assert.EqualError(t, err, "scim: unauthorized: no token", header)
		}
		i.accepts(named) // as a bearer token nobody asks for its user name
	})
}
