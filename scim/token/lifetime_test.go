package token_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/scim/token"
)

func at(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 12, 30, 15, 7, time.UTC)
}

func midnight(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

var lifetimes = []struct {
	name     string
	now      time.Time
	lifetime string
	want     time.Time
}{
	{"a year", at(2026, 1, 31), "1y", at(2027, 1, 31)},
	{"half a year", at(2026, 1, 15), "6m", at(2026, 7, 15)},
	{"weeks", at(2026, 1, 31), "2w", at(2026, 2, 14)},
	{"days", at(2026, 1, 31), "30d", at(2026, 3, 2)},
	{"shorter month", at(2026, 1, 31), "1m", at(2026, 2, 28)},
	{"shorter month of a leap year", at(2028, 1, 30), "1m", at(2028, 2, 29)},
	{"month of 30 days", at(2026, 5, 31), "1m", at(2026, 6, 30)},
	{"over the end of the year", at(2026, 12, 31), "2m", at(2027, 2, 28)},
	{"from a leap day", at(2028, 2, 29), "1y", at(2029, 2, 28)},
	{"leap day to leap day", at(2028, 2, 29), "4y", at(2032, 2, 29)},
	{"the most", at(2026, 1, 31), "10y", at(2036, 1, 31)},
	{"the most in months", at(2026, 1, 31), "120m", at(2036, 1, 31)},
	{"the most in days", at(2026, 1, 31), "3652d", at(2036, 1, 31)},
	{"a date is included", at(2026, 1, 31), "2027-01-31", midnight(2027, 2, 1)},
	{"today", at(2026, 1, 31), "2026-01-31", midnight(2026, 2, 1)},
	{"a leap day", at(2026, 1, 31), "2028-02-29", midnight(2028, 3, 1)},
	{"the last date", at(2026, 1, 31), "2036-01-30", midnight(2036, 1, 31)},
}

func TestExpiry(t *testing.T) {
	for _, tt := range lifetimes {
		got, err := token.Expiry(tt.now, tt.lifetime)
		require.NoError(t, err, tt.name)
		assert.Equal(t, tt.want, got, tt.name)
	}
}

const forms = ": write it like 1y, 6m, 2w, 30d, or as a date like 2027-01-31"

var badLifetimes = []struct{ lifetime, want string }{
	{"", `"" is empty` + forms},
	{"y", `"y" does not begin with a number` + forms},
	{"-1y", `"-1y" does not begin with a number` + forms},
	{"+1y", `"+1y" does not begin with a number` + forms},
	{" 1y", `" 1y" does not begin with a number` + forms},
	{"forever", `"forever" does not begin with a number` + forms},
	{"٣y", `"٣y" does not begin with a number` + forms},
	{"1", `"1" has no unit` + forms},
	{"8760h", `"8760h" has "h" where y, m, w or d is expected` + forms},
	{"1Y", `"1Y" has "Y" where y, m, w or d is expected` + forms},
	{"1y ", `"1y " has "y " where y, m, w or d is expected` + forms},
	{"1y6m", `"1y6m" has "y6m" where y, m, w or d is expected` + forms},
	{"1.5y", `"1.5y" has ".5y" where y, m, w or d is expected` + forms},
	{"2027-1-31", `"2027-1-31" has "-1-31" where y, m, w or d is expected` + forms},
	{"2027-01-31T00:00:00Z", `"2027-01-31T00:00:00Z" has "-01-31T00:00:00Z" where y, m, w or d is expected` + forms},
	{"0d", `"0d" must be at least 1d`},
	{"000y", `"000y" must be at least 1y`},
	{"11y", `"11y" is too long: 10 years are the most, until 2036-01-31`},
	{"121m", `"121m" is too long: 10 years are the most, until 2036-01-31`},
	{"3653d", `"3653d" is too long: 10 years are the most, until 2036-01-31`},
	{"99999999999999999999d", `"99999999999999999999d" is too long: 10 years are the most`},
	{"2026-01-30", `"2026-01-30" is over already`},
	{"0000-01-01", `"0000-01-01" is over already`},
	{"2036-01-31", `"2036-01-31" is too long: 10 years are the most, until 2036-01-31`},
	{"9999-12-31", `"9999-12-31" is too long: 10 years are the most, until 2036-01-31`},
	{"2026-13-01", `"2026-13-01" is not a day of the calendar`},
	{"2027-02-29", `"2027-02-29" is not a day of the calendar`},
}

func TestExpiryErrors(t *testing.T) {
	for _, tt := range badLifetimes {
		_, err := token.Expiry(at(2026, 1, 31), tt.lifetime)
		assert.EqualError(t, err, "token: lifetime "+tt.want)
		var lifetime *token.LifetimeError
		require.ErrorAs(t, err, &lifetime)
		assert.Equal(t, tt.lifetime, lifetime.Lifetime)
	}
}

// TestExpiryWhereMidnightIsMissing starts in a zone and lands on a day that has no
// midnight: it must not go to another day, still less to another month.
func TestExpiryWhereMidnightIsMissing(t *testing.T) {
	beirut, err := time.LoadLocation("Asia/Beirut")
	require.NoError(t, err)
	got, err := token.Expiry(time.Date(2026, 2, 28, 0, 0, 0, 0, beirut), "1m") // clocks go from 0:00 to 1:00 on 29 March
	require.NoError(t, err)
	assert.Equal(t, []any{time.March, 28}, []any{got.Month(), got.Day()})
	got, err = token.Expiry(time.Date(2026, 1, 29, 0, 0, 0, 0, beirut), "2m")
	require.NoError(t, err)
	assert.WithinDuration(t, time.Date(2026, 3, 29, 0, 0, 0, 0, beirut), got, time.Hour)
}

// FuzzExpiry holds every lifetime to what its form says.
func FuzzExpiry(f *testing.F) {
	for _, tt := range lifetimes {
		f.Add(tt.lifetime, tt.now.Unix())
	}
	for _, tt := range badLifetimes {
		f.Add(tt.lifetime, at(2026, 1, 31).Unix())
	}
	f.Fuzz(func(t *testing.T, lifetime string, seconds int64) {
		const years = 1 << 33 // about 270 of them, on each side of 1970
		now := time.Unix(seconds%years, 0).UTC()
		expires, err := token.Expiry(now, lifetime)
		if err != nil {
			require.IsType(t, &token.LifetimeError{}, err)
			require.Less(t, len(err.Error()), 1000)
			return
		}
		require.True(t, expires.After(now))
		require.False(t, expires.After(now.AddDate(10, 0, 0)))
		last := len(lifetime) - 1
		var n int
		for _, c := range lifetime[:last] {
			n = 10*n + int(c-'0')
		}
		switch lifetime[last] {
		case 'w':
			require.Equal(t, now.AddDate(0, 0, 7*n), expires)
		case 'd':
			require.Equal(t, now.AddDate(0, 0, n), expires)
		case 'y', 'm':
			if lifetime[last] == 'y' {
				n *= 12
			}
			months := 12*(expires.Year()-now.Year()) + int(expires.Month()-now.Month())
			require.Equal(t, n, months)
			require.True(t, expires.Day() == now.Day() || expires.Day() < now.Day() && expires.AddDate(0, 0, 1).Day() == 1)
		default:
			require.Equal(t, lifetime, expires.AddDate(0, 0, -1).Format(time.DateOnly))
		}
	})
}
