package sqlstore

import (
	"fmt"

	"github.com/muster-scim/muster/schema"
)

// encode returns the text to store: the JSON object of the values, with what clients
// never see, and without id and meta, which have columns.
func encode(r *schema.Resource) string { return string(r.AppendValues(make([]byte, 0, 1024))) }

// decode reads what encode has made. What the type does not have any more is left
// out.
func decode(t *schema.Type, text, id string, m schema.Meta) (*schema.Resource, error) {
	r, err := schema.Restore(t, []byte(text))
	if err != nil {
		return nil, fmt.Errorf("sqlstore: the stored %s %s: %w", t.Name(), id, err)
	}
	return r.WithMeta(id, m), nil
}
