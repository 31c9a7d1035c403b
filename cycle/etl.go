package cycle

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	pluvia "github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/recipe"
	"github.com/pluvia-ml/pluvia/table"
	"github.com/pluvia-ml/pluvia/table/csv"
	"github.com/pluvia-ml/pluvia/table/parquet"
)

// Parameters of an ETL run that later steps read.
const (
	paramSource = "source_sha256" // of the bytes that came in
	paramTable  = "table_sha256"  // of the Parquet file of the rows that were let through
)

// etl takes the data set, checks it, and leaves in the bucket "data": the rows
// that were let through, the published recipe's tables for training and test,
// the fitted recipe, the rows set aside, and what is known of it all. Checks
// come first: a data set that fails them changes nothing there.
func (r *Runner) etl(ctx context.Context, run *pluvia.Run) error {
	names := r.Project.Names
	taken, err := r.take(ctx, run)
	if err != nil {
		return err
	}
	data, err := newDataset(r.Project, taken.table)
	if err != nil {
		return err
	}
	leaks, err := r.leaks(data)
	if err != nil {
		return err
	}
	ready, err := r.prepare(data)
	if err != nil {
		return err
	}

	r.doing("summary")
	info := taken.info(run, path.Join(path.Dir(names.KeyRaw), rejectedFile))
	info.Split = SplitInfo{len(data.train), len(data.validate), len(data.test), data.noTarget}
	info.Leaks = leaks
	info.describe(data, ready)
	info.Summary = table.Summarize(data.table)

	r.doing("writing")
	var raw bytes.Buffer
	if err := parquet.Write(&raw, data.table); err != nil {
		return err
	}
	if err := r.publish(ctx, data, ready, info, raw.Bytes(), taken.report); err != nil {
		return err
	}

	means, scales := jsonList(info.ScalerMean), jsonList(info.ScalerStd)
	return r.Store.Log(ctx, run.ID, pluvia.Batch{
		Params: []pluvia.Param{
			{Key: paramSource, Value: taken.source.Digest},
			{Key: paramTable, Value: digest(raw.Bytes())},
			{Key: "Train observations", Value: strconv.Itoa(ready.trainX.Rows())},
			{Key: "Test observations", Value: strconv.Itoa(ready.testX.Rows())},
			{Key: "Standard Scaler feature names", Value: jsonList(ready.scaled)},
			{Key: "Standard Scaler mean values", Value: means},
			{Key: "Standard Scaler scale values", Value: scales},
		},
		Metrics: r.points(map[string]float64{
			"rows":          float64(taken.report.Read),
			"rows_rejected": float64(taken.report.SetAside()),
			"rows_kept":     float64(data.table.Rows()),
		}),
		Inputs: []pluvia.Input{
			{Dataset: taken.dataset(names.DatasetRaw), Tags: []pluvia.Tag{{Key: pluvia.TagDataContext, Value: "Dataset"}}},
			{Dataset: r.dataset(names.DatasetReady, digest(raw.Bytes()), names.KeyFixed), Tags: []pluvia.Tag{{Key: pluvia.TagDataContext, Value: "Dataset"}}},
		},
	})
}

// leaks finds the columns that decide the target by themselves. Those that the
// project file lists are never features and only recorded; any other one
// would make every figure after it a lie, so it is refused.
func (r *Runner) leaks(d *dataset) ([]LeakInfo, error) {
	r.doing(fmt.Sprintf("checks of %d rows", d.table.Rows()))
	labelled := slices.Concat(d.train, d.validate, d.test)
	candidates := slices.DeleteFunc(d.table.Names(), func(name string) bool { return name == r.Project.Target.Field })
	var found []LeakInfo
	var faults []error
	for _, leak := range table.Leaks(d.table.Take(labelled), pick(d.y, labelled), candidates) {
		found = append(found, LeakInfo{leak.Column, leak.String()})
		if !slices.Contains(r.Project.Leaks, leak.Column) {
			faults = append(faults, pluvia.Errorf(pluvia.Invalid,
				"column %s gives %s away: %v; list it under leaks in the project file, so that it is never a feature", leak.Column, r.Project.Target.Field, leak))
		}
	}
	return found, errors.Join(faults...)
}

// prepared is what the published recipe makes of a data set.
type prepared struct {
	recipe        []*recipe.Fitted // encoding, then scaling
	fixed         *table.Table     // all labelled rows after the encoding, the target behind
	trainX, testX *table.Table     // scaled
	trainY, testY *table.Table
	scaled        []string // the features that were scaled, with
	mean, scale   []float64
}

// prepare fits the published recipe on every row before the test part, and on
// no other, in two stages: what it encodes and repairs, and what it scales.
func (r *Runner) prepare(d *dataset) (*prepared, error) {
	name := r.Project.Names.Published
	r.doing("recipe " + name)
	encode, scale := splitScaling(r.Project.Recipes[name])

	before := slices.Sorted(slices.Values(slices.Concat(d.train, d.validate)))
	labelled := slices.Sorted(slices.Values(slices.Concat(before, d.test)))
	encoder, err := fitSteps(name, encode, r.Project.Inputs(), d.table.Take(before))
	if err != nil {
		return nil, err
	}
	trainX, err := encoder.Apply(d.table.Take(before))
	if err != nil {
		return nil, err
	}
	testX, err := encoder.Apply(d.table.Take(d.test))
	if err != nil {
		return nil, err
	}
	fixed, err := encoder.Apply(d.table.Take(labelled))
	if err != nil {
		return nil, err
	}
	scaler, err := fitSteps(name, scale, encoder.Output(), trainX)
	if err != nil {
		return nil, err
	}
	p := &prepared{
		recipe: []*recipe.Fitted{encoder, scaler},
		fixed:  table.New(append(slices.Clone(fixed.Columns()), r.label(pick(d.y, labelled)))...),
		trainY: table.New(r.label(pick(d.y, before))), testY: table.New(r.label(pick(d.y, d.test))),
	}
	if p.trainX, err = scaler.Apply(trainX); err != nil {
		return nil, err
	}
	if p.testX, err = scaler.Apply(testX); err != nil {
		return nil, err
	}
	for _, step := range scaler.Steps() {
		if scale, ok := step.(*recipe.Scale); ok {
			p.scaled, p.mean, p.scale = scale.Columns, scale.Mean, scale.Deviation
		}
	}
	return p, nil
}

// splitScaling parts a recipe before its last step when that only scales.
func splitScaling(r recipe.Recipe) (encode, scale recipe.Recipe) {
	if n := len(r); n > 0 && r[n-1].Kind() == "standardise" {
		return r[:n-1], r[n-1:]
	}
	return r, nil
}

// label is the target as a column of 0 and 1.
func (r *Runner) label(y []bool) *table.Column {
	values := make([]float64, len(y))
	for i, yes := range y {
		if yes {
			values[i] = 1
		}
	}
	return table.Numbers(r.Project.Target.Field, values)
}

// publish writes everything that the ETL leaves, the description last.
func (r *Runner) publish(ctx context.Context, d *dataset, p *prepared, info *DataInfo, raw []byte, report *table.Report) error {
	names := r.Project.Names
	type object struct {
		key   string
		write func(io.Writer) error
	}
	objects := []object{
		{names.KeyRaw, func(w io.Writer) error { return csv.Write(w, d.table) }},
		{beside(names.KeyRaw, ".parquet"), func(w io.Writer) error { _, err := w.Write(raw); return err }},
		{info.Rejected.Key, report.Write},
		{path.Join(path.Dir(names.KeyInfo), "recipe.json"), func(w io.Writer) error { return json.NewEncoder(w).Encode(p.recipe) }},
	}
	for key, t := range map[string]*table.Table{
		names.KeyFixed: p.fixed, names.KeyTrainX: p.trainX, names.KeyTrainY: p.trainY, names.KeyTestX: p.testX, names.KeyTestY: p.testY,
	} {
		objects = append(objects,
			object{key, func(w io.Writer) error { return csv.Write(w, t) }},
			object{beside(key, ".parquet"), func(w io.Writer) error { return parquet.Write(w, t) }})
	}
	if t := d.latest(r.Project); t != nil {
		info.Latest = path.Join(path.Dir(names.KeyRaw), "latest.parquet")
		objects = append(objects, object{info.Latest, func(w io.Writer) error { return parquet.Write(w, t) }})
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, o := range objects {
		group.Go(func() error { return r.put(groupCtx, pluvia.DataBucket, o.key, o.write) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return r.put(ctx, pluvia.DataBucket, names.KeyInfo, func(w io.Writer) error {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", " ")
		return encoder.Encode(info)
	})
}

// describe fills in what the original's data.json says of the published tables.
func (i *DataInfo) describe(d *dataset, p *prepared) {
	i.ScalerMean, i.ScalerStd = p.mean, p.scale
	i.DTypes, i.Categories = map[string]string{}, map[string][]string{}
	for _, c := range p.fixed.Columns() {
		i.Columns = append(i.Columns, c.Name)
		i.DTypes[c.Name] = "float64"
		if c.Kind == table.Category {
			i.DTypes[c.Name] = "category"
		}
	}
	for _, c := range d.table.Columns() {
		if c.Kind == table.Category {
			i.Categories[c.Name] = c.Levels
		}
	}
}

// dataset describes an object of the bucket "data" as the input of a run.
func (r *Runner) dataset(name, sha256, key string) pluvia.Dataset {
	return pluvia.Dataset{
		Name: name, Digest: short(sha256), SourceType: "s3", Source: pluvia.URI(pluvia.DataBucket, key),
		Schema: r.schemaJSON(),
	}
}

// schemaJSON is the schema as MLflow's clients write one.
func (r *Runner) schemaJSON() string {
	type column struct {
		Name string `json:"name"`
		Type string `json:"type"`
	}
	columns := make([]column, len(r.Project.Schema.Fields))
	for i, f := range r.Project.Schema.Fields {
		columns[i] = column{f.Name, map[table.Kind]string{table.Number: "double", table.Category: "string", table.Date: "datetime"}[f.Type.Kind()]}
	}
	return jsonList(map[string]any{"mlflow_colspec": columns})
}

// points are metrics measured now.
func (r *Runner) points(values map[string]float64) []pluvia.Metric {
	metrics := make([]pluvia.Metric, 0, len(values))
	now := pluvia.Millis(r.Now())
	for key, value := range values {
		metrics = append(metrics, pluvia.Metric{Key: key, Value: value, Timestamp: now})
	}
	slices.SortFunc(metrics, func(a, b pluvia.Metric) int { return strings.Compare(a.Key, b.Key) })
	return metrics
}

func jsonList(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("cycle: %T as JSON: %v", v, err)) // lists of names and finite numbers cannot fail
	}
	return string(text)
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// short cuts a digest to what MLflow keeps.
func short(sha256 string) string { return sha256[:min(len(sha256), 32)] }
