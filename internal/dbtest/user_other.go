//go:build !unix

package dbtest

import (
	"errors"
	"os/exec"
)

func unprivileged(*exec.Cmd, string) error {
	return errors.New("a private PostgreSQL needs Unix: name a server in MUSTER_POSTGRES")
}
