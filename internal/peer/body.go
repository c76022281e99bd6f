package peer

import (
	"fmt"
	"strings"
)

// Token is the bearer token that [Floor] expects and that benchmarks give to
// [New], so that both check the same one.
const Token = "scim_benchmark_7Yb3Qm2Vw9Kx4Lr8Tz1Nc6Hd5Pf0Gs"

// userFormat is the body of a user as identity providers send it: both
// schemas, two addresses, one telephone number and the enterprise extension.
// With five numbers of seven digits it has 600 bytes.
const userFormat = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User",` +
	`"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],` +
	`"externalId":"00u%07[1]d","userName":"user%07[1]d@acme.com",` +
	`"name":{"givenName":"Ada","familyName":"Jensen"},"title":"Lead","active":true,` +
	`"emails":[{"value":"user%07[1]d@acme.com","type":"work","primary":true},` +
	`{"value":"u%07[1]d@home.org","type":"home"}],` +
	`"phoneNumbers":[{"value":"+15550100199","type":"work"}],` +
	`"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":` +
	`{"employeeNumber":"%07[1]d","department":"Sales",` +
	`"manager":{"value":"26118915-6090-4610-87e4-49d8ca9f808d"}}}`

// UserBody is the JSON body of a user that all benchmarks send. It has 600
// bytes and must not be modified.
var UserBody = UserBodyN(0)

// UserBodyN returns a body like [UserBody] whose userName, externalId, emails
// and employeeNumber belong to user i. Up to i = 9,999,999 all have the same
// length.
func UserBodyN(i int) []byte {
	return fmt.Appendf(nil, userFormat, i)
}

// UserNameN returns the userName in [UserBodyN].
func UserNameN(i int) string {
	return fmt.Sprintf("user%07d@acme.com", i)
}

// GroupBody returns the body of a group whose members have the given ids.
func GroupBody(displayName string, members []string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":%q,"members":[`, displayName)
	for i, id := range members {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"value":%q,"type":"User"}`, id)
	}
	b.WriteString("]}")
	return []byte(b.String())
}

// PatchActive returns the body of a PATCH that replaces active. A benchmark
// that alternates between the two makes every request a change.
func PatchActive(active bool) []byte {
	return patchBody(`{"op":"replace","path":"active","value":%t}`, active)
}

// PatchAddMember returns the body of a PATCH that adds one member.
func PatchAddMember(id string) []byte {
	return patchBody(`{"op":"add","path":"members","value":[{"value":%q}]}`, id)
}

// PatchRemoveMember returns the body of a PATCH that removes one member.
func PatchRemoveMember(id string) []byte {
	return patchBody(`{"op":"remove","path":"members[value eq \"%s\"]"}`, id)
}

func patchBody(operation string, arg any) []byte {
	return fmt.Appendf(nil, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`+operation+`]}`, arg)
}
