//go:build !linux

package scim_test

import (
	"errors"
	"time"
)

// processTime is known on Linux only.
func processTime(int) (time.Duration, error) { return 0, errors.ErrUnsupported }
