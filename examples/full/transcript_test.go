package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/transcript"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// TestTranscripts plays what identity providers were seen to send, each file against
// an empty store, see MUSTER_STORE, by the connection that is not told who asks.
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
			t.Parallel()
			needs := tr.Needs()
			c := newSuite(t)
			if needs.Extension != "" {
				c = c.with(func(config *scim.Config) { c.keep(config, withContacts(c, needs.Extension), groupType) })
			}
			p := transcript.Player{BaseURL: c.url, Token: tolerantConnection}
			require.NoError(t, p.SeedUsers(t.Context(), needs.Users))
			for _, f := range p.Play(t.Context(), tr) {
				t.Error(f)
			}
		})
	}
	t.Logf("%d transcripts played", len(all))
}

// withContacts is a user with the extension that one of the transcripts is about.
func withContacts(c *suite, urn string) *schema.Type {
	config := userType.Config()
	config.Extensions = append(config.Extensions[:len(config.Extensions):len(config.Extensions)], schema.Extension{
		Schema: schema.Schema{ID: urn, Name: "Contacts", Attributes: []schema.Attribute{{
			Name: "contacts", Type: schema.Complex, MultiValued: true,
			Sub: []schema.Attribute{{Name: "value"}, {Name: "primary", Type: schema.Boolean}},
		}}},
	})
	return compiled(c, config)
}
