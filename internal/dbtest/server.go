package dbtest

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// server returns the URL of the server that this process uses.
var server = sync.OnceValues(func() (string, error) {
	if url := os.Getenv("MUSTER_POSTGRES"); url != "" {
		return url, nil
	}
	bin, err := binaries()
	if err != nil {
		return "", err
	}
	return startServer(bin)
})

// binaries finds the folder with PostgreSQL's programs.
func binaries() (string, error) {
	var folders []string
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		folders = append(folders, strings.TrimSpace(string(out)))
	}
	if installed, err := filepath.Glob("/usr/lib/postgresql/*/bin"); err == nil {
		slices.Reverse(installed)
		folders = append(folders, installed...)
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		folders = append(folders, filepath.Dir(path))
	}
	for _, folder := range folders {
		if isProgram(filepath.Join(folder, "initdb")) && isProgram(filepath.Join(folder, "postgres")) {
			return folder, nil
		}
	}
	return "", errors.New("there is no PostgreSQL: MUSTER_POSTGRES names no server, and no initdb is installed")
}

func isProgram(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular()
}

// supervisor runs a server until its standard input ends, which happens when the
// test process is gone, be it killed. The collation is none that sorts by code
// points, so that tests see where that was forgotten.
const supervisor = `
dir=$1 bin=$2
trap 'rm -rf "$dir"' EXIT
trap : INT TERM HUP
init() { "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --no-sync "$@"; }
init --locale=C --locale-provider=icu --icu-locale=en-US >"$dir/log" 2>&1 || {
	rm -rf "$dir/data"
	init --locale=C >>"$dir/log" 2>&1 || exit 1
}
"$bin/postgres" -D "$dir/data" -k "$dir" -c listen_addresses= -c max_connections=200 \
	-c fsync=off -c synchronous_commit=off -c full_page_writes=off \
	</dev/null >>"$dir/log" 2>&1 &
server=$!
read -r _
kill -INT $server
wait $server
`

// patience is how long a server may take to start.
const patience = time.Minute

// startServer starts a private server on a socket in a folder of its own.
func startServer(bin string) (string, error) {
	dir, err := os.MkdirTemp("", "muster-pg-")
	if err != nil {
		return "", err
	}
	cmd := exec.Command("/bin/sh", "-c", supervisor, "supervisor", dir, bin)
	cmd.Dir = "/"
	if err := unprivileged(cmd, dir); err != nil {
		_ = os.RemoveAll(dir)
		return "", err
	}
	// Nobody writes to it: it ends when this process does.
	if _, err := cmd.StdinPipe(); err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		_ = os.RemoveAll(dir)
		return "", fmt.Errorf("starting PostgreSQL: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	url := "postgres://postgres@/postgres?host=" + dir
	return url, awaitServer(url, dir, ended)
}

func awaitServer(url, dir string, ended <-chan error) error {
	c, err := postgresConnector(url)
	if err != nil {
		return err
	}
	db := sql.OpenDB(c)
	defer db.Close()
	deadline := time.Now().Add(patience)
	for {
		err := db.Ping()
		if err == nil {
			return nil
		}
		select {
		case end := <-ended:
			return fmt.Errorf("PostgreSQL did not start: %w", end)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			return fmt.Errorf("PostgreSQL is not ready: %w\n%s", err, log)
		}
	}
}
