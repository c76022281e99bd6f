package schema

import (
	"encoding/json"
	"strings"
	"time"
)

// Restore reads what [Resource.AppendJSON] has written, as it stands: with id and
// meta, with what is readOnly, and without mending what a client should not have
// sent. It is for what an application itself has kept, as an event in a queue;
// Decode is for what clients send. What the type does not have any more is left
// out, and so is a password. The error is that of [Decode].
func Restore(t *Type, data []byte) (*Resource, error) {
	o := Decoding{RefuseStringBooleans: true, RefuseShapes: true, RefuseDottedKeys: true, KeepEmptyStrings: true}
	d := newDecoder(t, data, o)
	defer d.release()
	d.verbatim = true
	if err := d.check(d.document()); err != nil {
		return nil, err
	}
	id, m, err := besides(data)
	if err != nil {
		return nil, err
	}
	return (&Resource{tape: d.finish()}).WithMeta(id, m), nil
}

// besides reads what is kept beside the tape.
func besides(data []byte) (id string, m Meta, err error) {
	var doc struct {
		ID   string `json:"id"`
		Meta struct {
			Created      time.Time `json:"created"`
			LastModified time.Time `json:"lastModified"`
			Version      string    `json:"version"`
		} `json:"meta"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		return "", m, invalid("meta", "is not as it was written")
	}
	version := strings.TrimSuffix(strings.TrimPrefix(doc.Meta.Version, `W/"`), `"`)
	return doc.ID, Meta{Created: doc.Meta.Created, LastModified: doc.Meta.LastModified, Version: version}, nil
}
