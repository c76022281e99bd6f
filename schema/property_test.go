package schema

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// model is a resource as nested maps, by the canonical paths of the top-level
// attributes: what a tape must agree with.
type model map[string]any

// genModel draws a model with some of the attributes of typ.
func genModel(t *rapid.T, typ *Type) model {
	m := model{}
	for _, a := range writable(typ) {
		if rapid.IntRange(0, 2).Draw(t, "has "+a.path) == 0 {
			m[a.path] = genValue(t, a)
		}
	}
	return m
}

// writable returns the attributes that a resource can have, with some keys for
// each open extension.
func writable(typ *Type) []*Attr {
	var attrs []*Attr
	for _, a := range typ.Attrs() {
		if !a.isBeside() && !a.IsPassword() && a.Mutability != ReadOnly {
			attrs = append(attrs, a)
		}
	}
	for i := range typ.exts {
		if open := typ.exts[i].open; open != nil {
			for _, key := range []string{"a", "Beta", "c.d", "ä", "Ä", "key \"q\"", "z:z"} {
				attrs = append(attrs, open.named(key))
			}
		}
	}
	return attrs
}

func genValue(t *rapid.T, a *Attr) any {
	if !a.MultiValued {
		return genSingle(t, a, 0)
	}
	n := rapid.IntRange(1, 4).Draw(t, "elements")
	if a.Type == Boolean {
		n = 1
	}
	list := make([]any, n)
	for i := range list {
		list[i] = genSingle(t, a, i)
	}
	return list
}

// genSingle draws a Go value for a. Values with different i are never the same, so
// that none is left out of a list.
func genSingle(t *rapid.T, a *Attr, i int) any {
	switch a.Type {
	case Boolean:
		return rapid.Bool().Draw(t, a.path)
	case Decimal:
		return rapid.Float64Range(-1e300, 1e300).Draw(t, a.path)
	case Integer:
		return rapid.Int64().Draw(t, a.path)/8*8 + int64(i)
	case DateTime:
		return time.UnixMicro(rapid.Int64Range(0, 1<<52).Draw(t, a.path)*4 + int64(i)).UTC()
	case Binary:
		return append(rapid.SliceOf(rapid.Byte()).Draw(t, a.path), byte(i))
	case Reference:
		return fmt.Sprintf("https://example.com/%s/%d", rapid.StringMatching(`[a-z/]{0,9}`).Draw(t, a.path), i)
	case Complex:
		return genObject(t, a, i)
	}
	if len(a.Canonical) > 0 {
		return rapid.SampledFrom(a.Canonical).Draw(t, a.path)
	}
	s := rapid.String().Draw(t, a.path)
	if a.MultiValued || a.parent != nil && a.parent.MultiValued {
		return fmt.Sprintf("%d %s", i, s)
	}
	return s
}

func genObject(t *rapid.T, a *Attr, i int) any {
	m := map[string]any{}
	for _, s := range a.subs {
		switch {
		case s.IsComputed() || s.Mutability == ReadOnly:
		case s == a.primary:
			if i == 0 && rapid.Bool().Draw(t, "primary") {
				m[s.Name] = true
			}
		case a.MultiValued && (s.Name == "value" || s.Name == "num"):
			m[s.Name] = genSingle(t, s, i) // tells the elements apart
		case rapid.Bool().Draw(t, "has "+s.path):
			m[s.Name] = genValue(t, s)
		}
	}
	if len(m) == 0 {
		m[a.subs[0].Name] = genSingle(t, a.subs[0], i)
	}
	return m
}

// build makes a resource of a model.
func build(t require.TestingT, typ *Type, m model) *Resource {
	b := New(typ)
	for _, path := range slices.Sorted(maps.Keys(m)) {
		b.Set(path, m[path])
	}
	r, err := b.Build()
	require.NoError(t, err)
	require.NoError(t, CheckResource(r))
	return r
}

// writer of JSON that differs in everything that must not matter: the order of
// members, the case of names, space between tokens, escapes, null.
type noisyWriter struct {
	t *rapid.T
	b strings.Builder
}

func (w *noisyWriter) coin(label string) bool { return rapid.IntRange(0, 3).Draw(w.t, label) == 0 }

func (w *noisyWriter) space() {
	w.b.WriteString(rapid.SampledFrom([]string{"", "", "", " ", "\n\t ", "\r"}).Draw(w.t, "space"))
}

func (w *noisyWriter) string(s string) {
	if w.coin("escape") {
		w.b.WriteByte('"')
		for _, r := range s {
			if r >= 0x10000 {
				r -= 0x10000
				fmt.Fprintf(&w.b, `\u%04x\u%04X`, 0xd800+r>>10, 0xdc00+r&0x3ff)
			} else {
				fmt.Fprintf(&w.b, `\u%04x`, r)
			}
		}
		w.b.WriteByte('"')
		return
	}
	text, _ := json.Marshal(s)
	w.b.Write(text)
}

func (w *noisyWriter) name(s string) {
	switch rapid.IntRange(0, 5).Draw(w.t, "case") {
	case 0:
		s = upperASCII(s)
	case 1:
		s = foldASCII(s)
	}
	w.string(s)
}

func upperASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			r -= 'a' - 'A'
		}
		return r
	}, s)
}

// object writes members in any order. value writes the value of a member.
func (w *noisyWriter) object(names []string, exact func(string) bool, value func(string)) {
	w.b.WriteByte('{')
	for i, name := range rapid.Permutation(names).Draw(w.t, "order") {
		if i > 0 {
			w.b.WriteByte(',')
		}
		w.space()
		if exact(name) {
			w.string(name)
		} else {
			w.name(name)
		}
		w.space()
		w.b.WriteByte(':')
		w.space()
		value(name)
		w.space()
	}
	w.b.WriteByte('}')
}

func inAnyCase(string) bool { return false }

func (w *noisyWriter) value(v any) {
	switch v := v.(type) {
	case string:
		w.string(v)
	case time.Time:
		w.string(FormatTime(v))
	case []byte:
		w.string(base64.StdEncoding.EncodeToString(v))
	case float64:
		w.b.WriteString(strconv.FormatFloat(v, 'g', -1, 64))
	case []any:
		w.b.WriteByte('[')
		for i, e := range v {
			if i > 0 {
				w.b.WriteByte(',')
			}
			w.space()
			w.value(e)
		}
		w.b.WriteByte(']')
	case map[string]any:
		w.object(slices.Sorted(maps.Keys(v)), inAnyCase, func(name string) { w.value(v[name]) })
	default:
		fmt.Fprint(&w.b, v)
	}
}

// document writes m as a body that a client could send.
func (w *noisyWriter) document(typ *Type, m model) string {
	names := []string{"schemas"}
	exts := map[string][]string{}
	for _, path := range slices.Sorted(maps.Keys(m)) {
		a, _ := typ.Attr(path)
		switch {
		case a.ext == 0:
			names = append(names, path)
		case w.coin("dotted") && a.open == strings.HasPrefix(path, MetadataURN):
			names = append(names, path)
		default:
			exts[a.URN()] = append(exts[a.URN()], a.Name)
		}
	}
	names = append(names, slices.Sorted(maps.Keys(exts))...)
	isKey := func(name string) bool {
		a, ok := typ.Attr(name)
		return ok && a.open
	}
	w.object(names, isKey, func(name string) {
		if keys, ok := exts[name]; ok {
			w.object(keys, func(key string) bool { return isKey(name + ":" + key) }, func(key string) {
				w.value(m[name+":"+key])
			})
			return
		}
		if name == "schemas" {
			w.value([]any{typ.exts[0].urn})
			return
		}
		w.value(m[name])
	})
	return w.b.String()
}

// lossless is tolerant, but keeps what Make keeps.
var lossless = Decoding{KeepEmptyStrings: true}

// everything is a projection that hides nothing.
func everything(typ *Type) Encoding {
	p := typ.newProjection()
	for _, a := range typ.attrs {
		p.set(a)
	}
	return Encoding{Projection: p}
}

func mustDecode(t require.TestingT, typ *Type, doc string, o Decoding) *Resource {
	d, err := Decode(typ, []byte(doc), o)
	require.NoError(t, err, doc)
	require.NoError(t, CheckResource(d.Resource), doc)
	return d.Resource
}

// TestDecodeIsMake: what is decoded is what a builder makes of the same values, in
// whatever order and spelling they come.
func TestDecodeIsMake(t *testing.T) {
	typ := ThingType()
	rapid.Check(t, func(t *rapid.T) {
		m := genModel(t, typ)
		want := build(t, typ, m)
		for range 2 {
			w := noisyWriter{t: t}
			doc := w.document(typ, m)
			got := mustDecode(t, typ, doc, lossless)
			if !want.Equal(got) {
				t.Fatalf("%s\ndecoded:\n%s\nbuilt:\n%s", doc, full(got), full(want))
			}
		}
	})
}

func full(r *Resource) string { return string(r.AppendJSON(nil, everything(r.t))) }

// TestRoundTrip: what is encoded is valid JSON, and decodes to the same, also
// strictly.
func TestRoundTrip(t *testing.T) {
	typ := ThingType()
	strict := StrictDecoding()
	strict.RefuseNonCanonical = true
	rapid.Check(t, func(t *rapid.T) {
		r := build(t, typ, genModel(t, typ))
		text := full(r)
		require.True(t, json.Valid([]byte(text)), text)
		for _, o := range []Decoding{lossless, strict} {
			if again := mustDecode(t, typ, text, o); !r.Equal(again) {
				t.Fatalf("%s\nbecame\n%s", text, full(again))
			}
		}
	})
}

// TestSchemasFollow: "schemas" lists an extension exactly if there is data of it.
func TestSchemasFollow(t *testing.T) {
	typ := ThingType()
	rapid.Check(t, func(t *rapid.T) {
		m := genModel(t, typ)
		want := map[string]bool{ThingURN: true}
		for path := range m {
			if a, _ := typ.Attr(path); a.ext > 0 {
				want[a.URN()] = true
			}
		}
		got := build(t, typ, m).Schemas()
		require.Len(t, got, len(want))
		for _, urn := range got {
			require.True(t, want[urn], urn)
		}
		require.Equal(t, ThingURN, got[0])
	})
}

// TestEdits applies random edits to a resource and to a model of it.
func TestEdits(t *testing.T) {
	typ := ThingType()
	attrs := writable(typ)
	rapid.Check(t, func(t *rapid.T) {
		m := genModel(t, typ)
		r := build(t, typ, m)
		for range rapid.IntRange(1, 4).Draw(t, "builds") {
			before, frozen := r, full(r)
			b := r.Edit()
			for range rapid.IntRange(0, 5).Draw(t, "edits") {
				edit1(t, attrs, b, m)
			}
			var err error
			r, err = b.Build()
			require.NoError(t, err)
			require.NoError(t, CheckResource(r))
			require.Equal(t, frozen, full(before), "the base has changed")
			if want := build(t, typ, m); !want.Equal(r) {
				t.Fatalf("built:\n%s\nwant:\n%s", full(r), full(want))
			}
			require.Equal(t, differences(before, r), r.Changed(before))
		}
	})
}

// edit1 makes one random edit.
func edit1(t *rapid.T, attrs []*Attr, b *Builder, m model) {
	a := rapid.SampledFrom(attrs).Draw(t, "attribute")
	switch rapid.IntRange(0, 5).Draw(t, "edit") {
	case 0:
		b.Set(upperASCII(a.path), nil)
		delete(m, a.path)
	case 1:
		if urn := a.URN(); urn != "" {
			b.ClearExtension(urn)
			maps.DeleteFunc(m, func(path string, _ any) bool { return strings.HasPrefix(path, urn+":") })
		}
	case 2:
		if a.Type == Complex && !a.MultiValued {
			s := rapid.SampledFrom(a.subs).Draw(t, "sub-attribute")
			editSub(t, a, s, b, m)
		}
	default:
		v := genValue(t, a)
		b.Set(a.path, v)
		m[a.path] = v
	}
	// What the builder says it holds is what it will build.
	made, err := a.Make(m[a.path])
	require.NoError(t, err)
	require.NoError(t, CheckValue(made))
	require.True(t, made.Identical(b.Value(a)), "%s: %s", a.path, b.Value(a).AppendJSON(nil))
}

func editSub(t *rapid.T, a, s *Attr, b *Builder, m model) {
	old, _ := m[a.path].(map[string]any)
	sub := maps.Clone(old)
	if sub == nil {
		sub = map[string]any{}
	}
	switch {
	case s.IsComputed():
		b.Set(s.path, "https://example.com/ignored")
	case rapid.Bool().Draw(t, "unassign"):
		b.Put(s, Value{})
		delete(sub, s.Name)
	default:
		v := genValue(t, s)
		b.Set(s.path, v)
		sub[s.Name] = v
	}
	m[a.path] = sub
	if len(sub) == 0 {
		delete(m, a.path)
	}
}

// differences compares attribute by attribute, which is slow and simple.
func differences(old, r *Resource) []string {
	var paths []string
	for _, a := range writable(r.t) {
		if !old.Value(a).Identical(r.Value(a)) {
			paths = append(paths, a.path)
		}
	}
	slices.SortFunc(paths, func(x, y string) int {
		a, _ := r.t.Attr(x)
		b, _ := r.t.Attr(y)
		return compareAttrs(a, b)
	})
	return paths
}

// TestWithIsMap: With and Merge do to an object what they would do to a map.
func TestWithIsMap(t *testing.T) {
	typ := ThingType()
	a, _ := typ.Attr("one")
	rapid.Check(t, func(t *rapid.T) {
		m := maps.Clone(genObject(t, a, 0).(map[string]any))
		v, err := a.Make(m)
		require.NoError(t, err)
		for range rapid.IntRange(1, 5).Draw(t, "steps") {
			s := rapid.SampledFrom(a.subs).Draw(t, "sub-attribute")
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0:
				v = v.With(a, s, Value{})
				delete(m, s.Name)
			case 1:
				x := genValue(t, s)
				made, err := s.Make(x)
				require.NoError(t, err)
				v = v.With(a, s, made)
				m[s.Name] = x
			default:
				o := genObject(t, a, 0).(map[string]any)
				made, err := a.Make(o)
				require.NoError(t, err)
				v = v.Merge(made)
				maps.Copy(m, o)
			}
			require.NoError(t, CheckValue(v))
			want, err := a.Make(m)
			require.NoError(t, err)
			require.True(t, want.Identical(v), "%s instead of %s", v.AppendJSON(nil), want.AppendJSON(nil))
		}
	})
}

// TestProjections: whatever is asked for, the answer is valid JSON, has what is
// returned always, and never what is returned never.
func TestProjections(t *testing.T) {
	typ := ThingType()
	var names []string
	for _, a := range writable(typ) {
		names = append(names, a.path)
		for _, s := range a.subs {
			names = append(names, s.path)
		}
	}
	for i := range typ.exts {
		names = append(names, typ.exts[i].urn)
	}
	rapid.Check(t, func(t *rapid.T) {
		r := build(t, typ, genModel(t, typ)).WithMeta("1", Meta{Version: "v"})
		list := rapid.SliceOfN(rapid.SampledFrom(names), 0, 4)
		p := typ.Project(list.Draw(t, "attributes"), list.Draw(t, "excluded"))
		text := r.AppendJSON(nil, Encoding{Projection: p, Links: NewLinks("https://example.com", map[string]string{"User": "/Users"})})
		var got map[string]any
		require.NoError(t, json.Unmarshal(text, &got), "%s", text)
		require.Equal(t, "1", got["id"])
		require.Contains(t, got, "schemas")
		require.NotContains(t, got, "never")
		require.NotContains(t, got, "wo")
		require.Equal(t, !r.Get("always").IsZero(), got["always"] != nil)
		noneEmpty(t, got)
	})
}

// TestUsualMeta: what is written at once where all is shown is what is written piece by piece.
func TestUsualMeta(t *testing.T) {
	typ := UserType()
	require.True(t, typ.projection.all)
	pieces := *typ.projection
	pieces.all = false
	rapid.Check(t, func(t *rapid.T) {
		genTime := rapid.Custom(func(t *rapid.T) time.Time {
			return time.UnixMicro(rapid.Int64Range(-1, 1<<52).Draw(t, "time")).UTC()
		})
		m := Meta{Created: genTime.Draw(t, "created"), Version: rapid.SampledFrom([]string{"", "v1", `"`, "ä"}).Draw(t, "version")}
		m.LastModified = rapid.OneOf(rapid.Just(m.Created), rapid.Just(time.Time{}), genTime).Draw(t, "modified")
		values := genModel(t, typ)
		delete(values, "userName") // which takes no characters that can't be seen
		r := build(t, typ, values).WithMeta(rapid.SampledFrom([]string{"", "1", "a b", `"`, "ä"}).Draw(t, "id"), m)
		e := Encoding{Links: NewLinks(
			rapid.SampledFrom([]string{"", "https://example.com", `https://x/"`}).Draw(t, "base"),
			rapid.SampledFrom([]map[string]string{nil, {"User": "/Users"}}).Draw(t, "endpoints"))}
		want := e
		want.Projection = &pieces
		require.Equal(t, string(r.AppendJSON(nil, want)), string(r.AppendJSON(nil, e)))
	})
}

// noneEmpty fails for an empty object or list.
func noneEmpty(t require.TestingT, v any) {
	switch v := v.(type) {
	case map[string]any:
		require.NotEmpty(t, v)
		for _, e := range v {
			noneEmpty(t, e)
		}
	case []any:
		require.NotEmpty(t, v)
		for _, e := range v {
			noneEmpty(t, e)
		}
	}
}

// TestSettled: what Unique and OnePrimary leave has no two elements that are the
// same, no two primaries, and nothing more to settle.
func TestSettled(t *testing.T) {
	typ := ThingType()
	a, _ := typ.Attr("plural")
	element := rapid.Custom(func(t *rapid.T) any {
		m := map[string]any{}
		for _, s := range a.subs {
			if s == a.primary {
				m[s.Name] = rapid.Bool().Draw(t, "primary")
			} else if rapid.Bool().Draw(t, "has "+s.Name) {
				m[s.Name] = rapid.SampledFrom([]string{"", "a", "A", "b", "\x00", "\x00a", "\"", "ß"}).Draw(t, s.Name)
			}
		}
		return m
	})
	rapid.Check(t, func(t *rapid.T) {
		v, err := a.Make(rapid.SliceOfN(element, 0, 40).Draw(t, "elements"))
		require.NoError(t, err)
		unique := a.Unique(v)
		require.NoError(t, CheckValue(unique))
		elems := slices.Collect(unique.Elems())
		for i, x := range elems {
			for _, y := range elems[:i] {
				require.False(t, a.SameElement(x, y), "%s and %s", x.AppendJSON(nil), y.AppendJSON(nil))
			}
		}
		require.Equal(t, len(primaries(a, v)) > 0, len(primaries(a, unique)) > 0, "a primary has been lost, or one is new")
		for x := range v.Elems() {
			require.True(t, slices.ContainsFunc(elems, func(y Value) bool { return a.SameElement(x, y) }), "%s is gone", x.AppendJSON(nil))
		}
		require.True(t, unique == a.Unique(unique), "without duplicates it is the list itself")

		keep := rapid.IntRange(0, 40).Draw(t, "keep")
		one, several := a.OnePrimary(v, keep)
		require.NoError(t, CheckValue(one))
		require.Equal(t, v.Len(), one.Len())
		was, is := primaries(a, v), primaries(a, one)
		require.Equal(t, len(was) > 1, several)
		if len(was) == 0 {
			require.Empty(t, is)
			return
		}
		want := was[0]
		if slices.Contains(was, keep) {
			want = keep
		}
		if several {
			require.Equal(t, []int{want}, is)
		}
	})
}

func primaries(a *Attr, v Value) []int {
	var marked []int
	i := 0
	for e := range v.Elems() {
		if is, _ := e.Sub(a.primary).Bool(); is {
			marked = append(marked, i)
		}
		i++
	}
	return marked
}

// difficult draws text with letters whose other case is not one letter, or one of
// another form when composed.
var difficult = rapid.StringOf(rapid.SampledFrom([]rune("aAßẞİıiIſKkÅåΣσςᾳᾼͅ\u0301\u0308\u0323ŉǰﬁﬀΐΰꭰᎠᏸᏰǅǆÄä")))

// TestFoldTwice: keys are stable, and what differs by case only has one key.
func TestFoldTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), difficult).Draw(t, "s")
		require.Equal(t, Fold(s), Fold(Fold(s)))
		ascii := rapid.StringMatching(`[ -~]*`).Draw(t, "ascii")
		require.Equal(t, Fold(ascii), Fold(strings.ToUpper(ascii)))
		require.Equal(t, FoldUserName(ascii), FoldUserName(strings.ToUpper(ascii)))
		require.Len(t, foldASCII(s), len(s))
		require.True(t, equalFold(s, upperASCII(s)))
		require.Zero(t, compareFold(foldASCII(s), upperASCII(s)))
	})
}

// TestFormatTime: what is written is what the standard library writes, and is read
// back.
func TestFormatTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := time.FixedZone("", rapid.IntRange(-12, 12).Draw(t, "zone")*3600)
		at := time.Unix(rapid.Int64Range(-1<<40, 1<<38).Draw(t, "s"), rapid.Int64Range(0, 1e9-1).Draw(t, "ns")).In(zone)
		want := at.UTC().Truncate(time.Microsecond)
		require.Equal(t, want.Format(time.RFC3339Nano), FormatTime(at))
		if want.Year() >= 0 && want.Year() <= 9999 {
			got, ok := ParseTime(FormatTime(at))
			require.True(t, ok)
			require.True(t, want.Equal(got))
		}
	})
}
