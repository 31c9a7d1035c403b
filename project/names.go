package project

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// DateMark is what a name of a run has where the day goes on which it began.
const DateMark = "{date}"

// RunName is a name of Names with the day filled in, written 2006-01-02.
func RunName(name, date string) string { return strings.ReplaceAll(name, DateMark, date) }

// RunKinds are the kinds of runs that a cycle makes: the keys of Names.RunTags.
var RunKinds = []string{"cycle", "etl", "train", "compare", "promote", "swap"}

// assume fills in the names that a project file leaves out, from the name of
// the project; what is published is then what the first learner learns from.
func (n *Names) assume(p *Project) {
	for _, name := range []struct {
		value   *string
		assumed string
	}{
		{&n.Experiment, p.Name}, {&n.ModelDev, p.Name + "_dev"}, {&n.ModelProd, p.Name},
		{&n.DatasetRaw, p.Name + "_raw"}, {&n.DatasetReady, p.Name + "_ready"},
		{&n.CycleRun, "Cycle_run_" + DateMark}, {&n.ETLRun, "ETL_run_" + DateMark}, {&n.TrainRun, "Challenger_run_" + DateMark},
		{&n.CompareRun, "Comparison_run_" + DateMark}, {&n.PromoteRun, "Promotion_run_" + DateMark}, {&n.SwapRun, "Swap_run_" + DateMark},
		{&n.KeyRaw, "raw/data.csv"}, {&n.KeyFixed, "raw/data_fixed.csv"}, {&n.KeyInfo, "data_info/data.json"},
		{&n.KeyTrainX, "final/train/x.csv"}, {&n.KeyTrainY, "final/train/y.csv"},
		{&n.KeyTestX, "final/test/x.csv"}, {&n.KeyTestY, "final/test/y.csv"},
	} {
		if *name.value == "" {
			*name.value = name.assumed
		}
	}
	if n.Published == "" && len(p.Learners) > 0 {
		n.Published = p.Learners[0].Recipe
	}
}

var tagKey = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_. /-]{0,127}$`)

func (c *checker) names(p *Project) {
	p.Names.assume(p)
	n := p.Names
	for _, name := range []struct{ key, value string }{
		{"experiment", n.Experiment}, {"model_dev", n.ModelDev}, {"model_prod", n.ModelProd},
		{"dataset_raw", n.DatasetRaw}, {"dataset_ready", n.DatasetReady},
		{"cycle_run", n.CycleRun}, {"etl_run", n.ETLRun}, {"train_run", n.TrainRun},
		{"compare_run", n.CompareRun}, {"promote_run", n.PromoteRun}, {"swap_run", n.SwapRun},
	} {
		key := join("names", name.key)
		if c.plain(key, name.value) && strings.ContainsAny(strings.ReplaceAll(name.value, DateMark, ""), "{}:") {
			c.wrong(key, name.value, "a name without braces and colons, but for "+DateMark, "")
		}
	}
	used := make(map[string]string)
	for _, k := range []struct{ key, value string }{
		{"key_raw", n.KeyRaw}, {"key_fixed", n.KeyFixed}, {"key_info", n.KeyInfo},
		{"key_train_x", n.KeyTrainX}, {"key_train_y", n.KeyTrainY}, {"key_test_x", n.KeyTestX}, {"key_test_y", n.KeyTestY},
	} {
		key := join("names", k.key)
		switch other, twice := used[k.value]; {
		case len(k.value) > 256 || !bucketKey.MatchString(k.value):
			c.wrong(key, k.value, "a key in a bucket, such as final/train/x.csv", "segments of letters, digits, dots, - and _, none of which begins with a dot")
		case twice:
			c.wrong(key, k.value, "a key of its own", other+" has it already")
		}
		used[k.value] = key
	}
	c.member("names.published", n.Published, "a recipe", slices.Sorted(maps.Keys(p.Recipes)))
	for _, kind := range slices.Sorted(maps.Keys(n.RunTags)) {
		key := join("names.run_tags", kind)
		c.member(key, kind, "a kind of run", RunKinds)
		for _, tag := range slices.Sorted(maps.Keys(n.RunTags[kind])) {
			if !tagKey.MatchString(tag) {
				c.wrong(join(key, tag), tag, "a tag's name: up to 128 letters, digits, spaces and . _ / -", "")
			}
			c.words(join(key, tag), n.RunTags[kind][tag])
		}
	}
}
