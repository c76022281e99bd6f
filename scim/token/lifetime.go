package token

import (
	"fmt"
	"time"
)

// maxYears bounds lifetimes: a token that outlives its reason is a danger.
const maxYears = 10

// maxDigits bounds the number of a lifetime: more days than it can say are more than
// maxYears.
const maxDigits = 4

// LifetimeError says why a lifetime can't be used, in words for whoever typed it.
type LifetimeError struct {
	Lifetime string
	Reason   string
}

// Error names lifetime and reason.
func (e *LifetimeError) Error() string {
	return fmt.Sprintf("token: lifetime %.40q %s", e.Lifetime, e.Reason)
}

const forms = "write it like 1y, 6m, 2w, 30d, or as a date like 2027-01-31"

// Expiry returns when a lifetime that begins now ends: a number with "y", "m", "w" or
// "d" for calendar years, months, weeks and days, or a date as "2027-01-31", which is
// included, in now's location. A month from the 31st of January is the last day of
// February. It must end later than now and within ten years. The error is a
// [*LifetimeError].
func Expiry(now time.Time, lifetime string) (time.Time, error) {
	expires, reason := expiry(now, lifetime)
	latest := addMonths(now, 12*maxYears)
	switch {
	case reason != "":
	case !expires.After(now):
		reason = "is over already"
	case expires.After(latest):
		reason = fmt.Sprintf("is too long: %d years are the most, until %s", maxYears, latest.Format(time.DateOnly))
	default:
		return expires, nil
	}
	return time.Time{}, &LifetimeError{lifetime, reason}
}

// expiry reads a lifetime. If it can't, it says why.
func expiry(now time.Time, lifetime string) (expires time.Time, reason string) {
	if lifetime == "" {
		return time.Time{}, "is empty: " + forms
	}
	n, digits := number(lifetime)
	unit := lifetime[digits:]
	switch {
	case looksLikeDate(lifetime):
		date, err := time.ParseInLocation(time.DateOnly, lifetime, now.Location())
		if err != nil {
			return time.Time{}, "is not a day of the calendar"
		}
		return date.AddDate(0, 0, 1), ""
	case digits == 0:
		return time.Time{}, "does not begin with a number: " + forms
	case unit == "":
		return time.Time{}, "has no unit: " + forms
	case len(unit) > 1 || !isUnit(unit[0]):
		return time.Time{}, fmt.Sprintf("has %.20q where y, m, w or d is expected: %s", unit, forms)
	case digits > maxDigits:
		return time.Time{}, fmt.Sprintf("is too long: %d years are the most", maxYears)
	case n == 0:
		return time.Time{}, "must be at least 1" + unit
	}
	return add(now, n, unit[0]), ""
}

// number reads the digits that text begins with, the first maxDigits for their value.
func number(text string) (n, digits int) {
	for digits < len(text) && isDigit(text[digits]) {
		if digits < maxDigits {
			n = n*10 + int(text[digits]-'0')
		}
		digits++
	}
	return n, digits
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isUnit(c byte) bool { return c == 'y' || c == 'm' || c == 'w' || c == 'd' }

func looksLikeDate(text string) bool {
	for i := range len(text) {
		if dash := i == 4 || i == 7; dash != (text[i] == '-') || !dash && !isDigit(text[i]) {
			return false
		}
	}
	return len(text) == len(time.DateOnly)
}

func add(now time.Time, n int, unit byte) time.Time {
	switch unit {
	case 'y':
		return addMonths(now, 12*n)
	case 'm':
		return addMonths(now, n)
	case 'w':
		return now.AddDate(0, 0, 7*n)
	default:
		return now.AddDate(0, 0, n)
	}
}

// addMonths goes to the same day of another month, or to its last day if it is
// shorter: AddDate would go on into the month after it.
func addMonths(from time.Time, n int) time.Time {
	year, month, day := from.Date()
	hour, minute, second := from.Clock()
	month += time.Month(n)
	last := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return time.Date(year, month, min(day, last), hour, minute, second, from.Nanosecond(), from.Location())
}
