package project

import (
	"cmp"
	"fmt"
	"hash"
	"io/fs"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml/token"

	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/table"
)

// Bounds of what a project may describe.
const (
	maxFields   = 10_000
	maxText     = 2000 // bytes of a text for people
	maxName     = 128  // bytes of a name
	maxLearners = 100
)

var (
	identifier = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
	language   = regexp.MustCompile(`^[a-z]{2}$`)
	digest     = regexp.MustCompile(`^[0-9a-f]{64}$`)
	// A key in a bucket is a path of plain segments, none of which begins with
	// a dot, so that it means the same to a folder, to S3 and in a URL.
	bucketKey = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$`)
)

// checker holds the rules of a project that go beyond the form of its file.
type checker struct {
	*decoder
	files fs.FS
	sum   hash.Hash // of everything that was read
}

// wrong reports a value by its key. A value that the decoder has refused
// already is not reported again; one that is missing is reported where it
// should be.
func (c *checker) wrong(key, value, rule, remedy string) {
	for _, f := range c.faults {
		if f.Key == key {
			return
		}
	}
	if c.places[key] == nil && value == "" && remedy == "" {
		remedy = "it is missing"
	}
	c.faultAt(c.place(key), key, value, rule, remedy)
}

// place is where key stands, or the nearest that it is part of.
func (c *checker) place(key string) *token.Position {
	for {
		if at := c.places[key]; at != nil {
			return at
		}
		i := strings.LastIndexAny(key, ".[")
		if i < 0 {
			return c.places[""]
		}
		key = key[:i]
	}
}

// plain says whether s is a name for people: printable, no spaces at its ends,
// nothing that a path, a URL or a terminal would take for its own.
func plain(s string) bool {
	if s == "" || len(s) > maxName || strings.TrimSpace(s) != s || strings.HasPrefix(s, ".") {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) || strings.ContainsRune(`/\<>"'`+"`|?*&%#$;", r) {
			return false
		}
	}
	return true
}

var plainRule = fmt.Sprintf("a name of 1 to %d letters, digits, spaces and the like, without slashes, quotes and %s", maxName, `< > | ? * & % # $ ;`)

func (c *checker) plain(key, value string) bool {
	if !plain(value) {
		c.wrong(key, value, plainRule, "")
		return false
	}
	return true
}

func (c *checker) member(key, value, what string, names []string) bool {
	if slices.Contains(names, value) {
		return true
	}
	rule, remedy := oneOf(what, value, names)
	c.wrong(key, value, rule, remedy)
	return false
}

// text checks a text for people. English must be there, because it stands in
// for every other language.
func (c *checker) text(key string, t Text, required bool) {
	if required && strings.TrimSpace(t["en"]) == "" {
		c.wrong(key, "", "a text in English at least", `write {en: "..."}`)
	}
	for _, code := range slices.Sorted(maps.Keys(t)) {
		if !language.MatchString(code) {
			c.wrong(join(key, code), code, "the code of a language, two lower-case letters", "")
		}
		c.words(join(key, code), t[code])
	}
}

func (c *checker) words(key, s string) {
	if strings.TrimSpace(s) == "" || len(s) > maxText || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }) {
		c.wrong(key, s, fmt.Sprintf("a text of 1 to %d bytes without control characters", maxText), "")
	}
}

func (c *checker) titles(p *Project) {
	if !identifier.MatchString(p.Name) {
		c.wrong("name", p.Name, "a lower-case letter, then up to 62 lower-case letters, digits or _", "")
	}
	c.text("title", p.Title, true)
	c.text("question", p.Question, true)
}

func (c *checker) source(p *Project) {
	s := p.Source
	if s.Snapshot == "" {
		if s.Name != "" || s.SHA256 != "" || s.Rows != 0 {
			c.wrong("source.snapshot", "", "the name of a file beside the project file", "or leave source out: then --source names the data")
		}
		return
	}
	c.exists("source.snapshot", s.Snapshot)
	c.plain("source.name", s.Name)
	if !digest.MatchString(s.SHA256) {
		c.wrong("source.sha256", s.SHA256, "64 lower-case hexadecimal digits", "sha256sum of the CSV itself gives them")
	}
	if s.Rows <= 0 {
		c.wrong("source.rows", strconv.Itoa(s.Rows), "the number of rows of the CSV, 1 or more", "")
	}
	c.text("source.attribution", s.Attribution, len(s.Attribution) > 0)
}

// exists checks that a file of the project is there.
func (c *checker) exists(key, name string) bool {
	if !fs.ValidPath(name) || !bucketKey.MatchString(name) {
		c.wrong(key, name, "the name of a file beside the project file", "folders are separated by /, and none begins with a dot")
		return false
	}
	if info, err := fs.Stat(c.files, name); err != nil || !info.Mode().IsRegular() {
		c.wrong(key, name, "the name of a file beside the project file", "there is none of that name")
		return false
	}
	return true
}

func (c *checker) schema(p *Project, s *schema) {
	p.Schema = table.Schema{Key: s.Key, Missing: s.Missing}
	switch n := len(s.Fields); {
	case n == 0:
		c.wrong("schema.fields", "", "a list of one field or more", "write - {name: ..., type: number}")
	case n > maxFields:
		c.wrong("schema.fields", strconv.Itoa(n), fmt.Sprintf("a list of at most %d fields", maxFields), "")
		return
	}
	for _, name := range slices.Sorted(maps.Keys(p.Lists)) {
		c.levels(join("lists", name), p.Lists[name])
	}
	seen := make(map[string]bool, len(s.Fields))
	for i, f := range s.Fields {
		key := index("schema.fields", i)
		if c.plain(join(key, "name"), f.Name) && seen[f.Name] {
			c.wrong(join(key, "name"), f.Name, "a name used once", "")
		}
		seen[f.Name] = true
		c.text(join(key, "about"), f.About, len(f.About) > 0)
		if f.About != nil {
			p.About[f.Name] = f.About
		}
		p.Schema.Fields = append(p.Schema.Fields, table.Field{
			Name: f.Name, Type: f.Type, Unit: f.Unit, Min: f.Min, Max: f.Max, Earliest: f.Earliest, Latest: f.Latest,
			Categories: c.categories(p, join(key, "categories"), f), Required: f.Required,
		})
		c.field(key, f)
	}
	for i, name := range s.Key {
		c.member(index("schema.key", i), name, "a field of the schema", p.Schema.Names())
	}
	if len(c.faults) > 0 {
		return
	}
	// The table has the last word on what it can hold.
	if err := p.Schema.Check(); err != nil {
		c.wrong("schema", "", "a schema that a table can have", err.Error())
	}
}

// field checks that a field has what its type needs and nothing that it cannot have.
func (c *checker) field(key string, f field) {
	types := []string{string(table.TypeNumber), string(table.TypeInteger), string(table.TypeCategory), string(table.TypeDate)}
	if !c.member(join(key, "type"), string(f.Type), "a type", types) {
		return
	}
	kind := f.Type.Kind()
	only := func(name string, set bool, want table.Kind) {
		if set && kind != want {
			c.wrong(join(key, name), "", fmt.Sprintf("left out of a field of type %s", f.Type), fmt.Sprintf("only a %s has it", want))
		}
	}
	only("min", f.Min != nil, table.Number)
	only("max", f.Max != nil, table.Number)
	only("earliest", f.Earliest != "", table.Date)
	only("latest", f.Latest != "", table.Date)
	only("categories", f.Categories.list != nil || f.Categories.name != "", table.Category)
	if f.Min != nil && f.Max != nil && *f.Min > *f.Max {
		c.wrong(join(key, "max"), number(*f.Max), "at least min, which is "+number(*f.Min), "")
	}
	earliest, latest := c.day(join(key, "earliest"), f.Earliest), c.day(join(key, "latest"), f.Latest)
	if earliest != table.MissingDay && latest != table.MissingDay && earliest > latest {
		c.wrong(join(key, "latest"), f.Latest, "no day before earliest, which is "+f.Earliest, "")
	}
	if len(f.Unit) > 16 || strings.ContainsFunc(f.Unit, unicode.IsControl) {
		c.wrong(join(key, "unit"), f.Unit, "a unit of at most 16 bytes", "")
	}
}

func (c *checker) day(key, value string) table.Day {
	if value == "" {
		return table.MissingDay
	}
	day, err := table.ParseDay(value)
	if err != nil {
		c.wrong(key, value, "a date of the calendar, written YYYY-MM-DD", "")
	}
	return day
}

// categories are the levels of a field: its own list, a named one, or the
// places of the catalogue.
func (c *checker) categories(p *Project, key string, f field) []string {
	switch {
	case f.Type != table.TypeCategory:
		return nil
	case f.Categories.name == fromCatalogue && p.Catalogue != nil:
		names := make([]string, len(p.Catalogue.Places))
		for i, place := range p.Catalogue.Places {
			names[i] = place.Name
		}
		if p.Catalogue.Field != f.Name {
			c.wrong("catalogue.field", p.Catalogue.Field, fmt.Sprintf("%q, whose categories are the catalogue's", f.Name), "")
		}
		return names
	case f.Categories.name != "":
		known := slices.Sorted(maps.Keys(p.Lists))
		if p.Catalogue != nil {
			known = append(known, fromCatalogue)
		}
		c.member(key, f.Categories.name, "the name of a list", known)
		return p.Lists[f.Categories.name]
	default:
		c.levels(key, f.Categories.list)
		return f.Categories.list
	}
}

func (c *checker) levels(key string, levels []string) {
	if len(levels) == 0 {
		c.wrong(key, "", "a list of one category or more", "")
	}
	seen := make(map[string]bool, len(levels))
	for i, level := range levels {
		switch {
		case level == "" || len(level) > maxName || strings.TrimSpace(level) != level || strings.ContainsFunc(level, unicode.IsControl):
			c.wrong(index(key, i), level, fmt.Sprintf("1 to %d bytes without control characters or spaces at the ends", maxName), "")
		case seen[level]:
			c.wrong(index(key, i), level, "a category used once", "")
		}
		seen[level] = true
	}
}

func (c *checker) target(p *Project) {
	i := p.Schema.Field(p.Target.Field)
	if i < 0 {
		c.member("target.field", p.Target.Field, "a field of the schema", p.Schema.Names())
	} else if f := p.Schema.Fields[i]; f.Type != table.TypeCategory || len(f.Categories) != 2 {
		c.wrong("target.field", f.Name, "a category of two values", "")
	} else {
		c.member("target.positive", p.Target.Positive, "a category of "+f.Name, f.Categories)
	}
	seen := make(map[string]bool)
	for j, leak := range p.Leaks {
		key := index("leaks", j)
		switch {
		case leak == p.Target.Field:
			c.wrong(key, leak, "a field other than the target", "the target is never a feature anyway")
		case seen[leak]:
			c.wrong(key, leak, "a field named once", "")
		default:
			c.member(key, leak, "a field of the schema", p.Schema.Names())
		}
		seen[leak] = true
	}
	if share := p.Rejects.MaxShare; !(share >= 0 && share <= 1) {
		c.wrong("rejects.max_share", number(share), "a share from 0 to 1", "")
	}
}

func (c *checker) split(p *Project) {
	var dates []string
	for _, f := range p.Schema.Fields {
		if f.Type == table.TypeDate {
			dates = append(dates, f.Name)
		}
	}
	if !c.member("split.field", p.Split.Field, "a date of the schema", dates) {
		return
	}
	for _, day := range []struct {
		name  string
		value table.Day
	}{{"validate", p.Split.Validate}, {"test", p.Split.Test}} {
		if c.places[join("split", day.name)] == nil {
			c.wrong(join("split", day.name), "", "the first day of the part, written YYYY-MM-DD", "")
		}
	}
	f := p.Schema.Fields[p.Schema.Field(p.Split.Field)]
	if !f.Required {
		c.wrong("split.field", f.Name, "a date that is never missing", "write required: true at the field")
	}
	switch {
	case p.Split.Validate >= p.Split.Test:
		c.wrong("split.test", p.Split.Test.String(), "after split.validate, which is "+p.Split.Validate.String(), "the validation part would be empty")
	case f.Earliest != "" && p.Split.Validate.String() <= f.Earliest:
		c.wrong("split.validate", p.Split.Validate.String(), "after the earliest day of "+f.Name+", which is "+f.Earliest, "the training part would be empty")
	case f.Latest != "" && p.Split.Test.String() > f.Latest:
		c.wrong("split.test", p.Split.Test.String(), "at most the latest day of "+f.Name+", which is "+f.Latest, "the test part would be empty")
	}
}

func (c *checker) promotion(p *Project) {
	c.member("metric", p.Metric, "a metric", learn.MetricNames())
	p.Promotion.Rule = cmp.Or(p.Promotion.Rule, SurelyBetter)
	p.Promotion.Metric = cmp.Or(p.Promotion.Metric, p.Metric)
	c.member("promotion.rule", p.Promotion.Rule, "a rule of promotion", []string{Better, SurelyBetter})
	c.member("promotion.metric", p.Promotion.Metric, "a metric", learn.MetricNames())
	for _, name := range slices.Sorted(maps.Keys(p.Promotion.Guards)) {
		key := join("promotion.guards", name)
		if by := p.Promotion.Guards[name]; !(by >= 0 && by <= math.MaxFloat64) {
			c.wrong(key, number(by), "by how much the metric may get worse, 0 or more", "")
		}
		c.member(key, name, "a metric", learn.MetricNames())
	}
}

func number(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
