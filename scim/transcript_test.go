package scim_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/transcript"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// TestTranscripts plays what identity providers were seen to send, each file
// against an empty server with the default dialect and nothing configured for any
// of them.
func TestTranscripts(t *testing.T) {
	shared := os.Getenv("MUSTER_SHARED")
	if shared == "" {
		t.Skip("MUSTER_SHARED is not set: it names the folder with idp/transcripts")
	}
	all, err := transcript.Load(filepath.Join(shared, "idp", "transcripts"))
	require.NoError(t, err)
	require.NotEmpty(t, all)
	for _, tr := range all {
		t.Run(tr.Name, func(t *testing.T) {
			needs := tr.Needs()
			s := newServer(t, func(c *scim.Config) {
				if needs.Extension != "" {
					c.UserType = withContacts(t, needs.Extension)
				}
			})
			p := transcript.Player{BaseURL: s.url, Token: s.token}
			require.NoError(t, p.SeedUsers(t.Context(), needs.Users))
			for _, f := range p.Play(t.Context(), tr) {
				t.Error(f)
			}
		})
	}
	t.Logf("%d transcripts played", len(all))
}

// withContacts is a user with the extension that one of the transcripts is about.
func withContacts(t *testing.T, urn string) *schema.Type {
	typ, err := schema.Compile(schema.TypeConfig{
		Name:   "User",
		Schema: schema.User(),
		Extensions: []schema.Extension{
			{Schema: schema.EnterpriseUser()},
			{Schema: schema.Schema{ID: urn, Name: "Contacts", Attributes: []schema.Attribute{{
				Name: "contacts", Type: schema.Complex, MultiValued: true,
				Sub: []schema.Attribute{{Name: "value"}, {Name: "primary", Type: schema.Boolean}},
			}}}},
		},
	})
	require.NoError(t, err)
	return typ
}
