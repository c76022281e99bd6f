package main

import "fmt"

// target is one line of the table: a piece of work, the benchmark that
// measures it, the one it is held against, and the limits.
type target struct {
	work    string
	bench   string
	against string

	// must is the limit of time in words. It is either a ratio or, if
	// differs is set, a number of nanoseconds.
	must    string
	limit   float64
	differs bool

	// absolute says that limit is a number of what the benchmark counts, and is held
	// against nothing.
	absolute bool

	// allocs limits the allocations of one operation, if it is not nil.
	allocs *allocLimit
}

// allocLimit is a number of allocations, or one beyond those of the benchmark
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
	{work: "parse an equality filter", bench: "FilterParse/muster/equality", against: "FilterParse/peer/equality",
		must: "≥ 400× faster", limit: 1. / 400, allocs: atMost(3)},
	{work: "parse a complex filter", bench: "FilterParse/muster/complex", against: "FilterParse/peer/complex",
		must: "≥ 300× faster", limit: 1. / 300, allocs: atMost(25)},
	{work: "parse a value path", bench: "FilterParse/muster/valuepath", against: "FilterParse/peer/valuepath",
		must: "≥ 300× faster", limit: 1. / 300, allocs: atMost(25)},
	{work: "parse a path", bench: "FilterParse/muster/path", against: "FilterParse/peer/path",
		must: "≥ 300× faster", limit: 1. / 300, allocs: atMost(25)},

	{work: "decode and validate", bench: "Decode/muster", against: "Decode/encodingjson",
		must: "≤ 0.30×", limit: 0.30, allocs: atMost(5)},
	{work: "encode", bench: "Encode/muster", against: "Encode/encodingjson",
		must: "≤ 0.08×", limit: 0.08, allocs: atMost(0)},

	{work: "GET a user", bench: "Get/muster", against: "Get/floor",
		must: "≤ 1.5×", limit: 1.5, allocs: atMostBeyond(8)},
	{work: "GET a user", bench: "Get/muster", against: "Get/peer",
		must: "≤ 0.5×", limit: 0.5},
	{work: "POST a user", bench: "Post/muster", against: "Post/peer",
		must: "≤ 0.22×", limit: 0.22, allocs: atMost(50)},
	{work: "POST a user", bench: "Post/muster", against: "Post/plain",
		must: "≤ 0.6×", limit: 0.6},
	{work: "PATCH active", bench: "Patch/muster", against: "Patch/peer",
		must: "≤ 0.13×", limit: 0.13, allocs: atMost(40)},
	{work: "list 100 users", bench: "List100/muster", against: "List100/peer",
		must: "≤ 0.06×", limit: 0.06, allocs: atMost(40)},

	{work: "userName eq, 1 thousand users", bench: "FilterEq/muster/1000", against: "Get/muster",
		must: "≤ 1.3×", limit: 1.3, allocs: atMostBeyond(6)},
	// Names at random in so many users are in no cache of the processor any more.
	{work: "userName eq, 100 thousand", bench: "FilterEq/muster/100000", against: "FilterEq/muster/1000",
		must: "≤ + 2.5 µs", limit: 2500, differs: true, allocs: atMostBeyond(0)},
	{work: "userName eq, 1 million", bench: "FilterEq/muster/1000000", against: "FilterEq/muster/1000",
		must: "≤ + 2.5 µs", limit: 2500, differs: true, allocs: atMostBeyond(0)},

	{work: "one member more, of 1 thousand", bench: "MemberAdd/muster/1000", against: "MemberAdd/muster/10",
		must: "≤ + 0.6 µs", limit: 600, differs: true, allocs: atMostBeyond(0)},
	{work: "one member more, of 100 thousand", bench: "MemberAdd/muster/100000", against: "MemberAdd/muster/10",
		must: "≤ + 0.6 µs", limit: 600, differs: true, allocs: atMostBeyond(0)},
	{work: "one member more, of 1 million", bench: "MemberAdd/muster/1000000", against: "MemberAdd/muster/10",
		must: "≤ + 0.6 µs", limit: 600, differs: true, allocs: atMostBeyond(0)},
	{work: "PUT a group of 10,000", bench: "PutGroup10k/muster", against: "PutGroup10k/peer",
		must: "≤ 0.15×", limit: 0.15, allocs: atMost(40)},

	{work: "mark 50 thousand stored users", bench: "Mark/muster", against: "Mark/maps", must: "≤ 0.12×", limit: 0.12},
	counted("bytes of a stored user, with indexes", "StoreMemory/muster/10000 bytes/user", 1100),
	counted("objects of it", "StoreMemory/muster/10000 objects/user", 9),

	{work: "server CPU of GET over HTTP", bench: "ServerCPU/get/muster", against: "ServerCPU/get/bytes", must: "≤ 1.15×", limit: 1.15},
	{work: "server CPU of userName eq", bench: "ServerCPU/filter/muster", against: "ServerCPU/filter/bytes", must: "≤ 1.15×", limit: 1.15},
	{work: "server CPU of POST", bench: "ServerCPU/post/muster", against: "ServerCPU/post/bytes", must: "≤ 1.4×", limit: 1.4},
	{work: "server CPU of PATCH", bench: "ServerCPU/patch/muster", against: "ServerCPU/patch/bytes", must: "≤ 1.4×", limit: 1.4},

	counted("SQL statements of GET", "Statements/get statements/op", 1),
	counted("SQL statements of userName eq", "Statements/equality statements/op", 1),
	counted("SQL statements of POST", "Statements/post statements/op", 1),
	counted("SQL statements of PATCH", "Statements/patch statements/op", 2),
	counted("SQL statements of a list", "Statements/list statements/op", 1),
	counted("SQL statements of 100 members more", "Statements/members statements/op", 3),
}

func counted(work, bench string, most float64) target {
	return target{work: work, bench: bench, against: "–", must: fmt.Sprintf("≤ %v", most), limit: most, absolute: true}
}

// notMeasured stands where a benchmark is not in the input.
const notMeasured = "not measured"

// header names the columns that judge fills.
var header = []string{"work", "time", "held against", "its time", "ratio", "must", "allocs", "must", "verdict"}

// judge returns the target's line of the table.
func (t *target) judge(figures map[string]figure) []string {
	got, measured := figures[t.bench]
	if t.absolute {
		return t.judgeCount(got, measured)
	}
	base, baseMeasured := figures[t.against]
	ratio, inTime := t.judgeTime(got, base, measured && baseMeasured)
	allocs, most, inAllocs := t.judgeAllocs(got, base, measured, baseMeasured)
	return []string{
		t.work, showTime(got.ns, measured), t.against, showTime(base.ns, baseMeasured), ratio, t.must, allocs, most,
		verdict(inTime, inAllocs),
	}
}

func (t *target) judgeCount(got figure, measured bool) []string {
	count, s := notMeasured, unknown
	if measured {
		count, s = fmt.Sprintf("%.4g", got.ns), stateOf(got.ns <= t.limit)
	}
	v := verdict(s, kept)
	if s == over {
		v = "over"
	}
	return []string{t.work, count, t.against, "", "", t.must, "", "", v}
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

func (t *target) judgeTime(got, base figure, measured bool) (ratio string, s state) {
	if !measured || base.ns == 0 {
		return "–", unknown
	}
	if t.differs {
		difference := got.ns - base.ns
		sign := "+ "
		if difference < 0 {
			sign = "− "
		}
		return sign + showTime(max(difference, -difference), true), stateOf(difference <= t.limit)
	}
	ratio = fmt.Sprintf("%.3g×", got.ns/base.ns)
	if t.limit < 0.01 {
		// Nobody can compare 0.00143 with 1/400 by eye.
		ratio = fmt.Sprintf("%.0f× faster", base.ns/got.ns)
	}
	return ratio, stateOf(got.ns/base.ns <= t.limit)
}

func (t *target) judgeAllocs(got, base figure, measured, baseMeasured bool) (allocs, must string, s state) {
	measured = measured && got.allocs >= 0
	allocs = "–"
	if measured {
		allocs = fmt.Sprint(got.allocs)
	}
	if t.allocs == nil {
		return allocs, "", kept
	}
	most := t.allocs.most
	must = fmt.Sprintf("≤ %v", most)
	if t.allocs.beyond {
		must = fmt.Sprintf("≤ its + %v", most)
		measured = measured && baseMeasured && base.allocs >= 0
		most += base.allocs
		if measured {
			must += fmt.Sprintf(" = %v", most)
		}
	}
	if !measured {
		return allocs, must, unknown
	}
	return allocs, must, stateOf(got.allocs <= most)
}

// showTime writes nanoseconds in the unit that is good to read.
func showTime(ns float64, measured bool) string {
	switch {
	case !measured:
		return notMeasured
	case ns >= 1e9:
		return fmt.Sprintf("%.2f s", ns/1e9)
	case ns >= 1e6:
		return fmt.Sprintf("%.2f ms", ns/1e6)
	case ns >= 1e3:
		return fmt.Sprintf("%.2f µs", ns/1e3)
	}
	return fmt.Sprintf("%.4g ns", ns)
}
