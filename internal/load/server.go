package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// server is the process that is measured.
type server struct {
	url, token string
	cmd        *exec.Cmd
}

// start runs the command of a server on a free port and waits until it answers.
func start(ctx context.Context, command []string, path string) (*server, error) {
	if len(command) == 0 {
		return nil, errors.New("name the command of a server, with ADDR and TOKEN in it")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	s := &server{url: "http://" + addr + path, token: rand.Text()}
	replace := strings.NewReplacer("ADDR", addr, "TOKEN", s.token)
	args := make([]string, len(command))
	for i, arg := range command {
		args[i] = replace.Replace(arg)
	}
	s.cmd = exec.CommandContext(ctx, args[0], args[1:]...)
	s.cmd.Stderr = os.Stderr // its standard output is the log of requests, which nobody reads
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	return s, s.wait(ctx)
}

// wait returns when the server answers.
func (s *server) wait(ctx context.Context) error {
	const tries, pause = 300, 100 * time.Millisecond
	for range tries {
		resp, err := http.Get(s.url + "/ServiceProviderConfig")
		if err == nil {
			return resp.Body.Close()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
	return fmt.Errorf("the server does not answer at %s", s.url)
}

func (s *server) stop() {
	_ = s.cmd.Process.Signal(os.Interrupt)
	_ = s.cmd.Wait()
}

// cpu returns the processor time that the server has used; 0 where there is no /proc.
func (s *server) cpu() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	return cpuOf(string(text))
}

// cpuOf reads the user and system time of a /proc/…/stat, which are in hundredths of a
// second. The name of the program, in parentheses, may hold anything.
func cpuOf(stat string) time.Duration {
	const tick, utime, stime = 10 * time.Millisecond, 11, 12 // counted behind the name
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) <= stime {
		return 0
	}
	user, _ := strconv.Atoi(fields[utime])
	system, _ := strconv.Atoi(fields[stime])
	return time.Duration(user+system) * tick
}

// peak returns the most memory that the server has had, in bytes.
func (s *server) peak() int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	return peakOf(string(text))
}

func peakOf(status string) int {
	_, rest, ok := strings.Cut(status, "VmHWM:")
	fields := strings.Fields(rest)
	if !ok || len(fields) == 0 {
		return 0
	}
	kilobytes, _ := strconv.Atoi(fields[0])
	return kilobytes << 10
}
