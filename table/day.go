package table

import (
	"errors"
	"math"
	"time"
)

// Day is a date of the proleptic Gregorian calendar as the number of days
// since 1970-01-01.
type Day int32

// MissingDay stands for a missing date.
const MissingDay Day = math.MinInt32

const secondsPerDay = 24 * 60 * 60

// NewDay is the day of year, month and day. Out-of-range months and days are
// normalised as [time.Date] does: 30 February is 1 or 2 March.
func NewDay(year, month, day int) Day {
	return Day(time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay)
}

var errDay = errors.New("not a date of the calendar, written YYYY-MM-DD")

// ParseDay reads a date written as 2006-01-02.
func ParseDay(text string) (Day, error) {
	if d, ok := parseDay(text); ok {
		return d, nil
	}
	return MissingDay, errDay
}

func parseDay[T string | []byte](text T) (Day, bool) {
	if len(text) != 10 || text[4] != '-' || text[7] != '-' {
		return MissingDay, false
	}
	var digit [8]int
	for i, at := range [8]int{0, 1, 2, 3, 5, 6, 8, 9} {
		if digit[i] = int(text[at]) - '0'; uint(digit[i]) > 9 {
			return MissingDay, false
		}
	}
	year := 1000*digit[0] + 100*digit[1] + 10*digit[2] + digit[3]
	month := 10*digit[4] + digit[5]
	day := 10*digit[6] + digit[7]
	if month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return MissingDay, false
	}
	return civil(year, month, day), true
}

func daysIn(year, month int) int {
	if month == 2 {
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 30 + (month+month>>3)&1
}

// civil is the day number of a date with a year from 0 on, by counting years
// from March so that the leap day comes last (Howard Hinnant, "chrono-Compatible
// Low-Level Date Algorithms", days_from_civil).
func civil(year, month, day int) Day {
	month -= 3
	if month < 0 {
		month += 12
		year--
	}
	year += 400 // keeps the divisions below on positive numbers
	era := year / 400
	ofEra := year - 400*era
	return Day(146097*(era-1) + 365*ofEra + ofEra/4 - ofEra/100 + (153*month+2)/5 + day - 1 - 719468)
}

// Time is midnight UTC at the beginning of the day; MissingDay has none.
func (d Day) Time() time.Time { return time.Unix(int64(d)*secondsPerDay, 0).UTC() }

// Date is the day as year, month and day of the month.
func (d Day) Date() (year, month, day int) {
	y, m, dd := d.Time().Date()
	return y, int(m), dd
}

// String writes the day as 2006-01-02, and "" for a missing one.
func (d Day) String() string { return string(d.Append(nil)) }

// Append appends what String gives.
func (d Day) Append(text []byte) []byte {
	if d == MissingDay {
		return text
	}
	return d.Time().AppendFormat(text, time.DateOnly)
}
