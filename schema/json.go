package schema

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// schemaJSON is a schema as /Schemas shows it (RFC 7643, section 7).
type schemaJSON struct {
	Schemas     []string          `json:"schemas"`
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Attributes  []json.RawMessage `json:"attributes"`
}

// attributeJSON is one attribute of it. The keywords are strings here, and
// sub-attributes are raw, so that an error can name the attribute it is in:
// encoding/json alone would not.
type attributeJSON struct {
	Name        string            `json:"name"`
	Type        string            `json:"type"`
	MultiValued bool              `json:"multiValued"`
	Description string            `json:"description"`
	Required    bool              `json:"required"`
	Canonical   []string          `json:"canonicalValues,omitempty"`
	CaseExact   bool              `json:"caseExact"`
	Mutability  string            `json:"mutability"`
	Returned    string            `json:"returned"`
	Uniqueness  string            `json:"uniqueness,omitempty"`
	References  []string          `json:"referenceTypes,omitzero"`
	Sub         []json.RawMessage `json:"subAttributes,omitzero"`
}

// maxNesting is how deep sub-attributes may be read. The schema of schemas has
// sub-attributes inside of sub-attributes (RFC 7643, section 7), and nothing
// goes further. The bound also keeps the reading of a hostile document cheap.
const maxNesting = 2

// MarshalJSON writes the schema in the form of RFC 7643, section 7, as the
// resource that /Schemas/{id} shows, but for "meta", which needs the base URL.
//
// Every attribute has all its characteristics, also where they are the
// default, because clients differ in what they take a missing one for. What
// cannot apply is left out: canonicalValues where there are none,
// referenceTypes unless it is a Reference, subAttributes unless it is Complex,
// and uniqueness of a Complex attribute (RFC 7643, section 2.3.8, and erratum
// 6004). Open is left out too: the RFC has no form for it.
//
// It fails if a characteristic has a value outside of its constants, and names
// the attribute.
func (s Schema) MarshalJSON() ([]byte, error) {
	attrs, err := writeAttributes(s.Attributes, "")
	if err != nil {
		return nil, fmt.Errorf("schema: %s: %w", s.ID, err)
	}
	return json.Marshal(schemaJSON{
		Schemas:     []string{SchemaURN},
		ID:          s.ID,
		Name:        s.Name,
		Description: s.Description,
		Attributes:  attrs,
	})
}

// UnmarshalJSON reads what MarshalJSON writes, and what others publish: a
// missing or null characteristic is the default of RFC 7643, section 2.2, and
// members that section 7 does not define are skipped. It replaces all of s,
// Open included; nothing in s refers to data.
//
// It refuses a document that is no schema by its "schemas", a schema without
// id, an attribute without name, keywords that the RFC does not define (their
// case counts) and values of the wrong JSON type, and leaves s unchanged then.
// The error names schema and attribute. Whether the definitions make sense
// together is not checked here but by [Compile].
func (s *Schema) UnmarshalJSON(data []byte) error {
	// The convention of encoding/json: null changes nothing.
	if bytes.Equal(data, []byte("null")) {
		return nil
	}
	var doc schemaJSON
	if err := readObject(data, &doc); err != nil {
		return fmt.Errorf("schema: %s: %w", cmp.Or(doc.ID, "a schema"), err)
	}
	if doc.ID == "" {
		return errors.New("schema: a schema needs an id")
	}
	isSchema := func(urn string) bool { return strings.EqualFold(urn, SchemaURN) }
	// Some servers leave "schemas" out, as the printed RFC does (erratum 8417).
	if len(doc.Schemas) > 0 && !slices.ContainsFunc(doc.Schemas, isSchema) {
		return fmt.Errorf("schema: %s: no schema but %q", doc.ID, doc.Schemas)
	}
	attrs, err := readAttributes(doc.Attributes, "", 0)
	if err != nil {
		return fmt.Errorf("schema: %s: %w", doc.ID, err)
	}
	*s = Schema{ID: doc.ID, Name: doc.Name, Description: doc.Description, Attributes: attrs}
	return nil
}

// writeAttributes never returns nil, which would become null.
func writeAttributes(attrs []Attribute, parent string) ([]json.RawMessage, error) {
	docs := make([]json.RawMessage, len(attrs))
	for i, a := range attrs {
		doc, err := attributeDocument(a, parent+a.Name)
		if err == nil {
			docs[i], err = json.Marshal(doc)
		}
		if err != nil {
			return nil, err
		}
	}
	return docs, nil
}

func attributeDocument(a Attribute, path string) (attributeJSON, error) {
	doc := attributeJSON{
		Name:        a.Name,
		MultiValued: a.MultiValued,
		Description: a.Description,
		Required:    a.Required,
		Canonical:   a.Canonical,
		CaseExact:   a.CaseExact,
	}
	err := cmp.Or(
		writeKeyword(&doc.Type, "type", a.Type, dataTypes[:]),
		writeKeyword(&doc.Mutability, "mutability", a.Mutability, mutabilities[:]),
		writeKeyword(&doc.Returned, "returned", a.Returned, returneds[:]),
		writeKeyword(&doc.Uniqueness, "uniqueness", a.Uniqueness, uniquenesses[:]),
	)
	if err != nil {
		return doc, fmt.Errorf("attribute %q: %w", path, err)
	}
	switch a.Type {
	case Reference:
		// Present even if empty: clients look for it on every reference.
		doc.References = append([]string{}, a.References...)
	case Complex:
		doc.Uniqueness = ""
		doc.Sub, err = writeAttributes(a.Sub, path+".")
	}
	return doc, err
}

func readAttributes(docs []json.RawMessage, parent string, depth int) ([]Attribute, error) {
	if len(docs) == 0 {
		return nil, nil
	}
	if depth > maxNesting {
		return nil, fmt.Errorf("attribute %q: sub-attributes are nested too deep", strings.TrimSuffix(parent, "."))
	}
	attrs := make([]Attribute, len(docs))
	for i, data := range docs {
		doc := attributeJSON{
			Type:       String.String(),
			Mutability: ReadWrite.String(),
			Returned:   ByDefault.String(),
			Uniqueness: NotUnique.String(),
		}
		err := readObject(data, &doc)
		path := parent + cmp.Or(doc.Name, fmt.Sprintf("[%d]", i))
		if err == nil {
			attrs[i], err = attributeOf(doc)
		}
		if err != nil {
			return nil, fmt.Errorf("attribute %q: %w", path, err)
		}
		if attrs[i].Sub, err = readAttributes(doc.Sub, path+".", depth+1); err != nil {
			return nil, err
		}
	}
	return attrs, nil
}

// attributeOf makes an attribute of doc, but for the sub-attributes.
func attributeOf(doc attributeJSON) (Attribute, error) {
	a := Attribute{
		Name:        doc.Name,
		Description: doc.Description,
		MultiValued: doc.MultiValued,
		Required:    doc.Required,
		CaseExact:   doc.CaseExact,
		Canonical:   orNil(doc.Canonical),
		References:  orNil(doc.References),
	}
	if a.Name == "" {
		return a, errors.New("it needs a name")
	}
	return a, cmp.Or(
		readKeyword(&a.Type, "type", doc.Type, dataTypes[:]),
		readKeyword(&a.Mutability, "mutability", doc.Mutability, mutabilities[:]),
		readKeyword(&a.Returned, "returned", doc.Returned, returneds[:]),
		readKeyword(&a.Uniqueness, "uniqueness", doc.Uniqueness, uniquenesses[:]),
	)
}

// orNil makes an empty list nil, as a literal has it: then a schema that was
// written and read equals the one it was.
func orNil(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	return list
}

func writeKeyword[T characteristic](text *string, member string, v T, keywords []string) error {
	if int(v) >= len(keywords) {
		return fmt.Errorf("%s: there is no %T %d", member, v, uint8(v))
	}
	*text = keywords[v]
	return nil
}

func readKeyword[T characteristic](v *T, member, text string, keywords []string) error {
	i := slices.Index(keywords, text)
	if i < 0 {
		return fmt.Errorf("%s: %q is not one of %q", member, text, keywords)
	}
	*v = T(i)
	return nil
}

// readObject reads a JSON object into v. The members that fit are read also
// where one does not, so that the error can be given a name.
func readObject(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	var mismatch *json.UnmarshalTypeError
	if !errors.As(err, &mismatch) {
		return err
	}
	if mismatch.Field == "" {
		return fmt.Errorf("a JSON %s instead of an object", mismatch.Value)
	}
	return fmt.Errorf("%s: a JSON %s does not fit", mismatch.Field, mismatch.Value)
}
