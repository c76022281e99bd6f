package storetest

import (
	"fmt"
	"sync"
	"time"

	"github.com/muster-scim/muster/scim"
)

// claimCases are about records that wait for a worker.
var claimCases = []Case{
	{
		Name:        "State/ClaimDue",
		Rule:        "ClaimState hands out the records of a kind whose Due is not zero and not in the future, with all they have.",
		Section:     "scim.StateStore",
		Consequence: "Accounts are erased before their time, or jobs are never done.",
		needs:       needState,
		run:         onState(testClaimDue),
	},
	{
		Name:        "State/ClaimLease",
		Rule:        "A record that was handed out is handed out again only after the lease, counted from now.",
		Section:     "scim.StateStore",
		Consequence: "Two workers hand over the same data at once; or the job of one that died is never done.",
		needs:       needState,
		run:         onState(testClaimLease),
	},
	{
		Name:        "State/ClaimVersion",
		Rule:        "A claimed record has the version that is stored: with it the worker can store or delete the record.",
		Section:     "scim.StateStore",
		Consequence: "No job can be marked as done, and all are repeated for ever.",
		needs:       needState,
		run:         onState(testClaimVersion),
	},
	{
		Name:        "State/ClaimLane",
		Rule:        "Of records with one Lane only the oldest is handed out, even while it is with a worker or waits for its time. Those without a lane wait for nobody.",
		Section:     "scim.StateStore",
		Consequence: "Events of one account arrive in the wrong order: suspended after it was activated.",
		needs:       needState,
		run:         onState(testClaimLane),
	},
	{
		Name:        "State/ClaimLimit",
		Rule:        "At most limit records are handed out; the others can be claimed at once by another worker.",
		Section:     "scim.StateStore",
		Consequence: "One worker takes everything, and nothing is done while it is busy.",
		needs:       needState,
		run:         onState(testClaimLimit),
	},
	{
		Name:        "State/ClaimTenants",
		Rule:        "Records of all tenants are handed out, each under its tenant; lanes of different tenants or kinds are different.",
		Section:     "RFC 7644, section 6",
		Consequence: "A worker does a job in the wrong tenant, or one customer's jobs wait for another's.",
		needs:       needState | needTenants,
		run:         onState(testClaimTenants),
	},
	{
		Name:        "State/ClaimRace",
		Rule:        "Of several that claim at once each gets other records.",
		Section:     "scim.StateStore",
		Consequence: "Two instances of the application send each event twice.",
		needs:       needState,
		run:         onState(testClaimRace),
	},
}

// noon is the time of these cases: the store is told it, it looks at no clock.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const lease = time.Minute

// due makes a record that is due some time after noon.
func due(key, lane string, after time.Duration) scim.State {
	r := newRecord(key)
	r.Lane, r.Due = lane, noon.Add(after)
	return r
}

// claimed claims records of the kind, some time after noon.
func (m memory) claimed(after time.Duration, limit int) map[scim.Tenant][]scim.State {
	claimed, err := m.State.ClaimState(m.ctx, testKind, noon.Add(after), lease, limit)
	m.must(err, "claiming records")
	return claimed
}

// claim returns the keys of what was claimed in the tenant.
func (m memory) claim(after time.Duration, limit int) []string {
	claimed := m.claimed(after, limit)
	for t, records := range claimed {
		if t != m.tenant && len(records) > 0 {
			m.errorf("records of the tenant %q were claimed, there are none", t)
		}
	}
	return keysIn(claimed[m.tenant])
}

func (m memory) expectClaim(what string, after time.Duration, want ...string) {
	m.expectIDs(fmt.Sprintf("claimed %v after noon, %s", after, what), m.claim(after, 100), want, false)
}

func testClaimDue(m memory) {
	m.expectClaim("of nothing", 0)
	other := due("of another kind", "", 0)
	other.Kind = testKind + "2"
	m.put(due("past", "", -time.Hour), due("now", "", 0), due("later", "", time.Second), newRecord("never"), other)
	claimed := m.claimed(0, 100)
	m.expectIDs("claimed at noon", keysIn(claimed[m.tenant]), []string{"past", "now"}, false)
	for _, r := range claimed[m.tenant] {
		m.expectRecord("what was claimed", r, m.get(r.Key))
		if string(r.Data) != "data of "+r.Key {
			m.errorf("the record %q was claimed with the Data %q", r.Key, r.Data)
		}
	}
	m.expectRecord("a record without Due", m.get("never"), func() scim.State { r := newRecord("never"); r.Version = 1; return r }())
	m.expectClaim("when another is due", time.Second, "later")
	done := m.get("past")
	done.Due = time.Time{}
	m.put(done)
	m.expectClaim("when one has no Due any more", time.Hour, "now", "later")
}

func testClaimLease(m memory) {
	m.put(due("a", "", -time.Hour))
	m.expectClaim("the first time", 0, "a")
	m.expectClaim("at once again", 0)
	m.expectClaim("within the lease", lease-time.Second)
	m.expectClaim("after the lease", lease, "a")
	m.expectClaim("within the second lease", 2*lease-time.Second)
	m.expectClaim("after the second lease", 2*lease, "a")
}

func testClaimVersion(m memory) {
	m.put(due("a", "", 0), due("b", "", 0))
	for _, r := range m.claimed(0, 100)[m.tenant] {
		r.Data = []byte("done")
		r.Delete = r.Key == "b"
		m.must(m.State.PutState(m.ctx, m.tenant, r), "storing a claimed record")
	}
	m.expectKeys("after one was deleted", scim.StateQuery{}, "a")
	if got := m.get("a"); string(got.Data) != "done" {
		m.errorf("the claimed record has the Data %q after it was stored", got.Data)
	}
	m.expectClaim("later", time.Hour, "a")
}

func testClaimLane(m memory) {
	m.put(due("1", "x", -3*time.Second))
	m.put(due("2", "x", -2*time.Second))
	m.put(due("3", "x", -time.Second))
	m.put(due("other lane", "y", 0))
	m.put(due("no lane", "", 0), due("no lane either", "", 0))
	m.expectClaim("the oldest of each lane", 0, "1", "other lane", "no lane", "no lane either")
	m.expectClaim("while the oldest is with a worker", 0)
	first := m.get("1")
	first.Due = noon.Add(time.Hour)
	m.put(first)
	m.expectClaim("while the oldest waits for another attempt", lease, "other lane", "no lane", "no lane either")
	first = m.get("1")
	first.Delete = true
	m.put(first)
	m.expectClaim("after the oldest is done", lease, "2")
}

func testClaimLimit(m memory) {
	var all []string
	for i := range 7 {
		key := fmt.Sprintf("k%d", i)
		all = append(all, key)
		m.put(due(key, "", 0))
	}
	var got []string
	for _, want := range []int{3, 3, 1, 0} {
		keys := m.claim(0, 3)
		if len(keys) != want {
			m.errorf("%d records were claimed, limit is 3, want %d", len(keys), want)
		}
		got = append(got, keys...)
	}
	m.expectIDs("all that were claimed", got, all, false)
}

func testClaimTenants(m memory) {
	m.put(due("a", "lane", 0), due("b", "", 0))
	m.must(m.State.PutState(m.ctx, m.other(), due("a", "lane", 0), due("c", "", time.Second)), "putting records in another tenant")
	elsewhere := due("d", "lane", -time.Hour)
	elsewhere.Kind = testKind + "2"
	m.put(elsewhere)
	claimed := m.claimed(0, 100)
	m.expectIDs("claimed of the first tenant", keysIn(claimed[m.tenant]), []string{"a", "b"}, false)
	m.expectIDs("claimed of the other tenant", keysIn(claimed[m.other()]), []string{"a"}, false)
	for t, records := range claimed {
		for _, r := range records {
			got, _, err := m.State.ListState(m.ctx, t, scim.StateQuery{Kind: testKind, Keys: []string{r.Key}})
			if m.must(err, "listing records"); len(got) != 1 {
				m.fatalf("a record was claimed that is not in its tenant")
			}
			m.expectRecord("what was claimed", r, got[0])
		}
	}
}

func testClaimRace(m memory) {
	for round := range min(m.rounds(), 10) {
		var want, got []string
		for i := range 3 * racers {
			key := fmt.Sprintf("%d/%d", round, i)
			want = append(want, key)
			m.put(due(key, []string{"", "lane " + key}[i%2], 0))
		}
		var mu sync.Mutex
		m.parallel(racers, func(int) error {
			for {
				keys := m.claim(time.Duration(round)*time.Second, 2)
				if len(keys) == 0 {
					return nil
				}
				mu.Lock()
				got = append(got, keys...)
				mu.Unlock()
			}
		})
		m.expectIDs("what several claimed at once", got, want, false)
		for _, key := range want {
			r := m.get(key)
			r.Delete = true
			m.put(r)
		}
	}
	if left := m.list(scim.StateQuery{}); len(left) > 0 {
		m.errorf("%q are left", keysIn(left))
	}
}
