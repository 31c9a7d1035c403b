package cycle

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"

	pluvia "github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/modelfile"
	"github.com/pluvia-ml/pluvia/project"
	"github.com/pluvia-ml/pluvia/table"
)

// Comparison is what comparison.json says: both models judged on the same test
// rows, with 95 % intervals from a bootstrap by day.
type Comparison struct {
	Rows       int             `json:"rows"`
	Days       int             `json:"days"`
	Replicates int             `json:"replicates"`
	Challenger learn.Intervals `json:"challenger"`
	Champion   learn.Intervals `json:"champion,omitempty"`   // none when there was no champion
	Difference learn.Intervals `json:"difference,omitempty"` // challenger less champion

	// Original is the statistic of the system that this one replaces: F1 of
	// yes and no from probability 0.5 on, without an interval; the higher wins.
	Original OriginalComparison `json:"original"`

	Curves []Curves `json:"curves"` // of the challenger, then of the champion

	Decision string       `json:"decision"`
	Reason   project.Text `json:"reason"`
}

// OriginalComparison is the comparison as the original makes it.
type OriginalComparison struct {
	Challenger float64  `json:"test_f1_challenger"`
	Champion   *float64 `json:"test_f1_champion,omitempty"`
	Winner     string   `json:"winner"` // Challenger or Champion
}

// judged is a model's answers to rows whose truth is known.
type judged struct {
	name string
	y    []bool
	learn.Predictions
}

// compare judges challenger and champion on the test part and decides which of
// them is to be champion. Nothing is moved yet but the alias "challenger".
func (r *Runner) compare(ctx context.Context, run *pluvia.Run) error {
	train, err := r.last(ctx, run, Train)
	if err != nil {
		return err
	}
	etl, err := r.last(ctx, run, ETL)
	if err != nil {
		return err
	}
	data, err := r.load(ctx, etl)
	if err != nil {
		return err
	}
	challenger, err := r.challenger(ctx, train)
	if err != nil {
		return err
	}
	champion, err := r.Store.VersionByAlias(ctx, challenger.Model, pluvia.Champion)
	if err != nil && pluvia.ErrorCode(err) != pluvia.NotFound {
		return err
	}

	test := data.part(data.test)
	mine, err := r.judge(ctx, challenger, test)
	if err != nil {
		return err
	}
	var theirs *judged
	var outdated *outdatedError
	if champion != nil {
		if theirs, err = r.judge(ctx, champion, test); err != nil && !errors.As(err, &outdated) {
			return err
		}
	}
	c, err := r.bootstrap(ctx, data, mine, theirs)
	if err != nil {
		return err
	}
	decision := Decide(r.Project.Promotion, c.Difference, c.Rows)
	if outdated != nil {
		decision = Decision{Promoted, outdated.reason(champion.Number)}
	}
	c.Decision, c.Reason = decision.Outcome, decision.Reason

	if c.Curves, err = r.pictures(ctx, run, "test", append([]judged{*mine}, optional(theirs)...)...); err != nil {
		return err
	}
	if err := r.artifact(ctx, run, "comparison.json", func(w io.Writer) error {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", " ")
		return encoder.Encode(c)
	}); err != nil {
		return err
	}
	return r.logComparison(ctx, run, c, etl, challenger, champion)
}

// challenger registers the model of a training run as a version of the
// production model, under the alias "challenger".
func (r *Runner) challenger(ctx context.Context, train *pluvia.Run) (*pluvia.Version, error) {
	version, err := r.register(ctx, r.Project.Names.ModelProd, train)
	if err != nil {
		return nil, err
	}
	return version, r.Store.UpdateVersion(ctx, version.Model, version.Number, pluvia.VersionUpdate{Aliases: []string{pluvia.Challenger}})
}

// outdatedError is a model of an earlier project file that cannot answer the
// observations of this one at all, so that it cannot serve either.
type outdatedError struct{ was, is string }

func (e *outdatedError) Error() string {
	return fmt.Sprintf("it is a model of %s, and the project has %s now", e.was, e.is)
}

func (e *outdatedError) reason(version int) project.Text {
	return project.Text{
		"en": fmt.Sprintf("The champion, version %d, cannot be judged: it is of an earlier project file, with %s, where there is %s now.", version, e.was, e.is),
		"es": fmt.Sprintf("La campeona, versión %d, no se puede evaluar: es de un archivo de proyecto anterior, con %s, donde ahora hay %s.", version, e.was, e.is),
	}
}

// observations are the columns of t that a model wants, as the service gives
// them to it: a field that the project has no more is missing.
func observations(m *modelfile.Model, p *project.Project, t *table.Table) (*table.Table, error) {
	if m.Target != p.Target.Field || m.Positive != p.Target.Positive {
		return nil, &outdatedError{was: m.Target + " = " + m.Positive, is: p.Target.Field + " = " + p.Target.Positive}
	}
	columns := make([]*table.Column, len(m.Schema()))
	for i, field := range m.Schema() {
		kind := field.Type.Kind()
		switch columns[i] = t.Column(field.Name); {
		case columns[i] == nil:
			columns[i] = missing(field.Name, kind, t.Rows())
		case columns[i].Kind != kind:
			return nil, &outdatedError{was: fmt.Sprintf("%s %s", kind, field.Name), is: fmt.Sprintf("%s %s", columns[i].Kind, field.Name)}
		}
	}
	return table.New(columns...), nil
}

// missing is a column without a value.
func missing(name string, kind table.Kind, rows int) *table.Column {
	switch kind {
	case table.Category:
		return table.Categories(name, slices.Repeat([]int32{table.MissingCode}, rows), nil)
	case table.Date:
		return table.Dates(name, slices.Repeat([]table.Day{table.MissingDay}, rows))
	default:
		return table.Numbers(name, slices.Repeat([]float64{table.Missing}, rows))
	}
}

// judge asks a version for the probabilities of raw observations.
func (r *Runner) judge(ctx context.Context, v *pluvia.Version, part learn.Labelled) (*judged, error) {
	model, err := r.model(ctx, v)
	if err != nil {
		return nil, fmt.Errorf("model %s version %d: %w", v.Model, v.Number, err)
	}
	x, err := observations(model, r.Project, part.X)
	if err != nil {
		return nil, fmt.Errorf("model %s version %d: %w", v.Model, v.Number, err)
	}
	p, err := model.Probabilities(x)
	if err != nil {
		return nil, fmt.Errorf("model %s version %d: %w", v.Model, v.Number, err)
	}
	return &judged{
		name: "version " + strconv.Itoa(v.Number), y: part.Y,
		Predictions: learn.Predictions{P: p, Threshold: model.Threshold},
	}, nil
}

// model reads the model folder of a version.
func (r *Runner) model(ctx context.Context, v *pluvia.Version) (*modelfile.Model, error) {
	bucket, prefix, err := pluvia.ParseURI(v.Source)
	if err != nil {
		return nil, err
	}
	return modelfile.Read(func(name string) (io.ReadCloser, error) {
		object, _, err := r.Buckets.Open(ctx, bucket, path.Join(prefix, name))
		return object, err
	})
}

// bootstrap measures every metric of one or two models, whole days drawn again.
func (r *Runner) bootstrap(ctx context.Context, data *dataset, challenger, champion *judged) (*Comparison, error) {
	r.doing("bootstrap by day")
	days := pick(data.table.Column(r.Project.Split.Field).Days, data.test)
	distinct := map[table.Day]struct{}{}
	for _, day := range days {
		distinct[day] = struct{}{}
	}
	by := learn.Resampling{Replicates: learn.DefaultReplicates, Seed: r.Project.Seed}
	c := &Comparison{Rows: len(data.test), Days: len(distinct), Replicates: by.Replicates}
	c.Original = OriginalComparison{Challenger: f1AtHalf(challenger), Winner: "Challenger"}
	if champion == nil {
		var err error
		c.Challenger, err = learn.Bootstrap(ctx, challenger.y, days, by, challenger.Predictions)
		return c, err
	}
	paired, err := learn.PairedBootstrap(ctx, challenger.y, days, by, champion.Predictions, challenger.Predictions)
	if err != nil {
		return nil, err
	}
	c.Champion, c.Challenger, c.Difference = paired.A, paired.B, paired.Difference
	f1 := f1AtHalf(champion)
	c.Original.Champion = &f1
	if !(c.Original.Challenger > f1) {
		c.Original.Winner = "Champion"
	}
	return c, nil
}

// f1AtHalf is F1 of the answers that scikit-learn's predict would give; 0, as
// there, when it is not defined.
func f1AtHalf(j *judged) float64 {
	if f1 := learn.Evaluate(j.y, j.P, 0.5).F1; f1 > 0 {
		return f1
	}
	return 0
}

// logComparison writes the comparison down: the original's statistic under the
// original's names, and beside it the honest one.
func (r *Runner) logComparison(ctx context.Context, run *pluvia.Run, c *Comparison, etl *pluvia.Run, challenger, champion *pluvia.Version) error {
	metrics := map[string]float64{"test_f1_challenger": c.Original.Challenger}
	if c.Original.Champion != nil {
		metrics["test_f1_champion"] = *c.Original.Champion
	}
	for prefix, intervals := range map[string]learn.Intervals{"": c.Challenger, "champion.": c.Champion, "difference.": c.Difference} {
		for name, i := range intervals {
			metrics[prefix+name] = i.Value
			metrics[prefix+name+".low"] = i.Low
			metrics[prefix+name+".high"] = i.High
		}
	}
	params := []pluvia.Param{
		{Key: "Winner", Value: c.Original.Winner},
		{Key: "challenger_version", Value: strconv.Itoa(challenger.Number)},
		{Key: "rule", Value: r.Project.Promotion.Rule},
		{Key: "rule_metric", Value: r.Project.Promotion.Metric},
		{Key: "test_rows", Value: strconv.Itoa(c.Rows)},
		{Key: "test_days", Value: strconv.Itoa(c.Days)},
		{Key: "bootstrap_replicates", Value: strconv.Itoa(c.Replicates)},
	}
	if champion != nil {
		params = append(params, pluvia.Param{Key: "champion_version", Value: strconv.Itoa(champion.Number)})
	}
	return r.Store.Log(ctx, run.ID, pluvia.Batch{
		Metrics: r.points(metrics),
		Params:  params,
		Tags: []pluvia.Tag{
			{Key: TagDecision, Value: c.Decision},
			{Key: TagReason, Value: c.Reason.In("en")},
			{Key: TagReason + ".es", Value: c.Reason.In("es")},
			{Key: TagVersion, Value: strconv.Itoa(challenger.Number)},
		},
		Inputs: []pluvia.Input{{
			Dataset: r.dataset(r.Project.Names.DatasetReady, etl.Param(paramTable), beside(r.Project.Names.KeyRaw, ".parquet")),
			Tags:    []pluvia.Tag{{Key: pluvia.TagDataContext, Value: "evaluation"}},
		}},
	})
}

func optional(j *judged) []judged {
	if j == nil {
		return nil
	}
	return []judged{*j}
}

// writer writes content.
func writer(content []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(content))
		return err
	}
}
