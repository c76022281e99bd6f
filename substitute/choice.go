package substitute

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/muster-scim/muster/scim"
)

// choice is what is stored of an heir who was chosen for a user.
type choice struct {
	Heir    string `json:"heir"`
	version int64
}

func (c *Coordinator) chosen(ctx context.Context, t scim.Tenant, userID string) (choice, error) {
	found, _, err := c.s.State.ListState(ctx, t, scim.StateQuery{Kind: kindChoice, Keys: []string{userID}})
	if err != nil || len(found) == 0 {
		return choice{}, err
	}
	made := choice{version: found[0].Version}
	if err := json.Unmarshal(found[0].Data, &made); err != nil {
		return choice{}, fmt.Errorf("substitute: the heir chosen for %q can't be read: %w", userID, err)
	}
	return made, nil
}

// state returns the record of the choice; without an heir it deletes it.
func (h choice) state(userID string) (scim.State, error) {
	data, err := json.Marshal(h)
	return scim.State{Kind: kindChoice, Key: userID, Version: h.version, Delete: h.Heir == "", Data: data}, err
}

// Choose names the heir of one user for the policy [Chosen], before the user leaves or
// after. What waits for an heir is looked at again. An empty heirID takes the choice
// back. The error is an [*UnfitError] if the heir could not inherit today.
func (c *Coordinator) Choose(ctx context.Context, t scim.Tenant, userID, heirID string) error {
	if err := c.check(); err != nil {
		return err
	}
	if heirID != "" {
		if err := c.mustFit(ctx, t, userID, heirID); err != nil {
			return err
		}
	}
	err := retry(ctx, func() error { return c.choose(ctx, t, userID, heirID) })
	if err == nil {
		c.s.Wake()
	}
	return err
}

func (c *Coordinator) choose(ctx context.Context, t scim.Tenant, userID, heirID string) error {
	made, err := c.chosen(ctx, t, userID)
	if err != nil {
		return err
	}
	made.Heir = heirID
	record, err := made.state(userID)
	if err != nil {
		return err
	}
	j, err := c.latest(ctx, t, userID)
	if err != nil {
		return err
	}
	if j == nil || j.Phase != Parked {
		return c.s.State.PutState(ctx, t, record)
	}
	p := j.clone()
	p.again(c.s.Now())
	return c.save(ctx, j, p, nil, record)
}
