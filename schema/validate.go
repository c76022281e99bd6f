package schema

import (
	"slices"
	"strings"
)

// Validate reports whether r may be stored: every required attribute has a
// value, required sub-attributes where their parent has one, required extensions
// are there (RFC 7643, sections 2.2 and 6). What clients can't send is not looked
// at, nor is the password, which is no part of r. The error is an [*Error] with
// ScimTypeInvalidValue that names all that is missing.
func (t *Type) Validate(r *Resource) error {
	var missing []string
	for _, a := range t.required {
		v := r.Value(a)
		if a.Required && v.isEmpty() && (a.ext == 0 || r.hasExtension(a.ext) || t.exts[a.ext].required) {
			missing = appendMissing(missing, a)
		}
		missing = appendMissingSubs(missing, a, v)
	}
	for i := range t.exts {
		named := func(a *Attr) bool { return a.Required && a.ext == uint16(i) }
		if t.exts[i].required && !r.hasExtension(uint16(i)) && !slices.ContainsFunc(t.required, named) {
			missing = append(missing, t.exts[i].urn)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if len(missing) == 1 {
		return invalid(missing[0], "is required")
	}
	return invalid("", strings.Join(missing, ", ")+" are required")
}

// isEmpty reports whether v is no value for what is required: "" is none, also where it
// is kept.
func (v Value) isEmpty() bool {
	return v.IsZero() || v.node().kind == kindString && v.node().size == 0
}

// appendMissing adds an attribute that has no value: by what must be in it, if anything
// must, since that is what somebody has to send.
func appendMissing(missing []string, a *Attr) []string {
	n := len(missing)
	for _, s := range a.subs {
		if s.isRequired() {
			missing = append(missing, s.path)
		}
	}
	if len(missing) == n {
		missing = append(missing, a.path)
	}
	return missing
}

func appendMissingSubs(missing []string, a *Attr, v Value) []string {
	for _, s := range a.subs {
		if !s.isRequired() {
			continue
		}
		for e := range v.Elems() {
			if e.Sub(s).isEmpty() {
				missing = append(missing, s.path)
				break
			}
		}
	}
	return missing
}

func (r *Resource) hasExtension(ext uint16) bool {
	for i := 0; i < len(r.nodes); i += r.nodes[i].span() {
		if r.t.attrs[r.nodes[i].attr].ext == ext {
			return true
		}
	}
	return false
}

// ValidateReplace reports whether r may stand in place of old: it is valid, and
// every immutable attribute that old has a value of has the same one (RFC 7644,
// section 3.5.1). Immutable sub-attributes of multi-valued attributes are not
// compared, since elements may come and go. The error is that of Validate, or has
// ScimTypeMutability.
func (t *Type) ValidateReplace(old, r *Resource) error {
	for _, a := range t.immutable {
		was, is := old.Value(a.Top()), r.Value(a.Top())
		if a.parent != nil {
			was, is = was.Sub(a), is.Sub(a)
		}
		if err := checkImmutable(a, was, is); err != nil {
			return err
		}
	}
	return t.Validate(r)
}

func checkImmutable(a *Attr, was, is Value) error {
	if was.IsZero() || was.Identical(is) {
		return nil
	}
	return &Error{Type: ScimTypeMutability, Path: a.path, Msg: "is immutable and has another value already"}
}

// Changed returns the canonical paths of the top-level attributes that differ
// between old and r. Of a nil old it is all that r has.
func (r *Resource) Changed(old *Resource) []string {
	if old == nil {
		return r.paths()
	}
	var paths []string
	for a := range (pair{r, old}).differences {
		paths = append(paths, a.path)
	}
	return paths
}

// paths returns those of all top-level attributes that r has.
func (r *Resource) paths() []string {
	n := 0
	for i := 0; i < len(r.nodes); i += r.nodes[i].span() {
		n++
	}
	paths := make([]string, 0, n)
	for i := 0; i < len(r.nodes); i += r.nodes[i].span() {
		if n := r.nodes[i]; n.flags&flagNamed == 0 {
			paths = append(paths, r.t.paths[n.attr])
		} else {
			paths = append(paths, Value{&r.tape, i}.Attr().path)
		}
	}
	return paths
}

// ChangesOnly reports whether paths names all top-level attributes that differ between
// old and r, see [Resource.Changed].
func (r *Resource) ChangesOnly(old *Resource, paths []string) bool {
	for a := range (pair{r, old}).differences {
		if !slices.Contains(paths, a.path) {
			return false
		}
	}
	return true
}

// pair is two resources of one type.
type pair struct{ r, old *Resource }

// differences yields the top-level attributes that differ.
func (p pair) differences(yield func(*Attr) bool) {
	r, old := p.r, p.old
	for i, j := 0, 0; i < len(r.nodes) || j < len(old.nodes); {
		if n := r.sameAs(&old.tape, i, j); n > 0 { // as most are
			i, j = i+n, j+n
			continue
		}
		a, b := r.at1(i), old.at1(j)
		order := compareValues(a, b)
		if order <= 0 {
			i += r.nodes[i].span()
		}
		if order >= 0 {
			j += old.nodes[j].span()
		}
		differs := a
		if order > 0 {
			differs = b
		}
		if (order != 0 || !a.Identical(b)) && !yield(differs.Attr()) {
			return
		}
	}
}

// sameAs returns how many nodes the top-level value at index i takes if all that can be
// seen at a glance says that t has the same at index j, and 0 if it has not or may not.
func (t *tape) sameAs(old *tape, i, j int) int {
	if i >= len(t.nodes) || j >= len(old.nodes) {
		return 0
	}
	n := t.nodes[i].span()
	if j+n > len(old.nodes) || t.nodes[i].flags&flagNamed != 0 || !slices.Equal(t.nodes[i:i+n], old.nodes[j:j+n]) {
		return 0
	}
	from, to := t.nodes[i].off, t.nodes[i+n-1].end()
	if t.text[from:to] != old.text[from:to] {
		return 0
	}
	return n
}

// at1 returns the value at index i, the zero Value behind the end.
func (t *tape) at1(i int) Value {
	if i >= len(t.nodes) {
		return Value{}
	}
	return Value{t, i}
}

// compareValues is the canonical order of top-level values; the end comes last.
func compareValues(a, b Value) int {
	switch {
	case b.IsZero():
		return -1
	case a.IsZero():
		return 1
	}
	return compareNode(a.t, a.i, b.Attr())
}

// MissingExtension returns the URI of a required extension that r has no data of,
// or "".
func (t *Type) MissingExtension(r *Resource) string {
	for i := range t.exts {
		if t.exts[i].required && !r.hasExtension(uint16(i)) {
			return t.exts[i].urn
		}
	}
	return ""
}
