package substitute

import (
	"errors"
	"fmt"
)

// What the methods for administrators report. They may be wrapped.
var (
	// ErrNotFound says that the tenant has no hand-over with that id.
	ErrNotFound = errors.New("substitute: there is no such hand-over")

	// ErrOver says that it is too late: the hand-over has ended, the user is back, or
	// the time in which it could be undone is over.
	ErrOver = errors.New("substitute: it is too late for that")

	// ErrBusy says that a batch is just being moved. Try again.
	ErrBusy = errors.New("substitute: a batch is being moved, try again")

	// ErrNothingMoved says that there is nothing to take back.
	ErrNothingMoved = errors.New("substitute: nothing has been moved")
)

// UnfitError says why a user can't inherit.
type UnfitError struct {
	UserID string
	Reason string // "is not active"
}

func (e *UnfitError) Error() string {
	return fmt.Sprintf("substitute: user %q can't inherit: %s", e.UserID, e.Reason)
}

var (
	errUnbound = errors.New("substitute: the coordinator is not in use: give it to scim.Config.Offboard")
	errStuck   = errors.New("what Move has moved is still listed as the leaver's")
	errPanic   = errors.New("panic")
)
