package table

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"
)

// oracle is ParseNumber by strconv alone.
func oracle(text string) (float64, bool) {
	if strings.ContainsAny(text, "xXpP_nNiI") {
		return 0, false
	}
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil
}

func checkNumber(t *testing.T, text string) {
	t.Helper()
	want, wantOK := oracle(text)
	got, ok := ParseNumber([]byte(text))
	if ok != wantOK || ok && math.Float64bits(got) != math.Float64bits(want) {
		t.Errorf("%q: %v %v, want %v %v", text, got, ok, want, wantOK)
	}
}

var numbers = []string{
	"", "0", "-0", "+0", "1", "-1", "+1", "1.", ".5", "-.5", ".", "-", "+", "--1", "1-", "1.2.3", "1e", "1e5", "1E-5", "1e+5", "e5",
	"0.1", "0.30000000000000004", "123456789012345", "999999999999999", "1234567890123456", "9007199254740993", "0.000000000000001",
	"18446744073709551616", "1e22", "1e23", "1e308", "1e309", "-1e309", "4.9e-324", "1e-400", "00012.50", "1.7976931348623157e308",
	"NaN", "nan", "Inf", "-inf", "infinity", "0x10", "0x1p-2", "1_000", " 1", "1 ", "١", "1,5", "\x00", "1\x00",
}

func TestParseNumber(t *testing.T) {
	t.Parallel()
	for _, text := range numbers {
		checkNumber(t, text)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		v := math.Float64frombits(rng.Uint64())
		checkNumber(t, strconv.FormatFloat(v, 'g', -1, 64))
		v = (rng.Float64() - 0.5) * math.Pow10(rng.IntN(20)-5)
		checkNumber(t, strconv.FormatFloat(v, 'f', rng.IntN(16), 64))
	}
}

func FuzzParseNumber(f *testing.F) {
	for _, text := range numbers {
		f.Add(text)
	}
	f.Fuzz(checkNumber)
}

func checkDay(t *testing.T, text string) {
	t.Helper()
	want, err := time.Parse(time.DateOnly, text)
	got, gotErr := ParseDay(text)
	if (err == nil) != (gotErr == nil) {
		t.Fatalf("%q: %v, want %v", text, gotErr, err)
	}
	if err == nil && (!got.Time().Equal(want) || got.String() != text) {
		t.Errorf("%q: %v, %v", text, got, got.Time())
	}
	if err != nil && got != MissingDay {
		t.Errorf("%q: %v with an error", text, got)
	}
}

var days = []string{"1970-01-01", "2000-02-29", "1900-02-29", "2023-02-30", "2024-02-29", "0000-01-01", "0000-12-31", "9999-12-31", "2020-13-01", "2020-00-01",
	"2020-01-00", "2020-1-1", "2020-01-01T", "20-01-01", "2020/01/01", "", "2020-04-31", "-020-01-01", "2020-01-0a"}

func TestParseDay(t *testing.T) {
	t.Parallel()
	for _, text := range days {
		checkDay(t, text)
	}
	for d := NewDay(0, 1, 1); d <= NewDay(9999, 12, 31); d += 1 + Day(uint32(d)%3) {
		checkDay(t, d.String())
	}
}

func FuzzParseDay(f *testing.F) {
	for _, text := range days {
		f.Add(text)
	}
	f.Fuzz(checkDay)
}
