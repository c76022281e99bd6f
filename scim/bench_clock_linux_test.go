package scim_test

import (
	"time"

	"golang.org/x/sys/unix"
)

// processTime returns the processor time that another process has used, to the nanosecond:
// /proc tells it in steps of 10 ms.
func processTime(pid int) (time.Duration, error) {
	const all = 2 // of the process rather than of a thread, user's and system's
	var t unix.Timespec
	err := unix.ClockGettime(int32(^pid<<3|all), &t)
	return time.Duration(t.Nano()), err
}
