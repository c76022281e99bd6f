package mapping_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/mapping"
)

// keeper has few fields and keeps the rest.
type keeper struct {
	ID, Name, First, Work, Dept string
	Meta                        map[string]string
	Rest                        []byte
}

func keeperTable(t testing.TB, more ...mapping.Binding[keeper]) *mapping.Table[keeper] {
	t.Helper()
	return must[keeper](t)(mapping.Users(append([]mapping.Binding[keeper]{
		mapping.ID(func(k *keeper) *string { return &k.ID }),
		mapping.Field("userName", func(k *keeper) *string { return &k.Name }),
		mapping.Field("name.givenName", func(k *keeper) *string { return &k.First }),
		mapping.Field(`emails[type eq "work"].value`, func(k *keeper) *string { return &k.Work }),
		mapping.Field(enterpriseURN+":department", func(k *keeper) *string { return &k.Dept }),
		mapping.Open(metadataURN, func(k *keeper) *map[string]string { return &k.Meta }),
	}, more...)...))
}

const fullUser = `{"userName":"a","name":{"familyName":"Lee","givenName":"Ann"},"title":"T","active":true,` +
	`"emails":[{"value":"w","display":"W","type":"work"},{"value":"h","type":"home","primary":true}],"roles":[{"value":"r"}],` +
	`"` + enterpriseURN + `":{"costCenter":"c","department":"d"},"` + metadataURN + `":{"k":"v"}}`

// TestRest: what has no field comes back, and fields count before what is kept.
func TestRest(t *testing.T) {
	table := keeperTable(t, mapping.Rest(func(k *keeper) *[]byte { return &k.Rest }))
	var row keeper
	require.NoError(t, put(t, table, &row, fullUser))
	kept := `{"name":{"familyName":"Lee"},"title":"T","active":true,"emails":[{"value":"w","display":"W","type":"work"},{"value":"h","type":"home","primary":true}],` +
		`"roles":[{"value":"r"}],"` + enterpriseURN + `":{"costCenter":"c"}}`
	assert.Equal(t, keeper{Name: "a", First: "Ann", Work: "w", Dept: "d", Meta: map[string]string{"k": "v"}, Rest: []byte(kept)}, row)
	assert.Equal(t, fullUser, "{"+shown(t, table, &row)+"}")

	t.Run("the application writes its fields", func(t *testing.T) {
		row := row
		row.First, row.Work = "Bea", "x"
		text := shown(t, table, &row)
		assert.Contains(t, text, `"name":{"familyName":"Lee","givenName":"Bea"}`)
		assert.Contains(t, text, `"emails":[{"value":"x","display":"W","type":"work"},{"value":"h","type":"home","primary":true}]`)
		row.Work = ""
		assert.Contains(t, shown(t, table, &row), `"emails":[{"value":"h","type":"home","primary":true}]`, "an address that is gone is gone")
		row.Rest = nil
		row.Work = "x"
		assert.Contains(t, shown(t, table, &row), `"emails":[{"value":"x","type":"work","primary":true}]`)
	})
	t.Run("a change of one attribute leaves the others", func(t *testing.T) {
		row := row
		require.NoError(t, patched(t, table, &row, `{"op":"replace","path":"title","value":"U"},{"op":"remove","path":"roles"}`))
		text := shown(t, table, &row)
		assert.Contains(t, text, `"title":"U"`)
		assert.NotContains(t, text, "roles")
		assert.Contains(t, text, `"costCenter":"c"`)
		assert.Equal(t, "w", row.Work)
	})
	t.Run("nothing is left", func(t *testing.T) {
		row := row
		require.NoError(t, put(t, table, &row, `{"userName":"a"}`))
		assert.Equal(t, keeper{Name: "a", Meta: map[string]string{}}, row)
	})
	t.Run("only what fields hold", func(t *testing.T) {
		var row keeper
		doc := `{"userName":"a","name":{"givenName":"Ann"},"emails":[{"value":"w","type":"work","primary":true}]}`
		require.NoError(t, put(t, table, &row, doc))
		assert.Empty(t, row.Rest)
		assert.Equal(t, doc, "{"+shown(t, table, &row)+"}")
	})
	t.Run("damaged", func(t *testing.T) {
		_, err := table.Read(&keeper{ID: "7", Rest: []byte("{")})
		assert.ErrorContains(t, err, `User "7"`)
		assert.ErrorContains(t, err, "Rest")
	})
	t.Run("what only the server may write", func(t *testing.T) {
		r, err := decodeTolerant(t, table.SCIMType(), fullUser).Edit().Set(enterpriseURN+":manager",
			map[string]any{"value": "7", "displayName": "Bo"}).Build()
		require.NoError(t, err)
		var row keeper
		require.NoError(t, write(table, &row, nil, r))
		assert.Contains(t, shown(t, table, &row), `"manager":{"value":"7","displayName":"Bo"}`)
	})
	t.Run("all of the schemas is known", func(t *testing.T) {
		for _, path := range []string{"nickName", "x509Certificates", enterpriseURN + ":division"} {
			_, ok := table.SCIMType().Attr(path)
			assert.True(t, ok, path)
		}
		_, ok := table.SCIMType().Attr("password")
		assert.False(t, ok, "nothing takes it")
	})
}

// TestDropped: without Rest, the same document is cut to the fields.
func TestDropped(t *testing.T) {
	table := keeperTable(t)
	var row keeper
	require.NoError(t, write(table, &row, nil, decodeTolerant(t, table.SCIMType(), fullUser)))
	assert.Equal(t, `"userName":"a","name":{"givenName":"Ann"},"emails":[{"value":"w","type":"work","primary":true}],"`+
		enterpriseURN+`":{"department":"d"},"`+metadataURN+`":{"k":"v"}`, shown(t, table, &row))
}

func TestRefuseRest(t *testing.T) {
	table := keeperTable(t, mapping.RefuseRest[keeper]())
	var row keeper
	refused(t, put(t, table, &row, fullUser), "name.familyName", "title", "active", `emails other than emails[type eq "work"].value`, "roles", "costCenter", "can't be kept here.")
	assert.Equal(t, keeper{}, row)
	err := put(t, table, &row, fullUser)
	assert.NotContains(t, err.Error(), "givenName")
	assert.NotContains(t, err.Error(), "department")
	assert.NotContains(t, err.Error(), metadataURN)
	require.NoError(t, put(t, table, &row, `{"userName":"a","name":{"givenName":"Ann"},"emails":[{"value":"w","type":"work","primary":true}],"`+
		enterpriseURN+`":{"department":"d"},"`+metadataURN+`":{"k":"v"}}`))
	assert.Equal(t, keeper{Name: "a", First: "Ann", Work: "w", Dept: "d", Meta: map[string]string{"k": "v"}}, row)
}

// TestOpen: keys of an open extension are those of a map.
func TestOpen(t *testing.T) {
	table := keeperTable(t)
	row := keeper{Name: "a", Meta: map[string]string{"Site": "Ulm", "empty": "", "x.y": "z"}}
	shared := row.Meta
	assert.Equal(t, `"userName":"a","`+metadataURN+`":{"Site":"Ulm","x.y":"z"}`, shown(t, table, &row))
	require.NoError(t, patched(t, table, &row, `{"op":"Add","path":"`+metadataURN+`:site","value":"Bonn"},{"op":"Add","path":"`+metadataURN+`:n","value":5}`))
	assert.Equal(t, map[string]string{"Site": "Bonn", "n": "5", "empty": "", "x.y": "z"}, row.Meta, "a key keeps its spelling")
	assert.Equal(t, map[string]string{"Site": "Ulm", "empty": "", "x.y": "z"}, shared, "the old map is as it was")
	require.NoError(t, patched(t, table, &row, `{"op":"Remove","path":"`+metadataURN+`:SITE"}`))
	assert.Equal(t, map[string]string{"n": "5", "empty": "", "x.y": "z"}, row.Meta)
	require.NoError(t, patched(t, table, &row, `{"op":"Remove","path":"`+metadataURN+`"}`))
	assert.Equal(t, map[string]string{"empty": ""}, row.Meta)

	declared := keeperTable(t, mapping.Field(metadataURN+":code", func(k *keeper) *string { return &k.ID }))
	var own keeper
	require.NoError(t, put(t, declared, &own, `{"userName":"a","`+metadataURN+`":{"code":"c","k":"v"}}`))
	assert.Equal(t, keeper{ID: "c", Name: "a", Meta: map[string]string{"k": "v"}}, own)
}
