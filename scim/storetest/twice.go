package storetest

import (
	"context"
	"errors"

	"github.com/muster-scim/muster/scim"
)

// Twice returns a Transactor that runs each function twice: the first time it
// undoes what the function did, as a database does when it must try again, the
// second time it counts. A function that has an effect outside of the
// transaction, or adds to what it did the first time, shows it then.
//
// If the function fails the first time its error is returned and there is no
// second.
func Twice(t scim.Transactor) scim.Transactor { return twice{t} }

type twice struct{ inner scim.Transactor }

var errAgain = errors.New("storetest: undone, to be run again")

func (t twice) InTx(ctx context.Context, f func(ctx context.Context) error) error {
	err := t.inner.InTx(ctx, func(ctx context.Context) error {
		if err := f(ctx); err != nil {
			return err
		}
		return errAgain
	})
	if !errors.Is(err, errAgain) {
		return err
	}
	return t.inner.InTx(ctx, f)
}
