package cycle

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"

	pluvia "github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/modelfile"
	"github.com/pluvia-ml/pluvia/project"
	"github.com/pluvia-ml/pluvia/recipe"
	"github.com/pluvia-ml/pluvia/table"
)

// facts are the parameters of a training run that are no hyper-parameters.
// Those go by their own names, so that MLflow's clients find them by these.
var facts = []string{"learner", "family", "recipe", "threshold", "rows"}

// folder is where a run keeps its model among its artifacts.
const folder = "model"

// candidate is a learner that the search has tried.
type candidate struct {
	learner       project.Learner
	model         learn.Model
	probabilities []float64 // of the validation part
	threshold     float64   // the best by F1 on the validation part
	scores        learn.Scores
}

// train searches for the challenger: every learner of the project is fitted on
// the training part and judged on the validation part. The best is fitted again
// on both together, with the threshold and the number of iterations that the
// validation part has chosen, and kept as a model folder. The test part is not
// looked at.
func (r *Runner) train(ctx context.Context, run *pluvia.Run) error {
	etl, err := r.last(ctx, run, ETL)
	if err != nil {
		return err
	}
	data, err := r.load(ctx, etl)
	if err != nil {
		return err
	}
	best, err := r.search(ctx, run, data)
	if err != nil {
		return err
	}
	model, err := r.refit(ctx, data, best)
	if err != nil {
		return err
	}
	if err := r.usage(ctx, run, len(r.Project.Learners)); err != nil {
		return err
	}
	model.Data = etl.Param(paramSource)

	if err := model.Write(func(name string, content []byte) error {
		return r.artifact(ctx, run, path.Join(folder, name), writer(content))
	}); err != nil {
		return err
	}
	validation := judged{name: best.learner.Name, y: pick(data.y, data.validate), Predictions: learn.Predictions{P: best.probabilities, Threshold: best.threshold}}
	if _, err := r.pictures(ctx, run, "validation", validation); err != nil {
		return err
	}
	if err := r.importance(ctx, run, model); err != nil {
		return err
	}
	modelDigest, err := model.Digest()
	if err != nil {
		return err
	}
	params := []pluvia.Param{
		{Key: "learner", Value: best.learner.Name},
		{Key: "family", Value: best.learner.Family},
		{Key: "recipe", Value: best.learner.Recipe},
		{Key: "threshold", Value: strconv.FormatFloat(best.threshold, 'g', -1, 64)},
		{Key: "rows", Value: strconv.Itoa(model.Rows)},
	}
	for key, value := range model.Params {
		params = append(params, pluvia.Param{Key: key, Value: value})
	}
	if err := r.Store.Log(ctx, run.ID, pluvia.Batch{
		Params:  params,
		Metrics: r.points(prefixed("validation.", best.scores.Values())),
		Tags:    []pluvia.Tag{{Key: TagDigest, Value: modelDigest}},
		Inputs: []pluvia.Input{{
			Dataset: r.dataset(r.Project.Names.DatasetReady, etl.Param(paramTable), beside(r.Project.Names.KeyRaw, ".parquet")),
			Tags:    []pluvia.Tag{{Key: pluvia.TagDataContext, Value: "training"}},
		}},
	}); err != nil {
		return err
	}
	run.Params = params
	_, err = r.register(ctx, r.Project.Names.ModelDev, run)
	return err
}

// search fits every learner on the training part, logs each as a run of its
// own, and gives back the best on the validation part; of equals the first.
func (r *Runner) search(ctx context.Context, run *pluvia.Run, data *dataset) (*candidate, error) {
	metric, ok := learn.MetricByName(r.Project.Metric)
	if !ok {
		return nil, pluvia.Errorf(pluvia.Invalid, "metric %q is not known", r.Project.Metric)
	}
	train, validate := data.part(data.train), data.part(data.validate)
	features := map[string][2]*table.Table{} // by recipe: training, validation
	var best *candidate
	for i, learner := range r.Project.Learners {
		x, ok := features[learner.Recipe]
		if !ok {
			fitted, err := r.fit(learner.Recipe, train.X)
			if err != nil {
				return nil, err
			}
			if x[0], err = fitted.Apply(train.X); err != nil {
				return nil, err
			}
			if x[1], err = fitted.Apply(validate.X); err != nil {
				return nil, err
			}
			features[learner.Recipe] = x
		}
		c, err := r.try(ctx, run, learner, learn.Train{
			X: x[0], Y: train.Y, Valid: learn.Labelled{X: x[1], Y: validate.Y},
			Progress: func(done, total int) { r.counting(learner.Name, unit(learner.Family), int64(done), int64(total)) },
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", learner.Name, err)
		}
		if err := r.usage(ctx, run, i); err != nil {
			return nil, err
		}
		if best == nil || metric.Better(metric.Of(c.scores), metric.Of(best.scores)) {
			best = c
		}
	}
	return best, nil
}

// usage adds a point to the system metrics of a run.
func (r *Runner) usage(ctx context.Context, run *pluvia.Run, step int) error {
	if r.Usage == nil {
		return nil
	}
	points := r.points(r.Usage())
	for i := range points {
		points[i].Step = int64(step)
	}
	return r.Store.Log(ctx, run.ID, pluvia.Batch{Metrics: points})
}

// try fits one learner and logs what came of it.
func (r *Runner) try(ctx context.Context, parent *pluvia.Run, learner project.Learner, train learn.Train) (*candidate, error) {
	run := &pluvia.Run{
		ExperimentID: parent.ExperimentID,
		Name:         "Candidate: " + learner.Name,
		Tags:         []pluvia.Tag{{Key: pluvia.TagParentRun, Value: parent.ID}, {Key: TagStep, Value: "candidate"}},
		Params: []pluvia.Param{
			{Key: "learner", Value: learner.Name}, {Key: "family", Value: learner.Family}, {Key: "recipe", Value: learner.Recipe},
		},
	}
	for _, p := range learner.Params {
		run.Params = append(run.Params, pluvia.Param{Key: p.Key, Value: p.Value})
	}
	c := &candidate{learner: learner}
	err := r.record(ctx, run, func(ctx context.Context, run *pluvia.Run) error {
		began := r.Now()
		model, err := learner.Classifier.Fit(ctx, train)
		if err != nil {
			return err
		}
		took := r.Now().Sub(began)
		c.model, c.probabilities = model, model.Probabilities(nil, train.Valid.X)
		c.threshold, _ = learn.BestThreshold(train.Valid.Y, c.probabilities)
		c.scores = learn.Evaluate(train.Valid.Y, c.probabilities, c.threshold)

		metrics := prefixed("validation.", c.scores.Values())
		metrics["threshold"] = c.threshold
		metrics["fit_seconds"] = took.Seconds()
		return r.Store.Log(ctx, run.ID, pluvia.Batch{Metrics: r.points(metrics)})
	})
	return c, err
}

// refit fits the best candidate again on training and validation part together.
func (r *Runner) refit(ctx context.Context, data *dataset, best *candidate) (*modelfile.Model, error) {
	rows := slices.Sorted(slices.Values(slices.Concat(data.train, data.validate)))
	both := data.part(rows)
	fitted, err := r.fit(best.learner.Recipe, both.X)
	if err != nil {
		return nil, err
	}
	x, err := fitted.Apply(both.X)
	if err != nil {
		return nil, err
	}
	classifier := best.learner.Classifier
	if s, ok := classifier.(learn.Settler); ok {
		classifier = s.Settle(best.model)
	}
	what := "final " + best.learner.Name
	model, err := classifier.Fit(ctx, learn.Train{
		X: x, Y: both.Y, Progress: func(done, total int) { r.counting(what, unit(best.learner.Family), int64(done), int64(total)) },
	})
	if err != nil {
		return nil, err
	}
	params := map[string]string{}
	for _, p := range project.ParamsOf(classifier) {
		params[p.Key] = p.Value
	}
	return &modelfile.Model{
		Project: r.Project.Name, Learner: best.learner.Name, Family: best.learner.Family,
		Recipe: fitted, Classifier: model, Threshold: best.threshold,
		Target: r.Project.Target.Field, Positive: r.Project.Target.Positive,
		Params: params, Metrics: best.scores.Values(), Seed: r.Project.Seed, Rows: len(rows), Example: example(both.X, fitted.Input()),
	}, nil
}

// example is the first row of a table as texts, for the input of a model.
func example(t *table.Table, fields []table.Field) []string {
	texts := make([]string, len(fields))
	for i, f := range fields {
		texts[i] = t.Column(f.Name).Text(0)
	}
	return texts
}

// fit fits a recipe of the project on raw observations.
func (r *Runner) fit(name string, t *table.Table) (*recipe.Fitted, error) {
	r.doing("recipe " + name)
	return fitSteps(name, r.Project.Recipes[name], r.Project.Inputs(), t)
}

// fitSteps fits steps of the recipe called name.
func fitSteps(name string, steps recipe.Recipe, input []table.Field, t *table.Table) (*recipe.Fitted, error) {
	fitted, err := steps.Fit(input, t)
	if err != nil {
		// A recipe that was checked against the schema fails on the data only.
		return nil, pluvia.Errorf(pluvia.Invalid, "recipe %s: %w", name, err)
	}
	return fitted, nil
}

// register makes a version of the model folder of a training run, or finds the
// one that is there.
func (r *Runner) register(ctx context.Context, name string, train *pluvia.Run) (*pluvia.Version, error) {
	if err := r.Store.CreateModel(ctx, &pluvia.Model{Name: name, Description: r.Project.Title.In("en")}); err != nil && pluvia.ErrorCode(err) != pluvia.Exists {
		return nil, err
	}
	version := &pluvia.Version{
		Model: name, Source: train.ArtifactURI + "/" + folder, RunID: train.ID,
		Tags: []pluvia.Tag{{Key: "model", Value: train.Param("family")}},
	}
	for _, p := range train.Params {
		if !slices.Contains(facts, p.Key) {
			version.Tags = append(version.Tags, pluvia.Tag(p))
		}
	}
	return version, r.Store.CreateVersion(ctx, version)
}

func prefixed(prefix string, scores map[string]float64) map[string]float64 {
	out := make(map[string]float64, len(scores))
	for key, value := range scores {
		out[prefix+key] = value
	}
	return out
}

// unit is what a learner's progress counts.
func unit(family string) string {
	switch family {
	case "forest", "boost":
		return "trees"
	default:
		return "steps"
	}
}
