package console_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia/console/consoletest"
)

// Whatever stands in the address, the form answers: with a prediction, or with
// what is wrong, and never with what was sent as part of the page.
func FuzzForm(f *testing.F) {
	f.Add("Hobart", "2017-06-01", "12.3", "N")
	f.Add("", "", "", "")
	f.Add("<script>", "2023-02-30", "1e999", "\xff\x00")
	f.Add("Hobart\"><b>", "9999999-01-01", ",,", strings.Repeat("N", 5000))
	d := consoletest.Filled(f)
	f.Fuzz(func(t *testing.T, place, day, number, direction string) {
		query := url.Values{"Location": {place}, "Date": {day}, "MinTemp": {number}, "Humidity3pm": {number}, "WindGustDir": {direction}}
		r := httptest.NewRequest("GET", "/predict?"+query.Encode(), nil)
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		page := w.Body.String()
		if w.Code != 200 && w.Code != 422 {
			t.Fatalf("status %d", w.Code)
		}
		if (w.Code == 200) != strings.Contains(page, `id="answer"`) {
			t.Errorf("status %d and an answer do not fit", w.Code)
		}
		if strings.Count(page, "<script") != 1 || strings.Contains(page, "<b>\"") {
			t.Error("what was sent has become part of the page")
		}
	})
}
