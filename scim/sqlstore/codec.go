package sqlstore

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/muster-scim/muster/schema"
)

// A resource is stored as the JSON object of its values: without id and meta, which
// have columns, and with what clients never see. It is read back by schema.Decode,
// which however skips what is readOnly and mends what a client should not have sent.
// Where that would change the resource, a newline in front says that each value is
// to be read as it stands.
const verbatim = "\n"

// stored is how what was stored is read: nothing is taken for something else.
func stored() schema.Decoding {
	return schema.Decoding{RefuseStringBooleans: true, RefuseShapes: true, RefuseDottedKeys: true, KeepEmptyStrings: true}
}

// encode returns the text to store.
func encode(r *schema.Resource) string {
	text := string(appendValues(make([]byte, 0, 1024), r))
	doc, err := schema.Decode(r.Type(), []byte(text), stored())
	if err != nil || !doc.Resource.WithMeta(r.ID(), schema.Meta{}).Equal(r) {
		return verbatim + text
	}
	return text
}

// appendValues appends all values, those of extensions in an object each.
func appendValues(dst []byte, r *schema.Resource) []byte {
	dst = append(dst, '{')
	urn := ""
	for _, path := range r.Changed(nil) {
		a, ok := r.Type().Attr(path)
		if !ok {
			continue
		}
		if a.URN() != urn {
			if urn != "" {
				dst = append(dst, '}')
			}
			urn = a.URN()
			dst = append(appendName(dst, urn), '{')
		}
		dst = r.Value(a).AppendJSON(appendName(dst, a.Name))
	}
	if urn != "" {
		dst = append(dst, '}')
	}
	return append(dst, '}')
}

func appendName(dst []byte, name string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	return append(schema.AppendQuote(dst, name), ':')
}

// decode reads what encode has made.
func decode(t *schema.Type, text, id string, m schema.Meta) (*schema.Resource, error) {
	if !bytes.HasPrefix([]byte(text), []byte(verbatim)) {
		doc, err := schema.Decode(t, []byte(text), stored())
		if err != nil {
			return nil, fmt.Errorf("sqlstore: the stored %s %s: %w", t.Name(), id, err)
		}
		return doc.Resource.WithMeta(id, m), nil
	}
	b := schema.New(t).ID(id).Meta(m)
	if err := readValues(b, t, "", []byte(text)); err != nil {
		return nil, fmt.Errorf("sqlstore: the stored %s %s: %w", t.Name(), id, err)
	}
	return b.Build()
}

// readValues reads an object of attributes whose paths begin with prefix. What
// the type does not have any more is left out.
func readValues(b *schema.Builder, t *schema.Type, prefix string, text []byte) error {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(text, &values); err != nil {
		return err
	}
	for name, value := range values {
		if urn, ok := t.ExtensionOf(name); ok && prefix == "" {
			if err := readValues(b, t, urn+":", value); err != nil {
				return err
			}
			continue
		}
		a, ok := t.Attr(prefix + name)
		if !ok {
			continue
		}
		v, err := readValue(a, value)
		if err != nil {
			return err
		}
		b.Put(a, v)
	}
	return nil
}

func readValue(a *schema.Attr, text []byte) (schema.Value, error) {
	if !a.MultiValued {
		return readElement(a, text)
	}
	var list []json.RawMessage
	if err := json.Unmarshal(text, &list); err != nil {
		return schema.Value{}, err
	}
	elems := make([]schema.Value, len(list))
	for i, text := range list {
		var err error
		if elems[i], err = readElement(a, text); err != nil {
			return schema.Value{}, err
		}
	}
	return a.List(elems), nil
}

func readElement(a *schema.Attr, text []byte) (v schema.Value, err error) {
	switch a.Type {
	case schema.Complex:
		return readObject(a, text)
	case schema.Integer, schema.Decimal:
		v, _, err = schema.DecodeElement(a, text, stored())
		return v, err
	}
	var plain any
	if err := json.Unmarshal(text, &plain); err != nil {
		return v, err
	}
	made, err := a.Make(plain)
	for e := range made.Elems() {
		return e, err
	}
	return v, err
}

func readObject(a *schema.Attr, text []byte) (v schema.Value, err error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return v, err
	}
	for name, text := range members {
		s := a.SubAttr(name)
		if s == nil {
			continue
		}
		m, err := readValue(s, text)
		if err != nil {
			return v, err
		}
		v = v.With(a, s, m)
	}
	return v, nil
}
