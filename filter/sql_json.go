package filter

import "github.com/muster-scim/muster/schema"

// ExtensionCases returns the cases of "schemas" beyond the base schema: an
// extension is one of them if the document has it.
func (d Document) ExtensionCases(dialect SQLDialect, t *schema.Type) Cases {
	o := (&sqlWriter{dialect: dialect}).document(d)
	var cases Cases
	for _, e := range t.Config().Extensions {
		cases = append(cases, Case{e.Schema.ID, o.extension(e.Schema.ID) + " IS NOT NULL"})
	}
	return cases
}

// document tells where a document has the attributes.
func (w *sqlWriter) document(d Document) *jsonObject {
	return &jsonObject{w: w, sql: d.SQL, alias: "e"}
}

// jsonObject tells where an object in a document has its members.
type jsonObject struct {
	w       *sqlWriter
	sql     string
	alias   string // of the elements of its lists
	element bool   // of a list, rather than a whole resource
}

// Column is the method of [Columns]. A binary has no order here: it is ordered by
// its spelling, which a document does not keep.
func (o *jsonObject) Column(a *schema.Attr, op CompareOperator) (Column, bool) {
	if op == GT && a.Type == schema.Binary {
		return nil, false
	}
	p := o.place(a)
	if !a.MultiValued {
		return p.scalar(a), true
	}
	return Rows{
		From:  p.elements() + " AS " + o.alias + o.w.elementColumns(),
		Order: o.alias + ".key",
		Of:    o.elementOf(a),
	}, true
}

// elementOf tells where the elements of a list have their values.
func (o *jsonObject) elementOf(a *schema.Attr) Columns {
	value := o.alias + ".value"
	if a.Type == schema.Complex {
		return &jsonObject{w: o.w, sql: value, alias: "s", element: true}
	}
	return jsonValue{o.w, value}
}

// place finds an attribute.
func (o *jsonObject) place(a *schema.Attr) jsonPlace {
	in := o.sql
	if !o.element && a.URN() != "" {
		in = o.extension(a.URN())
	}
	if p := a.Parent(); p != nil && !o.element {
		in = o.named(in, attrName(p)).json()
	}
	if isOpenKey(a) {
		return jsonPlace{o.w, in, o.w.bind(attrName(a)), true}
	}
	return o.named(in, attrName(a))
}

// extension returns the object of an extension.
func (o *jsonObject) extension(urn string) string {
	return o.named(o.sql, extensionName(urn)).json()
}

// named finds a member whose name is made of harmless characters.
func (o *jsonObject) named(in, name string) jsonPlace {
	if o.w.dialect == PostgreSQL {
		return jsonPlace{o.w, in, "'" + name + "'", false}
	}
	return jsonPlace{o.w, in, `'$."` + name + `"'`, false}
}

// isOpenKey reports whether a is a key of an open extension, which a client may
// have made up: such an attribute is made anew each time it is looked up.
func isOpenKey(a *schema.Attr) bool {
	if a.URN() == "" || a.Parent() != nil {
		return false
	}
	declared, _ := a.Of().ExtensionAttr(a.URN(), a.Name)
	return declared != a
}

// jsonPlace is a member of an object: a name in PostgreSQL, a path in SQLite, in
// both a placeholder for the name if that comes from a client.
type jsonPlace struct {
	w        *sqlWriter
	in, name string
	bound    bool
}

// json returns the member as JSON, NULL if there is none.
func (p jsonPlace) json() string {
	switch {
	case p.w.dialect == PostgreSQL:
		return "(" + p.in + " -> " + p.name + ")"
	case p.bound:
		return "(SELECT k.value FROM json_each(" + p.in + ") AS k WHERE k.key = " + p.name + ")"
	}
	return "json_extract(" + p.in + ", " + p.name + ")"
}

// scalar returns the member as a value.
func (p jsonPlace) scalar(a *schema.Attr) Scalar {
	if p.w.dialect == PostgreSQL {
		return p.w.typed(a, "("+p.in+" ->> "+p.name+")")
	}
	return p.w.typed(a, p.json())
}

// elements returns the member as a table, without rows if there is none.
func (p jsonPlace) elements() string {
	switch {
	case p.w.dialect == PostgreSQL:
		return "jsonb_array_elements" + p.json() + " WITH ORDINALITY"
	case p.bound:
		return "json_each(" + p.json() + ")"
	}
	return "json_each(" + p.in + ", " + p.name + ")"
}

func (w *sqlWriter) elementColumns() string {
	if w.dialect == PostgreSQL {
		return "(value, key)"
	}
	return ""
}

// typed gives what was taken out of JSON the type that the document has for it.
func (w *sqlWriter) typed(a *schema.Attr, expression string) Scalar {
	if w.dialect == PostgreSQL && (a.Type == schema.Integer || a.Type == schema.Decimal) {
		expression += "::bigint"
	}
	return Scalar{SQL: expression, Encode: documentLiteral}
}

// jsonValue is an element of a list of simple values.
type jsonValue struct {
	w   *sqlWriter
	sql string
}

// Column is the method of [Columns].
func (v jsonValue) Column(a *schema.Attr, op CompareOperator) (Column, bool) {
	if op == GT && a.Type == schema.Binary {
		return nil, false
	}
	if v.w.dialect == PostgreSQL {
		return v.w.typed(a, "("+v.sql+" #>> '{}')"), true
	}
	return v.w.typed(a, v.sql), true
}
