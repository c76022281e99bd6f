//go:build !fuzz

package dbtest

import (
	"database/sql/driver"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite"
)

func sqliteConnector(dsn string) driver.Connector { return &dsnConnector{&sqlite.Driver{}, dsn} }

func postgresConnector(dsn string) (driver.Connector, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	return stdlib.GetConnector(*config), nil
}
