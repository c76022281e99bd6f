package sqlstore

import (
	"context"
	"encoding/json"
	"time"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/scim"
)

// ClaimState returns due records, see [scim.StateStore], the longest due first. A
// claim is a write: it moves Due to now plus lease and stores the next version,
// so that a worker whose lease has run out can't store what another one has
// claimed. Without a Lane a record waits for no other; of records with one, the
// oldest is the one whose key was stored first. Two workers at once pass over what
// the other is about to claim.
func (s *State) ClaimState(ctx context.Context, k scim.Kind, now time.Time, lease time.Duration, limit int) (map[scim.Tenant][]scim.State, error) {
	if limit <= 0 {
		return nil, ctx.Err()
	}
	var claimed map[scim.Tenant][]scim.State
	err := s.d.inTx(ctx, func(ctx context.Context) error {
		claimed = map[scim.Tenant][]scim.State{}
		seqs, err := s.due(ctx, k, now, limit, claimed)
		if err != nil || len(seqs) == 0 {
			return err
		}
		due := now.Add(lease).UTC().Truncate(time.Microsecond)
		for _, records := range claimed {
			for i := range records {
				records[i].Due = due
				records[i].Version++
			}
		}
		text, _ := json.Marshal(seqs) // numbers can be marshalled
		_, err = s.d.exec(ctx, `
			UPDATE {state} SET due = $1, version = version + 1
			WHERE seq IN (SELECT CAST(l.value AS bigint) FROM (LIST($2)) AS l)`, due.UnixMicro(), string(text))
		return err
	})
	if err != nil {
		return nil, err
	}
	return claimed, nil
}

// due finds and locks what is due.
func (s *State) due(ctx context.Context, k scim.Kind, now time.Time, limit int, claimed map[scim.Tenant][]scim.State) (seqs []int64, err error) {
	err = s.d.change(ctx, func(rows Rows) error {
		var tenant string
		var seq int64
		r, err := scanState(rows, &tenant, &seq)
		t := scim.Tenant(filter.PlainText(tenant))
		claimed[t] = append(claimed[t], r)
		seqs = append(seqs, seq)
		return err
	}, "SELECT "+stateColumns+`, s.tenant, s.seq FROM {state} s
		WHERE s.kind = $1 AND s.due <= $2 AND (s.lane = '' OR NOT EXISTS (
			SELECT 1 FROM {state} o
			WHERE o.kind = s.kind AND o.tenant = s.tenant AND o.lane = s.lane AND o.due IS NOT NULL AND o.seq < s.seq))
		ORDER BY s.due, s.seq LIMIT $3 FOR UPDATE SKIP LOCKED LOCK`, string(k), now.UnixMicro(), limit)
	return seqs, err
}
