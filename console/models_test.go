package console_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/console/consoletest"
)

func TestRegistry(t *testing.T) {
	t.Parallel()
	d := consoletest.Filled(t)
	odd := "a b#c%2e<b>"
	if err := d.Store.CreateModel(t.Context(), &pluvia.Model{Name: odd}); err != nil {
		t.Fatal(err)
	}
	name := d.Project.Names.ModelProd
	home := "/models/" + name
	play(t, d, []scenario{
		{name: "list", target: "/models", status: 200, has: []string{name, "champion: Version 3", "a b#c%2e&lt;b&gt;", "/models/a%20b%23c%252e%3Cb%3E"}},
		{name: "odd name", target: "/models/" + url.PathEscape(odd), status: 200, has: []string{"No version yet.", "a b#c%2e&lt;b&gt;"}},
		{name: "model", target: home, status: 200, has: []string{"<b>champion:</b> Version 3", "/runs/" + d.Train, "weather_data_ready", "9be1c344", "/alias?alias=champion&amp;version=2"}, hasNot: []string{"/alias?alias=champion&amp;version=3"}},
		{name: "no such model", target: "/models/none", status: 404},
		{name: "asked once", target: home + "/alias?alias=champion&version=2&lang=es", status: 200, has: []string{"champion deja la versión 3 y pasa a apuntar a la versión 2", "POST /update-model", `name="from" value="3"`}},
		{name: "an alias of nobody yet", target: home + "/alias?alias=canary&version=2", status: 200, has: []string{"canary points nowhere yet; it will point at version 2."}, hasNot: []string{"update-model"}},
		{name: "no such version", target: home + "/alias?alias=champion&version=9", status: 404},
		{name: "no version", target: home + "/alias?alias=champion&version=x", status: 422},
		{name: "no alias", target: home + "/alias?version=2", status: 422},
	})
}

func TestMoveAnAlias(t *testing.T) {
	t.Parallel()
	d := consoletest.Filled(t)
	name := d.Project.Names.ModelProd
	post := func(site string, form url.Values) int {
		r := httptest.NewRequest("POST", "/models/"+name+"/alias", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", site)
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		return w.Code
	}
	for _, step := range []struct {
		name, site, alias, version, from string
		status, champion                 int
	}{
		{"from another site", "cross-site", "champion", "2", "3", 403, 3},
		{"seen as it was before", "same-origin", "champion", "2", "1", 409, 3},
		{"confirmed", "same-origin", "champion", "2", "3", 303, 2},
		{"twice", "same-origin", "champion", "2", "3", 409, 2},
		{"to no version", "same-origin", "champion", "7", "2", 404, 2},
		{"a new one", "same-origin", "canary", "1", "0", 303, 2},
		{"a name that is a version", "same-origin", "v3", "1", "0", 422, 2},
	} {
		if status := post(step.site, url.Values{"alias": {step.alias}, "version": {step.version}, "from": {step.from}}); status != step.status {
			t.Errorf("%s: status %d, want %d", step.name, status, step.status)
		}
		v, err := d.Store.VersionByAlias(t.Context(), name, pluvia.Champion)
		if err != nil || v.Number != step.champion {
			t.Fatalf("%s: champion is %v, %v, want version %d", step.name, v, err, step.champion)
		}
	}
	m, err := d.Store.Model(t.Context(), name)
	if err != nil || m.Alias("canary") != 1 {
		t.Error("canary is not there", err)
	}
}
