package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-scim/muster/scim"
)

// stateCases are about the records that Muster keeps beside the application's
// data.
var stateCases = []Case{
	{
		Name:        "State/Put",
		Rule:        "A record of Version 0 is stored if there is none, with the next version; ListState returns it as it was put.",
		Section:     "scim.StateStore",
		Consequence: "Links between accounts and identity providers are lost, and with them who may change what.",
		needs:       needState,
		run:         onState(testStatePut),
	},
	{
		Name:        "State/Version",
		Rule:        "PutState compares the version with the stored one, 0 standing for no record, and returns ErrVersionMismatch if it is another; otherwise the next version is one more.",
		Section:     "scim.StateStore",
		Consequence: "Two workers do the same job, or one undoes what the other has noted.",
		needs:       needState,
		run:         onState(testStateVersion),
	},
	{
		Name:        "State/Delete",
		Rule:        "Delete deletes the record if the version is the stored one; then the key is free and its refs are gone.",
		Section:     "scim.StateStore",
		Consequence: "A job that is done is done again after each restart.",
		needs:       needState,
		run:         onState(testStateDelete),
	},
	{
		Name:        "State/AllOrNone",
		Rule:        "PutState stores all of its records or none.",
		Section:     "scim.StateStore",
		Consequence: "Half of a decision is remembered: a hand-over without the list of what was moved.",
		needs:       needState,
		run:         onState(testStateAllOrNone),
	},
	{
		Name:        "State/Race",
		Rule:        "Comparing versions and storing are one step, for new records too.",
		Section:     "scim.StateStore",
		Consequence: "Two requests bind the same account to two identities.",
		needs:       needState,
		run:         onState(testStateRace),
	},
	{
		Name:        "State/Keys",
		Rule:        "StateQuery.Keys, if not nil, asks for records with these keys; those that do not exist are left out, and an empty list finds none.",
		Section:     "scim.StateQuery",
		Consequence: "A question about nobody is answered with everybody's records.",
		needs:       needState,
		run:         onState(testStateKeys),
	},
	{
		Name:        "State/Refs",
		Rule:        "StateQuery.Ref finds the records that have it among their Refs now; several may share one.",
		Section:     "scim.StateQuery",
		Consequence: "An account is found by an externalId that it no longer has, or is not found by the one it has.",
		needs:       needState,
		run:         onState(testStateRefs),
	},
	{
		Name:        "State/Pages",
		Rule:        "Records come in the order of the bytes of their keys. Limit is the most of a page, After continues behind a key, and next is empty if there are no more.",
		Section:     "scim.StateQuery",
		Consequence: "Recomputing everybody's roles misses some, or never ends.",
		needs:       needState,
		run:         onState(testStatePages),
	},
	{
		Name:        "State/Apart",
		Rule:        "Kinds and tenants are apart: the same key may be in each.",
		Section:     "RFC 7644, section 6",
		Consequence: "One customer's token opens another's door.",
		needs:       needState | needTenants,
		run:         onState(testStateApart),
	},
	{
		Name:        "State/Arguments",
		Rule:        "A store copies what it is given, and changes none of it; records that it returns are the caller's, but for Data.",
		Section:     "scim.StateStore",
		Consequence: "A buffer that is used again changes what is remembered.",
		needs:       needState,
		run:         onState(testStateArguments),
	},
	{
		Name:        "State/Cancel",
		Rule:        "A call whose context has ended does its work or returns the context's error, and has stored nothing then.",
		Section:     "scim.StateStore",
		Consequence: "A client that hangs up leaves half of a decision behind.",
		needs:       needState,
		run:         onState(testStateCancel),
	},
}

// memory is a StateStore.
type memory struct{ *trial }

// onState makes the run of a case out of one on memory.
func onState(f func(m memory)) func(*trial) { return func(x *trial) { f(memory{x}) } }

const testKind scim.Kind = "storetest"

// put stores records, which has to work.
func (m memory) put(records ...scim.State) {
	m.must(m.State.PutState(m.ctx, m.tenant, records...), "putting %d records", len(records))
}

// newRecord makes a record that is not stored yet.
func newRecord(key string, refs ...string) scim.State {
	return scim.State{Kind: testKind, Key: key, Refs: refs, Data: []byte("data of " + key)}
}

// list returns all records that q asks for.
func (m memory) list(q scim.StateQuery) []scim.State {
	if q.Kind == "" {
		q.Kind = testKind
	}
	records, _, err := m.State.ListState(m.ctx, m.tenant, q)
	m.must(err, "listing records")
	return records
}

// get returns the record with a key, which has to be there.
func (m memory) get(key string) scim.State {
	records := m.list(scim.StateQuery{Keys: []string{key}})
	if len(records) != 1 || records[0].Key != key {
		m.fatalf("asking for the key %q gives %d records", key, len(records))
	}
	return records[0]
}

func keysIn(records []scim.State) []string {
	keys := make([]string, len(records))
	for i, r := range records {
		keys[i] = r.Key
	}
	return keys
}

func (m memory) expectKeys(what string, q scim.StateQuery, want ...string) {
	m.expectIDs(what, keysIn(m.list(q)), want, false)
}

// expectRecord reports if a stored record is not want.
func (m memory) expectRecord(what string, got, want scim.State) {
	gotRefs, wantRefs := slices.Sorted(slices.Values(got.Refs)), slices.Sorted(slices.Values(want.Refs))
	if got.Kind != want.Kind || got.Key != want.Key || got.Lane != want.Lane || !got.Due.Equal(want.Due) ||
		got.Version != want.Version || got.Delete || !bytes.Equal(got.Data, want.Data) || !slices.Equal(gotRefs, wantRefs) {
		m.errorf("%s: the record is %+v, want %+v", what, got, want)
	}
}

func (m memory) expectStateMismatch(err error, format string, args ...any) {
	m.expect(func(err error) bool { return errors.Is(err, scim.ErrVersionMismatch) }, "scim.ErrVersionMismatch", err, format, args...)
}

func testStatePut(m memory) {
	records := []scim.State{
		newRecord("plain"),
		newRecord("with refs", "a", "b"),
		{Kind: testKind, Key: "with all", Refs: []string{"c"}, Lane: "lane", Due: noon, Data: []byte(`{"n":1}`)},
		{Kind: testKind, Key: "without data"},
		{Kind: testKind, Key: "any bytes", Data: []byte{0, 1, 0xff, 0xfe, '"', '\\', 0}},
		{Kind: testKind, Key: "large", Data: bytes.Repeat([]byte("0123456789"), 20_000)},
		{Kind: testKind, Key: `odd "key" 'x' % _ é/😀`, Refs: []string{`odd "ref" 'x' %`, ""}[:1]},
	}
	for _, r := range records {
		m.put(r)
	}
	for _, r := range records {
		r.Version = 1
		m.expectRecord("after PutState", m.get(r.Key), r)
	}
	m.put()
	m.expectKeys("all", scim.StateQuery{}, keysIn(records)...)
}

func testStateVersion(m memory) {
	m.put(newRecord("k"))
	m.expectStateMismatch(m.State.PutState(m.ctx, m.tenant, newRecord("k")), "putting a record of Version 0 that exists")
	other := newRecord("other")
	other.Version = 1
	m.expectStateMismatch(m.State.PutState(m.ctx, m.tenant, other), "putting a record of Version 1 that does not exist")
	r := m.get("k")
	for i := range int64(3) {
		r.Version, r.Data = i+1, []byte(strconv.FormatInt(i, 10))
		m.put(r)
		r.Version++
		m.expectRecord("after a change", m.get("k"), r)
	}
	for _, v := range []int64{0, 1, 3, 5, -1} {
		stale := r
		stale.Version, stale.Data = v, []byte("stale")
		m.expectStateMismatch(m.State.PutState(m.ctx, m.tenant, stale), "putting Version %d, stored is 4", v)
	}
	m.expectRecord("after wrong versions", m.get("k"), r)
	m.expectKeys("after wrong versions", scim.StateQuery{}, "k")
}

func testStateDelete(m memory) {
	m.put(newRecord("k", "ref"), newRecord("stays", "ref"))
	r := m.get("k")
	wrong := r
	wrong.Delete, wrong.Version = true, 7
	m.expectStateMismatch(m.State.PutState(m.ctx, m.tenant, wrong), "deleting with a wrong version")
	m.expectRecord("after deleting with a wrong version", m.get("k"), r)
	r.Delete = true
	m.put(r)
	m.expectKeys("after deleting", scim.StateQuery{}, "stays")
	m.expectKeys("by key after deleting", scim.StateQuery{Keys: []string{"k"}})
	m.expectKeys("by ref after deleting", scim.StateQuery{Ref: "ref"}, "stays")
	m.expectStateMismatch(m.State.PutState(m.ctx, m.tenant, r), "deleting again")
	again := newRecord("k", "new")
	m.put(again)
	again.Version = 1
	m.expectRecord("put again after deleting", m.get("k"), again)
	m.expectKeys("by the old ref", scim.StateQuery{Ref: "ref"}, "stays")
}

func testStateAllOrNone(m memory) {
	m.put(newRecord("a"), newRecord("b", "old"))
	b := m.get("b")
	change := b
	change.Data, change.Refs = []byte("new"), []string{"new"}
	gone := m.get("a")
	gone.Delete = true
	bad := newRecord("bad")
	bad.Version = 3
	for _, records := range [][]scim.State{{newRecord("c"), change, gone, bad}, {bad, newRecord("c"), change, gone}, {change, bad, gone}} {
		m.expectStateMismatch(m.State.PutState(m.ctx, m.tenant, records...), "putting several, one with a wrong version")
		m.expectKeys("after that", scim.StateQuery{}, "a", "b")
		m.expectRecord("after that", m.get("b"), b)
		m.expectKeys("by ref after that", scim.StateQuery{Ref: "old"}, "b")
		m.expectKeys("by the ref that was refused", scim.StateQuery{Ref: "new"})
	}
	m.put(newRecord("c"), change, gone)
	m.expectKeys("without the wrong one", scim.StateQuery{}, "b", "c")
}

func testStateRace(m memory) {
	for n := range m.rounds() {
		key := fmt.Sprintf("k%d", n)
		r := newRecord(key)
		for version := range int64(2) {
			r.Version = version
			errs := m.parallel(racers, func(i int) error {
				mine := r
				mine.Data = []byte(strconv.Itoa(i))
				// The second record says which of them was first.
				return m.State.PutState(m.ctx, m.tenant, mine, newRecord(fmt.Sprintf("%s/%d/%d", key, version, i)))
			})
			won := m.winner(errs, func(err error) bool { return errors.Is(err, scim.ErrVersionMismatch) }, "scim.ErrVersionMismatch")
			if got := m.get(key); got.Version != version+1 || string(got.Data) != strconv.Itoa(won) {
				m.errorf("after a race the record is %+v, want Version %d of writer %d", got, version+1, won)
			}
		}
	}
	if n := len(m.list(scim.StateQuery{})); n != 3*m.rounds() {
		m.errorf("after races there are %d records, want %d", n, 3*m.rounds())
	}
}

func testStateKeys(m memory) {
	for _, key := range []string{"a", "b", "c", "d"} {
		m.put(newRecord(key, "ref "+key))
	}
	for what, tt := range map[string]struct{ ask, want []string }{
		"two keys":          {[]string{"c", "a"}, []string{"a", "c"}},
		"a key twice":       {[]string{"b", "b"}, []string{"b"}},
		"unknown keys":      {append(oddIDs()[:10], "d", "ref d"), []string{"d"}},
		"only unknown keys": {[]string{"x"}, nil},
		"no keys":           {[]string{}, nil},
		"all":               {nil, []string{"a", "b", "c", "d"}},
	} {
		m.expectIDs(what, keysIn(m.list(scim.StateQuery{Keys: tt.ask})), tt.want, true)
	}
	many := amongMany("b", "d")
	m.expectIDs("many keys", keysIn(m.list(scim.StateQuery{Keys: many})), []string{"b", "d"}, true)
	m.expectKeys("keys of which one is wanted", scim.StateQuery{Keys: []string{"a", "b", "c"}, Limit: 1}, "a")
}

func testStateRefs(m memory) {
	m.put(newRecord("a", "x", "y"), newRecord("b", "y"), newRecord("c"), newRecord("x"))
	m.expectKeys("a ref of one", scim.StateQuery{Ref: "x"}, "a")
	m.expectKeys("a ref of two", scim.StateQuery{Ref: "y"}, "a", "b")
	m.expectKeys("an unknown ref", scim.StateQuery{Ref: "z"})
	m.expectKeys("a key as a ref", scim.StateQuery{Ref: "c"})
	m.expectKeys("a ref in another case", scim.StateQuery{Ref: "X"})
	a := m.get("a")
	a.Refs = []string{"y", "z"}
	m.put(a)
	m.expectKeys("a ref that was taken away", scim.StateQuery{Ref: "x"})
	m.expectKeys("a ref that was added", scim.StateQuery{Ref: "z"}, "a")
	m.expectKeys("a ref that stayed", scim.StateQuery{Ref: "y"}, "a", "b")
	page, next, err := m.State.ListState(m.ctx, m.tenant, scim.StateQuery{Kind: testKind, Ref: "y", Limit: 1})
	m.must(err, "listing by ref with a limit")
	m.expectIDs("the first by ref", keysIn(page), []string{"a"}, true)
	m.expectKeys("the rest by ref", scim.StateQuery{Ref: "y", After: next}, "b")
	m.anyRef()
}

// anyRef asks for records by several refs. There are a with y and z, b with y, and c
// and x without.
func (m memory) anyRef() {
	m.put(newRecord("d", "w", "v"), newRecord("e", "w"))
	for what, tt := range map[string]struct {
		q    scim.StateQuery
		want []string
	}{
		"two refs":                    {scim.StateQuery{Refs: []string{"w", "y"}}, []string{"a", "b", "d", "e"}},
		"two refs of one record":      {scim.StateQuery{Refs: []string{"v", "w", "w"}}, []string{"d", "e"}},
		"refs of which one is none":   {scim.StateQuery{Refs: []string{"unknown", "z", ""}}, []string{"a"}},
		"no refs":                     {scim.StateQuery{Refs: []string{}}, nil},
		"refs and keys":               {scim.StateQuery{Refs: []string{"y", "w"}, Keys: []string{"b", "c", "e"}}, []string{"b", "e"}},
		"a ref and refs":              {scim.StateQuery{Ref: "y", Refs: []string{"z", "w"}}, []string{"a"}},
		"refs, the first two":         {scim.StateQuery{Refs: []string{"w", "y"}, Limit: 2}, []string{"a", "b"}},
		"refs, after b":               {scim.StateQuery{Refs: []string{"w", "y"}, After: "b"}, []string{"d", "e"}},
		"refs, the first after a key": {scim.StateQuery{Refs: []string{"y", "w"}, After: "a", Limit: 1}, []string{"b"}},
		"many refs":                   {scim.StateQuery{Refs: amongMany("z", "w")}, []string{"a", "d", "e"}},
	} {
		m.expectIDs(what, keysIn(m.list(tt.q)), tt.want, true)
	}
}

func testStatePages(m memory) {
	keys := []string{"a", "B", "b", "A", "a/1", "a-1", "a b", "aa", "é", "z", "Z", "10", "9", "_", "😀", "ﬀ"}
	for _, key := range keys {
		m.put(newRecord(key))
	}
	slices.Sort(keys)
	m.expectIDs("all", keysIn(m.list(scim.StateQuery{})), keys, true)
	for _, limit := range []int{1, 3, len(keys) - 1, len(keys), len(keys) + 1} {
		m.expectIDs(fmt.Sprintf("by pages of %d", limit), m.walk(limit, nil), keys, true)
	}
	for i, key := range keys {
		m.expectIDs("after "+key, keysIn(m.list(scim.StateQuery{After: key})), keys[i+1:], true)
	}
	// The key after which it goes on need not exist.
	m.expectIDs("after a key that is none", keysIn(m.list(scim.StateQuery{After: "a0"})), keys[slices.Index(keys, "aa"):], true)
	seen := m.walk(2, func(page []scim.State) {
		last := page[len(page)-1]
		last.Delete = true
		m.put(last)
		m.put(newRecord("!" + last.Key))
	})
	m.expectIDs("by pages, with changes in between", seen, keys, true)
}

// walk reads pages and calls between after each but the last.
func (m memory) walk(limit int, between func(page []scim.State)) []string {
	var keys []string
	q := scim.StateQuery{Kind: testKind, Limit: limit}
	for range maxAll {
		page, next, err := m.State.ListState(m.ctx, m.tenant, q)
		m.must(err, "listing records")
		if len(page) > limit {
			m.errorf("a page has %d records, Limit is %d", len(page), limit)
		}
		keys = append(keys, keysIn(page)...)
		if next == "" {
			return keys
		}
		q.After = next
		if between != nil && len(page) > 0 {
			between(page)
		}
	}
	m.fatalf("the pages of records do not end")
	return nil
}

func testStateApart(m memory) {
	one := newRecord("k", "ref")
	two := one
	two.Kind, two.Data = testKind+"2", []byte("two")
	m.put(one, two)
	three := one
	three.Data = []byte("three")
	m.must(m.State.PutState(m.ctx, m.other(), three), "putting a record in another tenant")
	one.Version, two.Version, three.Version = 1, 1, 1
	for _, q := range []scim.StateQuery{{}, {Keys: []string{"k"}}, {Ref: "ref"}} {
		for want, tenant := range map[*scim.State]scim.Tenant{&one: m.tenant, &two: m.tenant, &three: m.other()} {
			q.Kind = want.Kind
			got, _, err := m.State.ListState(m.ctx, tenant, q)
			m.must(err, "listing records")
			if len(got) != 1 {
				m.errorf("%d records of kind %q in tenant %q, want 1", len(got), q.Kind, tenant)
				continue
			}
			m.expectRecord("a record of each kind and tenant", got[0], *want)
		}
	}
	one.Delete = true
	m.put(one)
	two.Kind = two.Kind[:len(testKind)]
	m.expectKeys("the kind of which the record was deleted", scim.StateQuery{})
	got, _, err := m.State.ListState(m.ctx, m.other(), scim.StateQuery{Kind: testKind})
	if m.must(err, "listing records"); len(got) != 1 {
		m.errorf("deleting a record deleted that of another tenant")
	}
}

func testStateArguments(m memory) {
	r := newRecord("k", "b", "a")
	records := []scim.State{r, newRecord("l", "a")}
	m.put(records...)
	if !slices.Equal(r.Refs, []string{"b", "a"}) || records[0].Version != 0 || records[0].Key != "k" {
		m.errorf("PutState changed what it was given to %+v", records[0])
	}
	want := newRecord("k", "b", "a")
	want.Version = 1
	clear(r.Refs)
	clear(r.Data)
	clear(records)
	got := m.get("k")
	m.expectRecord("after the caller has changed what it put", got, want)
	clear(got.Refs)
	m.expectRecord("after the caller has changed the Refs it got", m.get("k"), want)
	all := m.list(scim.StateQuery{})
	clear(all)
	m.expectKeys("after the caller has changed the list it got", scim.StateQuery{}, "k", "l")
	keys := []string{"l", "k", "l"}
	m.list(scim.StateQuery{Keys: keys})
	expectSame(m.trial, "StateQuery.Keys", keys, []string{"l", "k", "l"})
}

func testStateCancel(m memory) {
	m.put(newRecord("k"))
	ended, cancel := context.WithCancel(m.ctx)
	cancel()
	_, _, err := m.State.ListState(ended, m.tenant, scim.StateQuery{Kind: testKind})
	m.expectCanceled(err, "listing records")
	err = m.State.PutState(ended, m.tenant, newRecord("a"), newRecord("b"))
	if m.expectCanceled(err, "putting records"); err != nil {
		m.expectKeys("after records that were not put", scim.StateQuery{}, "k")
	}
	due := newRecord("due")
	due.Due = noon
	m.put(due)
	_, err = m.State.ClaimState(ended, testKind, noon, lease, 10)
	if m.expectCanceled(err, "claiming records"); err != nil {
		if claimed := m.claim(0, 10); strings.Join(claimed, " ") != "due" {
			m.errorf("after a claim that failed %q can be claimed, want the record", claimed)
		}
	}
}
