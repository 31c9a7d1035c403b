package table

import (
	"fmt"
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

// ParseDay reads a date written as 2006-01-02.
func ParseDay(text string) (Day, error) {
	if len(text) == 10 && text[4] == '-' && text[7] == '-' {
		year, okYear := digits(text[:4])
		month, okMonth := digits(text[5:7])
		day, okDay := digits(text[8:])
		if okYear && okMonth && okDay && month >= 1 && month <= 12 {
			if d := NewDay(year, month, day); d.Time().Day() == day && day > 0 {
				return d, nil
			}
		}
	}
	return MissingDay, fmt.Errorf("not a date of the calendar, written YYYY-MM-DD")
}

func digits(text string) (n int, ok bool) {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
		n = n*10 + int(text[i]-'0')
	}
	return n, true
}

// Time is midnight UTC at the beginning of the day; MissingDay has none.
func (d Day) Time() time.Time { return time.Unix(int64(d)*secondsPerDay, 0).UTC() }

// Date is the day as year, month and day of the month.
func (d Day) Date() (year, month, day int) {
	y, m, dd := d.Time().Date()
	return y, int(m), dd
}

// String writes the day as 2006-01-02, and "" for a missing one.
func (d Day) String() string {
	if d == MissingDay {
		return ""
	}
	return d.Time().Format(time.DateOnly)
}
