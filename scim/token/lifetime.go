package token

import (
	"fmt"
	"strconv"
	"time"
)

// maxYears bounds lifetimes: a token that outlives its reason is a danger.
const maxYears = 10

// Expiry returns when a lifetime that begins now ends: a number with "y", "m", "w" or
// "d" for calendar years, months, weeks and days, or a date as "2027-01-31", which is
// included.
func Expiry(now time.Time, lifetime string) (time.Time, error) {
	bad := fmt.Errorf("token: lifetime %q must be like 1y, 6m, 2w, 30d or a date like %d-01-31, and end within %d years", lifetime, now.Year()+1, maxYears)
	expires, ok := expiry(now, lifetime)
	if !ok || !expires.After(now) || expires.After(now.AddDate(maxYears, 0, 0)) {
		return time.Time{}, bad
	}
	return expires, nil
}

func expiry(now time.Time, lifetime string) (time.Time, bool) {
	if date, err := time.ParseInLocation(time.DateOnly, lifetime, now.Location()); err == nil {
		return date.AddDate(0, 0, 1), true
	}
	if len(lifetime) < 2 {
		return time.Time{}, false
	}
	n, err := strconv.Atoi(lifetime[:len(lifetime)-1])
	if err != nil || n < 1 || n > maxYears*366 {
		return time.Time{}, false
	}
	switch lifetime[len(lifetime)-1] {
	case 'y':
		return now.AddDate(n, 0, 0), true
	case 'm':
		return now.AddDate(0, n, 0), true
	case 'w':
		return now.AddDate(0, 0, 7*n), true
	case 'd':
		return now.AddDate(0, 0, n), true
	}
	return time.Time{}, false
}
