package patch_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
)

const (
	activeOp = `{"op":"Replace","path":"active","value":"False"}`
	emailOp  = `{"op":"Replace","path":"emails[type eq \"work\"].value","value":"new@example.com"}`
)

// membersOps adds and removes n members, as Okta does.
func membersOps(n int) string {
	var b strings.Builder
	for i := range n / 2 {
		b.WriteString(`{"op":"remove","path":"members[value eq \"m` + strconv.Itoa(i) + `\"]"},`)
		b.WriteString(`{"op":"add","path":"members","value":[{"value":"n` + strconv.Itoa(i) + `","display":"someone"}]},`)
	}
	return strings.TrimSuffix(b.String(), ",")
}

func BenchmarkPatch(b *testing.B) {
	user := resource(b, richType, user1)
	group := resource(b, groupType, group1)
	for _, bench := range []struct {
		name, ops string
		r         *schema.Resource
	}{
		{"active", activeOp, user},
		{"emailByFilter", emailOp, user},
		{"members100", membersOps(100), group},
	} {
		data := body(bench.ops)
		members, _ := bench.r.Type().Attr("members")
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				run(b, bench.r, members, data)
			}
		})
	}
}

// run decodes, splits and applies.
func run(t require.TestingT, r *schema.Resource, members *schema.Attr, data []byte) (patch.Result, patch.MemberDelta) {
	req, err := patch.Decode(r.Type(), data, patch.Options{})
	if err != nil {
		require.NoError(t, err)
	}
	ops, d, err := patch.Split(req.Ops, members)
	if err != nil {
		require.NoError(t, err)
	}
	res, err := patch.Apply(r, ops, patch.Options{})
	if err != nil {
		require.NoError(t, err)
	}
	return res, d
}
