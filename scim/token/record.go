package token

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/muster-scim/muster/scim"
)

// kind is that of the records; they all belong to no tenant, since a token has to be
// found before its tenant is known.
const kind scim.Kind = "token"

const noTenant scim.Tenant = ""

// record is a token as it is stored: under the hash of its secret, and to be found by
// its tenant and its id.
type record struct {
	Token
	hash    digest
	version int64
	gone    bool // to be deleted
}

func (r record) state() (scim.State, error) {
	data, err := json.Marshal(r.Token)
	return scim.State{
		Kind: kind, Key: hex.EncodeToString(r.hash[:]), Refs: []string{tenantRef(r.Tenant), idRef(r.ID)},
		Version: r.version, Delete: r.gone, Data: data,
	}, err
}

// The refs have names, since a tenant and an id may be alike, and an empty ref would
// ask for everything.
func tenantRef(tenant scim.Tenant) string { return "tenant/" + string(tenant) }
func idRef(id string) string              { return "id/" + id }

func read(s scim.State) (record, error) {
	r := record{version: s.Version}
	if n, err := hex.Decode(r.hash[:], []byte(s.Key)); err != nil || n != len(r.hash) {
		return record{}, errors.New("token: a record has a key that is no hash")
	}
	if err := json.Unmarshal(s.Data, &r.Token); err != nil {
		return record{}, fmt.Errorf("token: a record can't be read: %w", err)
	}
	return r, nil
}

// pageSize is how many records one statement reads.
const pageSize = 200

// all reads the records that q asks for.
func (t *Tokens) all(ctx context.Context, q scim.StateQuery) ([]record, error) {
	q.Kind, q.Limit = kind, pageSize
	var all []record
	for {
		states, next, err := t.state.ListState(ctx, noTenant, q)
		if err != nil {
			return nil, err
		}
		for _, s := range states {
			r, err := read(s)
			if err != nil {
				return nil, err
			}
			all = append(all, r)
		}
		if q.After = next; next == "" {
			return all, nil
		}
	}
}

// find returns a token of the tenant. The id alone would do; but whoever may ask for
// one tenant's tokens must not learn of another's.
func (t *Tokens) find(ctx context.Context, tenant scim.Tenant, id string) (record, error) {
	found, err := t.all(ctx, scim.StateQuery{Ref: idRef(id)})
	if err != nil {
		return record{}, err
	}
	if len(found) == 0 || found[0].Tenant != tenant {
		return record{}, ErrNotFound
	}
	return found[0], nil
}

// byHash finds a token by the hash of its secret.
func (t *Tokens) byHash(ctx context.Context, hash digest) (record, error) {
	found, err := t.all(ctx, scim.StateQuery{Keys: []string{hex.EncodeToString(hash[:])}})
	if err != nil {
		return record{}, err
	}
	if len(found) == 0 {
		return record{}, ErrNotFound
	}
	return found[0], nil
}

// put stores records, all or none, and has this instance read them anew: also after an
// error, since they may have been stored.
func (t *Tokens) put(ctx context.Context, records ...record) error {
	err := t.store(ctx, records...)
	for _, r := range records {
		t.cache.drop(r.hash)
	}
	return err
}

func (t *Tokens) store(ctx context.Context, records ...record) error {
	states := make([]scim.State, len(records))
	for i, r := range records {
		var err error
		if states[i], err = r.state(); err != nil {
			return err
		}
	}
	return t.state.PutState(ctx, noTenant, states...)
}

// changeAttempts bounds how often a change is tried again. Only a note of use, once
// in Options.UsedEvery, and other administrators get in between.
const changeAttempts = 10

// change reads a token, lets f change it, and stores what f returns: from the start if
// somebody else was quicker.
func (t *Tokens) change(ctx context.Context, tenant scim.Tenant, id string, f func(record) ([]record, error)) error {
	var err error
	for range changeAttempts {
		var r record
		if r, err = t.find(ctx, tenant, id); err != nil {
			return err
		}
		changed, refused := f(r)
		if refused != nil || len(changed) == 0 {
			return refused
		}
		if err = t.put(ctx, changed...); !errors.Is(err, scim.ErrVersionMismatch) {
			return err
		}
	}
	return err
}
