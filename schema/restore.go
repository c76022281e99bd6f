package schema

import (
	"encoding/json"
	"strings"
	"time"
)

// AppendValues appends the values to dst as a JSON object that [Restore] reads: all of
// them, also those that clients never see, and without schemas, id and meta. It is for
// applications that keep these elsewhere. What is behind the result, up to the capacity of
// dst, may be written over.
func (r *Resource) AppendValues(dst []byte) []byte {
	begin := len(dst)
	e := encoder{tape: r.tape}
	if dst = e.attributes(dst, e.sections(nil)); len(dst) == begin {
		dst = append(dst, ',')
	}
	dst[begin] = '{' // in place of the comma before the first
	return append(dst, '}')
}

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
	r := &Resource{tape: d.finish()}
	if present := (Decoded{present: d.seen}); !present.Has(t.id) && !present.Has(t.meta) {
		return r, nil
	}
	id, m, err := besides(data)
	if err != nil {
		return nil, err
	}
	return r.WithMeta(id, m), nil
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
