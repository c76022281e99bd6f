package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/scim"
)

// stateColumns are what scanState reads.
const stateColumns = "s.kind, s.key, s.lane, s.due, s.version, s.refs, s.data"

func scanState(rows Rows, more ...any) (r scim.State, err error) {
	var kind, key, lane, refs string
	var due sql.NullInt64
	if err := rows.Scan(append([]any{&kind, &key, &lane, &due, &r.Version, &refs, &r.Data}, more...)...); err != nil {
		return r, err
	}
	r.Kind, r.Key, r.Lane = scim.Kind(kind), filter.PlainText(key), filter.PlainText(lane)
	if due.Valid {
		r.Due = timeOf(due.Int64)
	}
	if len(r.Data) == 0 {
		r.Data = nil // drivers differ
	}
	return r, json.Unmarshal([]byte(refs), &r.Refs)
}

// dueOf returns a time as the table has it: NULL for none.
func dueOf(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMicro(), Valid: !t.IsZero()}
}

// ListState returns records, see [scim.StateStore], in the order of their keys.
// With both keys and a ref it returns those with the keys that have the ref. next
// is empty if there are no more.
func (s *State) ListState(ctx context.Context, t scim.Tenant, q scim.StateQuery) (records []scim.State, next string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	text, args := s.listText(t, q)
	err = s.d.queryText(ctx, func(rows Rows) error {
		r, err := scanState(rows)
		records = append(records, r)
		return err
	}, text, args)
	if err != nil {
		return nil, "", err
	}
	if q.Limit > 0 && len(records) > q.Limit {
		records = records[:q.Limit]
		next = records[q.Limit-1].Key
	}
	return records, next, nil
}

// listText asks for one record more than the limit, which tells that there are
// others.
func (s *State) listText(t scim.Tenant, q scim.StateQuery) (string, []any) {
	args := []any{string(q.Kind), name(t)}
	bind := func(v any) string {
		args = append(args, v)
		return s.d.placeholder(len(args))
	}
	text := s.d.text("SELECT " + stateColumns + " FROM {state} s WHERE s.kind = $1 AND s.tenant = $2")
	if q.Keys == nil && q.Ref == "" && q.Refs == nil {
		text += " AND (s.kind || '/' || s.tenant) = " + bind(string(q.Kind)+"/"+name(t))
	}
	if q.Ref != "" {
		text += s.d.text(" AND s.key IN (SELECT f.key FROM {refs} f WHERE f.kind = $1 AND f.tenant = $2 AND f.ref = ") +
			bind(filter.SQLText(q.Ref)) + ")"
	}
	if q.Refs != nil {
		text += s.d.text(" AND s.key IN (SELECT f.key FROM {refs} f WHERE f.kind = $1 AND f.tenant = $2 AND f.ref ") +
			s.d.among(bind(texts(q.Refs))) + ")"
	}
	if q.Keys != nil {
		text += " AND s.key " + s.d.among(bind(texts(q.Keys)))
	}
	if q.After != "" {
		text += " AND s.key > " + bind(filter.SQLText(q.After))
	}
	text += " ORDER BY s.key"
	if q.Limit > 0 {
		text += " LIMIT " + strconv.Itoa(q.Limit+1)
	}
	return text, args
}

// texts returns a list as LIST takes it, each text once.
func texts(all []string) string {
	made := make([]string, len(all))
	for i, text := range all {
		made[i] = filter.SQLText(text)
	}
	return jsonList(made)
}

// PutState stores or deletes records, all or none, see [scim.StateStore]. The
// error is [scim.ErrVersionMismatch]. What is given is copied. Due is kept in
// microseconds.
func (s *State) PutState(ctx context.Context, t scim.Tenant, records ...scim.State) error {
	if len(records) == 0 {
		return ctx.Err()
	}
	run := s.d.inTx
	if len(records) == 1 && records[0].Version == 0 && len(records[0].Refs) == 0 {
		run = s.d.alone // one statement
	}
	return run(ctx, func(ctx context.Context) error {
		for rest := records; len(rest) > 0; {
			n, err := s.putSome(ctx, name(t), rest)
			if err != nil {
				return err
			}
			rest = rest[n:]
		}
		return nil
	})
}

// maxInserts bounds the new records of one statement.
const maxInserts = 50

// putSome stores or deletes the first records, new ones together, and returns how many.
func (s *State) putSome(ctx context.Context, tenant string, records []scim.State) (n int, err error) {
	for n < min(len(records), maxInserts) && records[n].Version == 0 && !records[n].Delete {
		n++
	}
	if n > 0 {
		return n, s.insert(ctx, tenant, records[:n])
	}
	r, key := records[0], filter.SQLText(records[0].Key)
	if r.Delete {
		return 1, s.delete(ctx, tenant, key, r)
	}
	return 1, s.update(ctx, tenant, key, r)
}

// update stores the next version of a record. Most keep their refs, which takes one
// statement.
func (s *State) update(ctx context.Context, tenant, key string, r scim.State) error {
	const set = `
		UPDATE {state} SET version = version + 1, lane = $5, due = $6, refs = $7, data = $8
		WHERE kind = $1 AND tenant = $2 AND key = $3 AND version = $4`
	args := []any{string(r.Kind), tenant, key, r.Version, filter.SQLText(r.Lane), dueOf(r.Due), refsOf(r), dataOf(r)}
	n, err := s.d.exec(ctx, set+" AND refs = $7", args...)
	if n > 0 || err != nil {
		return err
	}
	if n, err = s.d.exec(ctx, set, args...); err != nil {
		return err
	}
	if n == 0 {
		return scim.ErrVersionMismatch
	}
	_, err = s.d.exec(ctx, "DELETE FROM {refs} WHERE kind = $1 AND tenant = $2 AND key = $3 AND ref NOT IN (LIST($4))",
		string(r.Kind), tenant, key, texts(r.Refs))
	if err != nil {
		return err
	}
	return s.insertRefs(ctx, tenant, key, r)
}

// insert stores new records, which must not be there yet, in their order.
func (s *State) insert(ctx context.Context, tenant string, records []scim.State) error {
	var args, refs []any
	for _, r := range records {
		key := filter.SQLText(r.Key)
		args = append(args, string(r.Kind), tenant, key, 1, filter.SQLText(r.Lane), dueOf(r.Due), refsOf(r), dataOf(r))
		for _, ref := range r.Refs {
			refs = append(refs, string(r.Kind), tenant, filter.SQLText(ref), key)
		}
	}
	const columns = 8
	n, err := s.d.exec(ctx, "INSERT INTO {state} (kind, tenant, key, version, lane, due, refs, data) VALUES "+
		rowsOf(len(args)/columns, columns)+" ON CONFLICT DO NOTHING", args...)
	if err != nil {
		return err
	}
	if int(n) < len(records) {
		return scim.ErrVersionMismatch
	}
	return s.putRefs(ctx, refs)
}

// insertRefs stores the refs of a record that it has not yet.
func (s *State) insertRefs(ctx context.Context, tenant, key string, r scim.State) error {
	refs := make([]any, 0, refColumns*len(r.Refs))
	for _, ref := range r.Refs {
		refs = append(refs, string(r.Kind), tenant, filter.SQLText(ref), key)
	}
	return s.putRefs(ctx, refs)
}

// refColumns is how many arguments a ref has: kind, tenant, ref and key.
const refColumns = 4

// putRefs stores refs, some that are there perhaps.
func (s *State) putRefs(ctx context.Context, refs []any) error {
	for part := range slices.Chunk(refs, refColumns*maxInserts) {
		_, err := s.d.exec(ctx, "INSERT INTO {refs} (kind, tenant, ref, key) VALUES "+
			rowsOf(len(part)/refColumns, refColumns)+" ON CONFLICT DO NOTHING", part...)
		if err != nil {
			return err
		}
	}
	return nil
}

// rowsOf returns placeholders for so many rows of so many columns.
func rowsOf(rows, columns int) string {
	var b strings.Builder
	for i := range rows * columns {
		switch {
		case i == 0:
			b.WriteByte('(')
		case i%columns == 0:
			b.WriteString("), (")
		default:
			b.WriteString(", ")
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(i + 1))
	}
	b.WriteByte(')')
	return b.String()
}

// delete deletes a record; one that must not exist may well not exist.
func (s *State) delete(ctx context.Context, tenant, key string, r scim.State) error {
	var n int64
	var err error
	if r.Version == 0 {
		err = s.d.query(ctx, func(Rows) error { n++; return nil },
			"SELECT 1 FROM {state} s WHERE s.kind = $1 AND s.tenant = $2 AND s.key = $3", string(r.Kind), tenant, key)
		if err == nil && n > 0 {
			err = scim.ErrVersionMismatch
		}
		return err
	}
	n, err = s.d.exec(ctx, "DELETE FROM {state} WHERE kind = $1 AND tenant = $2 AND key = $3 AND version = $4",
		string(r.Kind), tenant, key, r.Version)
	if err != nil {
		return err
	}
	if n == 0 {
		return scim.ErrVersionMismatch
	}
	_, err = s.d.exec(ctx, "DELETE FROM {refs} WHERE kind = $1 AND tenant = $2 AND key = $3", string(r.Kind), tenant, key)
	return err
}

func refsOf(r scim.State) string {
	text, _ := json.Marshal(r.Refs) // strings can be marshalled
	return string(text)
}

// dataOf returns no data as empty, since NULL is none.
func dataOf(r scim.State) []byte {
	if r.Data == nil {
		return []byte{}
	}
	return r.Data
}
