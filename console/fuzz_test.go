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

// Whatever stands in the address of a list, it is a list or says what is wrong,
// and what was sent never becomes part of the page.
func FuzzList(f *testing.F) {
	f.Add("metrics.roc_auc > 0.8", "metrics.roc_auc", "params.depth", "")
	f.Add("params.a = '<script>'", "tags.\"x", "metrics.", "abc")
	f.Add("metrics.ñ >", "start", "took", "eyJzIjoiIn0")
	f.Add(strings.Repeat("(", 5000), "params.`a b`", "\xff\x00", "\x00")
	d := consoletest.Empty(f)
	id := d.Many(f, 3)
	f.Fuzz(func(t *testing.T, filter, order, column, after string) {
		query := url.Values{"experiment": {id}, "filter": {filter}, "order": {order}, "columns": {column}, "after": {after}}
		for _, path := range []string{"/runs?", "/experiments?"} {
			r := httptest.NewRequest("GET", path+query.Encode(), nil)
			r.Header.Set("Accept", "text/html")
			w := httptest.NewRecorder()
			d.ServeHTTP(w, r)
			if w.Code != 200 && w.Code != 422 {
				t.Fatalf("%s: status %d\n%.500s", path, w.Code, w.Body)
			}
			if strings.Count(w.Body.String(), "<script") != 1 {
				t.Error("what was sent has become part of the page")
			}
		}
	})
}
