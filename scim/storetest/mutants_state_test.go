package storetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/muster-scim/muster/scim"
)

// puts replaces PutState by one that looks at each record first.
func puts(change func(f *faulty, ctx contextT, t tenantT, s scim.State) scim.State) func(*faulty) {
	return func(f *faulty) {
		f.putState = func(ctx contextT, t tenantT, s ...scim.State) error {
			s = slices.Clone(s)
			for i := range s {
				s[i] = change(f, ctx, t, s[i])
			}
			return f.complete.PutState(ctx, t, s...)
		}
	}
}

// stored returns a record, the zero State if there is none.
func (s *complete) stored(ctx contextT, t tenantT, k scim.Kind, key string) scim.State {
	records, _, _ := s.ListState(ctx, t, scim.StateQuery{Kind: k, Keys: []string{key}})
	if len(records) == 0 {
		return scim.State{}
	}
	return records[0]
}

// everyState lists the records of a kind.
func (s *complete) everyState(ctx contextT, t tenantT, k scim.Kind) []scim.State {
	records, _, _ := s.ListState(ctx, t, scim.StateQuery{Kind: k})
	return records
}

type claimFunc = func(ctx contextT, k scim.Kind, now time.Time, lease time.Duration, limit int) (map[tenantT][]scim.State, error)

// claims replaces ClaimState.
func claims(make func(f *faulty, inner claimFunc) claimFunc) func(*faulty) {
	return func(f *faulty) { f.claimState = make(f, f.complete.ClaimState) }
}

var stateMutants = []mutant{
	{
		fault: "data is text that ends with a zero byte",
		meant: "State/Put",
		make: puts(func(_ *faulty, _ contextT, _ tenantT, s scim.State) scim.State {
			if i := slices.Index(s.Data, 0); i >= 0 {
				s.Data = s.Data[:i]
			}
			return s
		}),
	},
	{
		fault: "versions of records are not compared",
		meant: "State/Version",
		also:  "AllOrNone Delete Race",
		make: puts(func(f *faulty, ctx contextT, t tenantT, s scim.State) scim.State {
			s.Version = f.stored(ctx, t, s.Kind, s.Key).Version
			return s
		}),
	},
	{
		fault: "a record of Version 0 is put over what is there",
		meant: "State/Version",
		also:  "Race",
		make: puts(func(f *faulty, ctx contextT, t tenantT, s scim.State) scim.State {
			if s.Version == 0 {
				s.Version = f.stored(ctx, t, s.Kind, s.Key).Version
			}
			return s
		}),
	},
	{
		fault: "a deletion does not compare the version of the record",
		meant: "State/Delete",
		make: puts(func(f *faulty, ctx contextT, t tenantT, s scim.State) scim.State {
			if s.Delete {
				s.Version = f.stored(ctx, t, s.Kind, s.Key).Version
			}
			return s
		}),
	},
	{
		fault: "records are put one by one",
		meant: "State/AllOrNone",
		make: func(f *faulty) {
			f.putState = func(ctx contextT, t tenantT, s ...scim.State) error {
				for _, r := range s {
					if err := f.complete.PutState(ctx, t, r); err != nil {
						return err
					}
				}
				return nil
			}
		},
	},
	{
		fault: "the version of a record is compared before it is put",
		meant: "State/Race",
		make: func(f *faulty) {
			f.putState = func(ctx contextT, t tenantT, s ...scim.State) error {
				s = slices.Clone(s)
				for _, r := range s {
					if f.stored(ctx, t, r.Kind, r.Key).Version != r.Version {
						return scim.ErrVersionMismatch
					}
				}
				pause()
				for i, r := range s {
					s[i].Version = f.stored(ctx, t, r.Kind, r.Key).Version
				}
				return f.complete.PutState(ctx, t, s...)
			}
		},
	},
	{
		fault: "an empty list of keys is no list",
		meant: "State/Keys",
		make: func(f *faulty) {
			f.listState = func(ctx contextT, t tenantT, q scim.StateQuery) ([]scim.State, string, error) {
				if len(q.Keys) == 0 {
					q.Keys = nil
				}
				return f.complete.ListState(ctx, t, q)
			}
		},
	},
	{
		fault: "refs that a record had are not taken away",
		meant: "State/Refs",
		make: puts(func(f *faulty, ctx contextT, t tenantT, s scim.State) scim.State {
			s.Refs = slices.Concat(f.stored(ctx, t, s.Kind, s.Key).Refs, s.Refs)
			return s
		}),
	},
	{
		fault: "refs are ignored, all records are returned",
		meant: "State/Refs",
		also:  "AllOrNone Delete",
		make: func(f *faulty) {
			f.listState = func(ctx contextT, t tenantT, q scim.StateQuery) ([]scim.State, string, error) {
				q.Ref = ""
				return f.complete.ListState(ctx, t, q)
			}
		},
	},
	{
		fault: "keys are in the order of a dictionary",
		meant: "State/Pages",
		make: func(f *faulty) {
			f.listState = func(ctx contextT, t tenantT, q scim.StateQuery) ([]scim.State, string, error) {
				if q.Limit > 0 || q.After != "" {
					return f.complete.ListState(ctx, t, q)
				}
				records, next, err := f.complete.ListState(ctx, t, q)
				slices.SortStableFunc(records, func(a, b scim.State) int {
					return strings.Compare(strings.ToLower(a.Key), strings.ToLower(b.Key))
				})
				return records, next, err
			}
		},
	},
	{
		fault: "a page of records begins with the key to continue after",
		meant: "State/Pages",
		also:  "Refs",
		make: func(f *faulty) {
			f.listState = func(ctx contextT, t tenantT, q scim.StateQuery) ([]scim.State, string, error) {
				records, next, err := f.complete.ListState(ctx, t, q)
				if last := f.stored(ctx, t, q.Kind, q.After); q.After != "" && last.Key != "" && q.Limit != 1 {
					records = slices.Insert(records, 0, last)
				}
				return records, next, err
			}
		},
	},
	{
		fault: "kinds share their keys",
		meant: "State/Apart",
		make: func(f *faulty) {
			f.listState = func(ctx contextT, t tenantT, q scim.StateQuery) ([]scim.State, string, error) {
				records, next, err := f.complete.ListState(ctx, t, q)
				if len(records) == 0 && err == nil {
					q.Kind = testKind + "2"
					return f.complete.ListState(ctx, t, q)
				}
				return records, next, err
			}
		},
	},
	{
		fault: "records are found in any tenant",
		meant: "State/Apart",
		make: func(f *faulty) {
			f.listState = func(ctx contextT, t tenantT, q scim.StateQuery) ([]scim.State, string, error) {
				records, next, err := f.complete.ListState(ctx, t, q)
				if len(records) == 0 && err == nil {
					return f.complete.ListState(ctx, "globex", q)
				}
				return records, next, err
			}
		},
	},
	{
		fault: "the data that was handed in is the one that is kept",
		meant: "State/Arguments",
		make: func(f *faulty) {
			var mu sync.Mutex
			kept := map[string][]byte{}
			f.putState = func(ctx contextT, t tenantT, s ...scim.State) error {
				err := f.complete.PutState(ctx, t, s...)
				if err == nil {
					mu.Lock()
					for _, r := range s {
						kept[string(t)+string(r.Kind)+r.Key] = r.Data
					}
					mu.Unlock()
				}
				return err
			}
			f.listState = func(ctx contextT, t tenantT, q scim.StateQuery) ([]scim.State, string, error) {
				records, next, err := f.complete.ListState(ctx, t, q)
				mu.Lock()
				defer mu.Unlock()
				for i, r := range records {
					records[i].Data = kept[string(t)+string(r.Kind)+r.Key]
				}
				return records, next, err
			}
		},
	},
	{
		fault: "records are put although the context has ended, and it is said that they are not",
		meant: "State/Cancel",
		make: func(f *faulty) {
			f.putState = func(ctx contextT, t tenantT, s ...scim.State) error {
				return errors.Join(f.complete.PutState(context.WithoutCancel(ctx), t, s...), ctx.Err())
			}
		},
	},
	{
		fault: "records are handed out before they are due",
		meant: "State/ClaimDue",
		also:  "ClaimTenants",
		make: claims(func(_ *faulty, inner claimFunc) claimFunc {
			return func(ctx contextT, k scim.Kind, now time.Time, lease time.Duration, limit int) (map[tenantT][]scim.State, error) {
				return inner(ctx, k, now.Add(time.Second), lease, limit)
			}
		}),
	},
	{
		fault: "the lease is counted from when a record was due",
		meant: "State/ClaimLease",
		also:  "ClaimDue",
		make: claims(func(f *faulty, inner claimFunc) claimFunc {
			return func(ctx contextT, k scim.Kind, now time.Time, lease time.Duration, limit int) (map[tenantT][]scim.State, error) {
				due := map[string]time.Time{}
				for _, r := range f.everyState(ctx, "acme", k) {
					due[r.Key] = r.Due
				}
				claimed, err := inner(ctx, k, now, lease, limit)
				for i, r := range claimed["acme"] {
					r.Due = due[r.Key].Add(lease)
					_ = f.complete.PutState(ctx, "acme", r)
					claimed["acme"][i] = f.stored(ctx, "acme", k, r.Key)
				}
				return claimed, err
			}
		}),
	},
	{
		fault: "a claimed record has the version of before",
		meant: "State/ClaimVersion",
		also:  "ClaimDue ClaimTenants",
		make: claims(func(_ *faulty, inner claimFunc) claimFunc {
			return func(ctx contextT, k scim.Kind, now time.Time, lease time.Duration, limit int) (map[tenantT][]scim.State, error) {
				claimed, err := inner(ctx, k, now, lease, limit)
				for _, records := range claimed {
					for i := range records {
						records[i].Version--
					}
				}
				return claimed, err
			}
		}),
	},
	{
		fault: "lanes are ignored",
		meant: "State/ClaimLane",
		make: puts(func(_ *faulty, _ contextT, _ tenantT, s scim.State) scim.State {
			if s.Key != "with all" && s.Key != "a" && s.Key != "d" {
				s.Lane = ""
			}
			return s
		}),
	},
	{
		fault: "no lane is a lane of its own",
		meant: "State/ClaimLane",
		also:  "ClaimDue ClaimLimit ClaimRace ClaimVersion",
		make: puts(func(_ *faulty, _ contextT, _ tenantT, s scim.State) scim.State {
			if s.Lane == "" && !s.Due.IsZero() {
				s.Lane = "none"
			}
			return s
		}),
	},
	{
		fault: "the limit of a claim is ignored",
		meant: "State/ClaimLimit",
		make: claims(func(_ *faulty, inner claimFunc) claimFunc {
			return func(ctx contextT, k scim.Kind, now time.Time, lease time.Duration, _ int) (map[tenantT][]scim.State, error) {
				return inner(ctx, k, now, lease, 1<<30)
			}
		}),
	},
	{
		fault: "more than the limit is leased than is handed out",
		meant: "State/ClaimLimit",
		also:  "ClaimRace",
		make: claims(func(_ *faulty, inner claimFunc) claimFunc {
			return func(ctx contextT, k scim.Kind, now time.Time, lease time.Duration, limit int) (map[tenantT][]scim.State, error) {
				claimed, err := inner(ctx, k, now, lease, 1<<30)
				for t := range claimed {
					claimed[t] = claimed[t][:min(limit, len(claimed[t]))]
				}
				return claimed, err
			}
		}),
	},
	{
		fault: "all claimed records are said to be of one tenant",
		meant: "State/ClaimTenants",
		make: claims(func(_ *faulty, inner claimFunc) claimFunc {
			return func(ctx contextT, k scim.Kind, now time.Time, lease time.Duration, limit int) (map[tenantT][]scim.State, error) {
				claimed, err := inner(ctx, k, now, lease, limit)
				var all []scim.State
				for _, records := range claimed {
					all = append(all, records...)
				}
				return map[tenantT][]scim.State{"acme": all}, err
			}
		}),
	},
	{
		fault: "what is due is read before it is leased",
		meant: "State/ClaimRace",
		also:  "ClaimLane",
		make: claims(func(f *faulty, inner claimFunc) claimFunc {
			return func(ctx contextT, k scim.Kind, now time.Time, lease time.Duration, limit int) (map[tenantT][]scim.State, error) {
				var due []string
				for _, r := range f.everyState(ctx, "acme", k) {
					if !r.Due.IsZero() && !r.Due.After(now) && len(due) < limit && r.Lane == "" {
						due = append(due, r.Key)
					}
				}
				if len(due) < 2 {
					return inner(ctx, k, now, lease, limit)
				}
				pause()
				var records []scim.State
				for _, key := range due {
					r := f.stored(ctx, "acme", k, key)
					r.Due = now.Add(lease)
					_ = f.complete.PutState(ctx, "acme", r)
					if r = f.stored(ctx, "acme", k, key); r.Key != "" {
						records = append(records, r)
					}
				}
				return map[tenantT][]scim.State{"acme": records}, nil
			}
		}),
	},
}
