package sqlstore

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/muster-scim/muster/scim"
)

// errAgain says that what was found does not hold any more.
var errAgain = errors.New("sqlstore: others have changed the same data meanwhile")

// stateOf returns the code that a driver of PostgreSQL gives an error (SQLSTATE).
func stateOf(err error) string {
	if e, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok {
		return e.SQLState()
	}
	return ""
}

// isPassing reports whether the same may well succeed when it is tried again: a
// transaction that was in another's way, or a busy SQLite file. Drivers of SQLite
// have no common way to tell but the text.
func isPassing(err error) bool {
	if err == nil || errors.Is(err, errAgain) {
		return err != nil
	}
	switch stateOf(err) {
	case "40001", "40P01":
		return true
	case "":
		text := err.Error()
		return strings.Contains(text, "SQLITE_BUSY") || strings.Contains(text, "database is locked") || strings.Contains(text, "database table is locked")
	}
	return false
}

// isTaken reports whether a unique index has refused a row.
func isTaken(err error) bool {
	return err != nil && (stateOf(err) == "23505" || strings.Contains(err.Error(), "UNIQUE constraint failed"))
}

// tries is how often something is tried before the client is told to come again.
const tries = 12

// retrying runs f again as long as its error passes, each time after a longer wait
// of random length, so that those who were in each other's way part.
func retrying(ctx context.Context, f func() error) error {
	for try := 1; ; try++ {
		err := f()
		switch {
		case !isPassing(err):
			return err
		case try == tries:
			return &scim.Error{Status: http.StatusServiceUnavailable, Detail: "Others are changing the same data. Try again.", Err: err}
		}
		longest := min(time.Millisecond<<try, 200*time.Millisecond)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(rand.N(longest)):
		}
	}
}
