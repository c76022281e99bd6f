package mapping_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/transcript"
	"github.com/muster-scim/muster/mapping"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// person has some fields of its own and keeps the rest.
type person struct {
	ID       int64     `scim:"id"`
	Email    string    `scim:"userName,unique"`
	Ext      *string   `scim:"externalId"`
	First    string    `scim:"name.givenName"`
	Active   bool      `scim:"active"`
	Work     string    `scim:"emails[type eq \"work\"].value"`
	Phone    string    `scim:"phoneNumbers[type eq \"mobile\"].value"`
	Dept     string    `scim:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"`
	Manager  string    `scim:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value"`
	Rest     []byte    `scim:",rest"`
	Created  time.Time `scim:"meta.created"`
	Modified time.Time `scim:"meta.lastModified"`
}

// TestTranscripts plays what identity providers were seen to send against an
// application with a struct of its own.
func TestTranscripts(t *testing.T) {
	shared := os.Getenv("MUSTER_SHARED")
	if shared == "" {
		t.Skip("MUSTER_SHARED is not set: it names the folder with idp/transcripts")
	}
	all, err := transcript.Load(filepath.Join(shared, "idp", "transcripts"))
	require.NoError(t, err)
	for _, tr := range all {
		t.Run(tr.Name, func(t *testing.T) {
			needs := tr.Needs()
			var more []mapping.Binding[person]
			if needs.Extension != "" {
				more = append(more, mapping.Extend[person](contacts(needs.Extension)))
			}
			users := newRepo(must[person](t)(mapping.Users(mapping.Tags(more...)...)))
			users.key = func(p *person) string { return schema.FoldUserName(p.Email) }
			teams := newTeamRepo(must[team](t)(mapping.Groups(teamBindings()...)))
			teams.key = func(g *team) string { return schema.Fold(g.Name) }
			teams.users, users.gone = users, teams.forget
			base := serve(t, scim.Config{
				Users:  mapping.UserStore(users.table, users),
				Groups: mapping.GroupStore(teams.table, teams),
			})
			p := transcript.Player{BaseURL: base, Token: "secret"}
			require.NoError(t, p.SeedUsers(t.Context(), needs.Users))
			for _, f := range p.Play(t.Context(), tr) {
				t.Error(f)
			}
		})
	}
	t.Logf("%d transcripts played", len(all))
}

// contacts is the extension that one of the transcripts is about.
func contacts(urn string) schema.Extension {
	return schema.Extension{Schema: schema.Schema{ID: urn, Name: "Contacts", Attributes: []schema.Attribute{{
		Name: "contacts", Type: schema.Complex, MultiValued: true,
		Sub: []schema.Attribute{{Name: "value"}, {Name: "primary", Type: schema.Boolean}},
	}}}}
}
