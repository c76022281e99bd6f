//go:build fuzz

// Fuzzing compiles everything that a test imports once more, instrumented, and takes
// minutes for the drivers. No fuzz target has a database, so with -tags fuzz there are
// none.

package dbtest

import (
	"database/sql/driver"
	"errors"
)

var errNoDriver = errors.New("with -tags fuzz there are no databases")

func sqliteConnector(dsn string) driver.Connector { return &dsnConnector{noDriver{}, dsn} }

func postgresConnector(string) (driver.Connector, error) { return nil, errNoDriver }

// noDriver opens nothing.
type noDriver struct{}

func (noDriver) Open(string) (driver.Conn, error) { return nil, errNoDriver }
