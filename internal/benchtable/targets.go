package main

import "fmt"

// target is one line of the table: a piece of work, what it is held against, and the
// limits.
type target struct {
	work string

	// bench names the benchmark, side the one of its sides that is held against another.
	bench, side, against string

	// must is the limit of time in words. It is either a ratio or, if
	// differs is set, a number of nanoseconds.
	must    string
	limit   float64
	differs bool

	// unit is that of a number which is held against nothing but limit; then the sides
	// are empty.
	unit string

	// allocs limits the allocations of one operation, if it is not nil.
	allocs *allocLimit
}

// allocLimit is a number of allocations, or one beyond those of the side
// that the work is held against.
type allocLimit struct {
	most   float64
	beyond bool
}

func atMost(n float64) *allocLimit { return &allocLimit{most: n} }

func atMostBeyond(n float64) *allocLimit { return &allocLimit{most: n, beyond: true} }

// targets are what the project holds itself to, as far as benchmarks measure
// it. Statements, memory and what must be exact are tests.
var targets = []target{
	{work: "parse an equality filter", bench: "FilterParse/equality", side: "muster", against: "peer",
		must: "≥ 400× faster", limit: 1. / 400, allocs: atMost(3)},
	{work: "parse a complex filter", bench: "FilterParse/complex", side: "muster", against: "peer",
		must: "≥ 300× faster", limit: 1. / 300, allocs: atMost(25)},
	{work: "parse a value path", bench: "FilterParse/valuepath", side: "muster", against: "peer",
		must: "≥ 300× faster", limit: 1. / 300, allocs: atMost(25)},
	{work: "parse a path", bench: "FilterParse/path", side: "muster", against: "peer",
		must: "≥ 300× faster", limit: 1. / 300, allocs: atMost(25)},

	{work: "decode and validate", bench: "Decode", side: "muster", against: "encodingjson",
		must: "≤ 0.30×", limit: 0.30, allocs: atMost(5)},
	{work: "encode", bench: "Encode", side: "muster", against: "encodingjson",
		must: "≤ 0.08×", limit: 0.08, allocs: atMost(0)},

	{work: "GET a user", bench: "Get", side: "muster", against: "floor",
		must: "≤ 1.5×", limit: 1.5, allocs: atMostBeyond(8)},
	{work: "GET a user", bench: "Get", side: "muster", against: "peer",
		must: "≤ 0.5×", limit: 0.5},
	{work: "POST a user", bench: "Post", side: "muster", against: "peer",
		must: "≤ 0.22×", limit: 0.22, allocs: atMost(50)},
	{work: "POST a user", bench: "Post", side: "muster", against: "plain",
		must: "≤ 0.6×", limit: 0.6},
	{work: "PATCH active", bench: "Patch", side: "muster", against: "peer",
		must: "≤ 0.13×", limit: 0.13, allocs: atMost(40)},
	{work: "list 100 users", bench: "List100", side: "muster", against: "peer",
		must: "≤ 0.06×", limit: 0.06, allocs: atMost(40)},

	{work: "userName eq, 1 thousand users", bench: "FilterEq/get", side: "muster", against: "get",
		must: "≤ 1.3×", limit: 1.3, allocs: atMostBeyond(6)},
	// Names at random in so many users are in no cache of the processor any more.
	{work: "userName eq, 100 thousand", bench: "FilterEqSize", side: "100000", against: "1000",
		must: "≤ + 2.5 µs", limit: 2500, differs: true, allocs: atMostBeyond(0)},
	{work: "userName eq, 1 million", bench: "FilterEqSize", side: "1000000", against: "1000",
		must: "≤ + 2.5 µs", limit: 2500, differs: true, allocs: atMostBeyond(0)},

	{work: "a member more or less of 1 thousand", bench: "MemberAdd", side: "1000", against: "10",
		must: "≤ + 0.6 µs", limit: 600, differs: true, allocs: atMostBeyond(0)},
	{work: "a member more or less of 100 thousand", bench: "MemberAdd", side: "100000", against: "10",
		must: "≤ + 0.6 µs", limit: 600, differs: true, allocs: atMostBeyond(0)},
	{work: "a member more or less of 1 million", bench: "MemberAdd", side: "1000000", against: "10",
		must: "≤ + 0.6 µs", limit: 600, differs: true, allocs: atMostBeyond(0)},
	{work: "PUT a group of 10,000", bench: "PutGroup10k", side: "muster", against: "peer",
		must: "≤ 0.15×", limit: 0.15, allocs: atMost(40)},

	{work: "mark 50 thousand stored users", bench: "Mark", side: "muster", against: "maps", must: "≤ 0.12×", limit: 0.12},
	counted("bytes of a stored user, with indexes", "StoreMemory/muster/10000", "bytes/user", 1100),
	counted("objects of it", "StoreMemory/muster/10000", "objects/user", 9),

	{work: "server CPU of GET over HTTP", bench: "ServerCPU/get", side: "muster", against: "bytes", must: "≤ 1.15×", limit: 1.15},
	{work: "server CPU of userName eq", bench: "ServerCPU/filter", side: "muster", against: "bytes", must: "≤ 1.15×", limit: 1.15},
	{work: "server CPU of POST", bench: "ServerCPU/post", side: "muster", against: "bytes", must: "≤ 1.4×", limit: 1.4},
	{work: "server CPU of PATCH", bench: "ServerCPU/patch", side: "muster", against: "bytes", must: "≤ 1.4×", limit: 1.4},

	counted("SQL statements of GET", "Statements/get", "statements/op", 1),
	counted("SQL statements of userName eq", "Statements/equality", "statements/op", 1),
	counted("SQL statements of POST", "Statements/post", "statements/op", 1),
	counted("SQL statements of PATCH", "Statements/patch", "statements/op", 2),
	counted("SQL statements of a list", "Statements/list", "statements/op", 1),
	counted("SQL statements of 100 members more", "Statements/members", "statements/op", 3),
}

func counted(work, bench, unit string, most float64) target {
	return target{work: work, bench: bench, unit: unit, must: fmt.Sprintf("≤ %v", most), limit: most}
}

// notMeasured stands where a figure is not in the input.
const notMeasured = "not measured"

// header names the columns that judge fills.
var header = []string{"work", "time", "held against", "its time", "ratio", "must", "allocs", "must", "verdict"}

// judge returns the target's line of the table.
func (t *target) judge(f figures) []string {
	if t.unit != "" {
		return t.judgeCount(f)
	}
	ratio, inTime := t.judgeTime(f)
	allocs, most, inAllocs := t.judgeAllocs(f)
	return []string{
		t.work, f.time(t.bench, t.side), t.against, f.time(t.bench, t.against), ratio, t.must, allocs, most,
		verdict(inTime, inAllocs),
	}
}

func (t *target) judgeCount(f figures) []string {
	count, s := notMeasured, unknown
	if n, ok := f.of(t.bench, t.unit); ok {
		count, s = fmt.Sprintf("%.4g", n), stateOf(n <= t.limit)
	}
	v := verdict(s, kept)
	if s == over {
		v = "over"
	}
	return []string{t.work, count, "–", "", "", t.must, "", "", v}
}

// state is what is known of one limit.
type state int

const (
	kept state = iota
	over
	unknown
)

func stateOf(ok bool) state {
	if ok {
		return kept
	}
	return over
}

// verdict puts the two limits of a line together. One that is broken is worth
// knowing even where the other was not measured.
func verdict(inTime, inAllocs state) string {
	switch {
	case inTime == over && inAllocs == over:
		return "over (time, allocs)"
	case inTime == over:
		return "over (time)"
	case inAllocs == over:
		return "over (allocs)"
	case inTime == unknown || inAllocs == unknown:
		return notMeasured
	}
	return "ok"
}

func (t *target) judgeTime(f figures) (ratio string, s state) {
	if t.differs {
		difference, ok := f.of(t.bench, t.side+"-"+t.against)
		if !ok {
			return "–", unknown
		}
		sign := "+ "
		if difference < 0 {
			sign = "− "
		}
		return sign + showTime(max(difference, -difference)), stateOf(difference <= t.limit)
	}
	held, ok := f.of(t.bench, t.side+"/"+t.against)
	if !ok {
		return "–", unknown
	}
	ratio = fmt.Sprintf("%.3g×", held)
	if t.limit < 0.01 {
		// Nobody can compare 0.00143 with 1/400 by eye.
		ratio = fmt.Sprintf("%.0f× faster", 1/held)
	}
	return ratio, stateOf(held <= t.limit)
}

func (t *target) judgeAllocs(f figures) (allocs, must string, s state) {
	n, ok := f.of(t.bench, "allocs/"+t.side)
	allocs = "–"
	if ok {
		allocs = fmt.Sprint(n)
	}
	if t.allocs == nil {
		return allocs, "", kept
	}
	most := t.allocs.most
	must = fmt.Sprintf("≤ %v", most)
	if t.allocs.beyond {
		must = fmt.Sprintf("≤ its + %v", most)
		base, measured := f.of(t.bench, "allocs/"+t.against)
		if ok = ok && measured; ok {
			most += base
			must += fmt.Sprintf(" = %v", most)
		}
	}
	if !ok {
		return allocs, must, unknown
	}
	return allocs, must, stateOf(n <= most)
}

// showTime writes nanoseconds in the unit that is good to read.
func showTime(ns float64) string {
	switch {
	case ns >= 1e9:
		return fmt.Sprintf("%.2f s", ns/1e9)
	case ns >= 1e6:
		return fmt.Sprintf("%.2f ms", ns/1e6)
	case ns >= 1e3:
		return fmt.Sprintf("%.2f µs", ns/1e3)
	}
	return fmt.Sprintf("%.4g ns", ns)
}
