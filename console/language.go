package console

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/pluvia-ml/pluvia/chart"
)

// tongue is one language of the console: its messages, and how it writes
// numbers, dates and durations.
type tongue struct {
	Code     string // as in a URL: "en"
	messages map[string]string
}

// readTongues reads messages/*.json, English first.
func readTongues(files fs.FS) ([]*tongue, error) {
	names, err := fs.Glob(files, "messages/*.json")
	if err != nil {
		return nil, err
	}
	var tongues []*tongue
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		t := &tongue{Code: strings.TrimSuffix(path.Base(name), ".json")}
		if err := json.Unmarshal(data, &t.messages); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		tongues = append(tongues, t)
	}
	return tongues, nil
}

const languageCookie = "pluvia_lang"

// tongue is the language for a request: the one that the address names, the
// one that was chosen before, or the one that the browser likes best.
func (c *Console) tongue(r *http.Request) *tongue {
	wanted := r.URL.Query().Get("lang")
	if wanted == "" {
		if cookie, err := r.Cookie(languageCookie); err == nil {
			wanted = cookie.Value
		}
	}
	for _, t := range c.tongues {
		if t.Code == wanted {
			return t
		}
	}
	tags := make([]language.Tag, len(c.tongues))
	for i, t := range c.tongues {
		tags[i] = language.Make(t.Code)
	}
	header := r.Header.Get("Accept-Language")
	liked, _, err := language.ParseAcceptLanguage(header[:min(len(header), 200)])
	if err != nil || len(liked) == 0 {
		return c.tongues[0]
	}
	_, i, _ := language.NewMatcher(tags).Match(liked...)
	return c.tongues[i]
}

// T is the message called key, with the values put in. A key that no catalogue
// has stands for itself: names of steps and metrics that are new.
func (t *tongue) T(key string, values ...any) string {
	message, ok := t.messages[key]
	if !ok {
		_, message, ok = strings.Cut(key, ".")
		if !ok {
			return key
		}
		return message
	}
	if len(values) == 0 {
		return message
	}
	return fmt.Sprintf(message, values...)
}

// Has says whether there is a message called key.
func (t *tongue) Has(key string) bool { _, ok := t.messages[key]; return ok }

// N is the message for n things, key.one or key.other, with the number put in.
func (t *tongue) N(key string, n int) string {
	if n == 1 {
		return t.T(key+".one", t.Int(n))
	}
	return t.T(key+".other", t.Int(n))
}

// Int writes a whole number.
func (t *tongue) Int(n int) string { return chart.Number(float64(n), 0, t.Code) }

// Num writes a number with so many decimals.
func (t *tongue) Num(v float64, decimals int) string { return chart.Number(v, decimals, t.Code) }

// Short writes a number of any size with three significant digits.
func (t *tongue) Short(v float64) string { return chart.Short(v, t.Code) }

// Percent writes a share.
func (t *tongue) Percent(share float64, decimals int) string {
	return t.T("percent", t.Num(share*100, decimals))
}

// Chance writes a probability in whole percents, never as certain.
func (t *tongue) Chance(p float64) string {
	switch {
	case p < 0.01:
		return "<" + t.Percent(0.01, 0)
	case p > 0.99:
		return ">" + t.Percent(0.99, 0)
	}
	return t.Percent(p, 0)
}

// date writes the day and minute of stored milliseconds, in UTC, with the year
// when it is not that of now; in full, or with a short month for lists.
func (t *tongue) date(ms int64, now time.Time, short bool) string {
	if ms == 0 {
		return t.T("date.none")
	}
	at := time.UnixMilli(ms).UTC()
	if !short {
		return t.day(at, now) + at.Format(", 15:04")
	}
	return t.shortDay(at, now) + at.Format(", 15:04")
}

// shortDay writes a day with a short month, for lists.
func (t *tongue) shortDay(at, now time.Time) string {
	month := string([]rune(t.month(at))[:3])
	if at.Year() != now.UTC().Year() {
		return t.T("stamp.long", at.Day(), month, at.Year())
	}
	return t.T("stamp.short", at.Day(), month)
}

// day writes a day, with the year when it is not that of now.
func (t *tongue) day(at, now time.Time) string {
	if at.Year() != now.UTC().Year() {
		return t.T("date.long", at.Day(), t.month(at), at.Year())
	}
	return t.T("date.short", at.Day(), t.month(at))
}

func (t *tongue) month(at time.Time) string { return t.T("month." + strconv.Itoa(int(at.Month()))) }

// Duration writes how long something took, in milliseconds.
func (t *tongue) Duration(ms int64) string {
	switch s := ms / 1000; {
	case ms < 0:
		return t.T("date.none")
	case s < 1:
		return t.Int(int(ms)) + "\u00a0ms"
	case s < 10:
		return t.Num(float64(ms)/1000, 1) + "\u00a0s"
	case s < 60:
		return t.Int(int(s)) + "\u00a0s"
	case s < 3600:
		return fmt.Sprintf("%d\u00a0min %d\u00a0s", s/60, s%60)
	default:
		return fmt.Sprintf("%d\u00a0h %d\u00a0min", s/3600, s/60%60)
	}
}

// Size writes a number of bytes.
func (t *tongue) Size(n int64) string {
	switch v := float64(n); {
	case v < 1e3:
		return t.Int(int(n)) + "\u00a0B"
	case v < 1e6:
		return t.Num(v/1e3, 1) + "\u00a0kB"
	case v < 1e9:
		return t.Num(v/1e6, 1) + "\u00a0MB"
	default:
		return t.Num(v/1e9, 1) + "\u00a0GB"
	}
}
