package cycle

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	pluvia "github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/project"
	"github.com/pluvia-ml/pluvia/table"
	"github.com/pluvia-ml/pluvia/table/parquet"
)

// DataInfo is what data_info/data.json says of the data set that the last ETL
// has made: the keys of the original, and what the console's page shows.
type DataInfo struct {
	Columns    []string            `json:"columns"`
	DTypes     map[string]string   `json:"dtypes"`
	Categories map[string][]string `json:"categories"`
	ScalerMean []float64           `json:"standard_scaler_mean"`
	ScalerStd  []float64           `json:"standard_scaler_std"`

	Rows     int           `json:"rows"`
	Rejected RejectedInfo  `json:"rejected"`
	Ignored  []string      `json:"ignored,omitempty"` // columns of the source that the schema does not have
	Source   SourceInfo    `json:"source"`
	Split    SplitInfo     `json:"split"`
	Leaks    []LeakInfo    `json:"leaks"`
	Summary  table.Summary `json:"summary"`
	Latest   string        `json:"latest,omitempty"` // key in the bucket "data" of the latest row of each place, as Parquet
	RunID    string        `json:"run_id"`           // of the ETL
}

// RejectedInfo says how many rows were set aside, and where they are listed.
type RejectedInfo struct {
	Rows int    `json:"rows"`
	Key  string `json:"key"` // in the bucket "data"
}

// SourceInfo says where the data came from.
type SourceInfo struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	URI    string `json:"uri"`
	SHA256 string `json:"sha256"`
	Stale  bool   `json:"stale"` // the source could not be reached: this is the last good copy
}

// SplitInfo counts the rows of each part, and those that have no target.
type SplitInfo struct {
	Train    int `json:"train"`
	Validate int `json:"validate"`
	Test     int `json:"test"`
	NoTarget int `json:"no_target"`
}

// LeakInfo is a column that decides the target by itself.
type LeakInfo struct {
	Column string `json:"column"`
	Why    string `json:"why"`
}

// ReadDataInfo reads what the last ETL has left; it is a NotFound error when there was none.
func ReadDataInfo(ctx context.Context, b pluvia.Buckets, p *project.Project) (*DataInfo, error) {
	r, _, err := b.Open(ctx, pluvia.DataBucket, p.Names.KeyInfo)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	info := new(DataInfo)
	if err := json.NewDecoder(r).Decode(info); err != nil {
		return nil, fmt.Errorf("read %s: %w", p.Names.KeyInfo, err)
	}
	return info, nil
}

// dataset is the observations that the ETL has let through, with what a
// learner needs to know of each: its label and the part that it belongs to.
type dataset struct {
	table                 *table.Table
	y                     []bool // by row of table
	train, validate, test []int  // rows of table
	noTarget              int    // rows in no part
}

// newDataset cuts a table into its parts. Rows without a target or a day
// belong to none.
func newDataset(p *project.Project, t *table.Table) (*dataset, error) {
	target, days := t.Column(p.Target.Field), t.Column(p.Split.Field)
	d := &dataset{table: t, y: target.Equals(p.Target.Positive)}
	for row := range t.Rows() {
		switch day := days.Days[row]; {
		case target.Missing(row) || days.Missing(row):
			d.noTarget++
		case day < p.Split.Validate:
			d.train = append(d.train, row)
		case day < p.Split.Test:
			d.validate = append(d.validate, row)
		default:
			d.test = append(d.test, row)
		}
	}
	for _, part := range []struct {
		name string
		rows []int
		days string
	}{
		{"training", d.train, "before " + p.Split.Validate.String()},
		{"validation", d.validate, "from " + p.Split.Validate.String() + ", before " + p.Split.Test.String()},
		{"test", d.test, "from " + p.Split.Test.String()},
	} {
		if positives := count(pick(d.y, part.rows)); positives == 0 || positives == len(part.rows) {
			return nil, pluvia.Errorf(pluvia.Invalid,
				"the %s part (%s %s) has %d rows, %d of them positive: it needs both classes; change split in the project file or bring more data",
				part.name, p.Split.Field, part.days, len(part.rows), positives)
		}
	}
	return d, nil
}

// part is the raw observations of some rows, with their labels.
func (d *dataset) part(rows []int) learn.Labelled {
	return learn.Labelled{X: d.table.Take(rows), Y: pick(d.y, rows)}
}

// latest are the rows with the last day of each place of the catalogue: what a
// forecast begins with. Nil when the project has no catalogue.
func (d *dataset) latest(p *project.Project) *table.Table {
	if p.Catalogue == nil {
		return nil
	}
	places, days := d.table.Column(p.Catalogue.Field), d.table.Column(p.Split.Field)
	last := make([]int, len(places.Levels))
	for i := range last {
		last[i] = -1
	}
	for row, place := range places.Codes {
		if place >= 0 && !days.Missing(row) && (last[place] < 0 || days.Days[row] >= days.Days[last[place]]) {
			last[place] = row
		}
	}
	return d.table.Take(slices.DeleteFunc(last, func(row int) bool { return row < 0 }))
}

func pick[T any](values []T, rows []int) []T {
	out := make([]T, len(rows))
	for i, row := range rows {
		out[i] = values[row]
	}
	return out
}

func count(y []bool) (n int) {
	for _, yes := range y {
		if yes {
			n++
		}
	}
	return n
}

// load reads back the data set that the ETL run has left in the buckets.
func (r *Runner) load(ctx context.Context, etl *pluvia.Run) (*dataset, error) {
	key := beside(r.Project.Names.KeyRaw, ".parquet")
	data, err := r.bytes(ctx, pluvia.DataBucket, key)
	if err != nil {
		return nil, err
	}
	if got, want := digest(data), etl.Param(paramTable); got != want {
		return nil, pluvia.Errorf(pluvia.Conflict, "%s has the sha256 %s, the run %s made %s: run the ETL again", pluvia.URI(pluvia.DataBucket, key), got, etl.ID, want)
	}
	t, report, err := parquet.Read(bytes.NewReader(data), int64(len(data)), &r.Project.Schema)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", pluvia.URI(pluvia.DataBucket, key), err)
	}
	if err := report.Exceeds(0); err != nil {
		return nil, fmt.Errorf("read %s: %w", pluvia.URI(pluvia.DataBucket, key), err)
	}
	return newDataset(r.Project, t)
}

// bytes reads a whole object.
func (r *Runner) bytes(ctx context.Context, bucket, key string) ([]byte, error) {
	object, _, err := r.Buckets.Open(ctx, bucket, key)
	if err != nil {
		return nil, err
	}
	defer object.Close()
	return io.ReadAll(object)
}

// put streams what write writes into an object.
func (r *Runner) put(ctx context.Context, bucket, key string, write func(io.Writer) error) error {
	out, in := io.Pipe()
	go func() { in.CloseWithError(write(in)) }()
	err := r.Buckets.Put(ctx, bucket, key, out)
	out.CloseWithError(err)
	return err
}

// artifact streams what write writes into an artifact of a run.
func (r *Runner) artifact(ctx context.Context, run *pluvia.Run, name string, write func(io.Writer) error) error {
	bucket, prefix, err := pluvia.ParseURI(run.ArtifactURI)
	if err != nil {
		return err
	}
	return r.put(ctx, bucket, path.Join(prefix, name), write)
}

// beside is the key with another extension.
func beside(key, extension string) string {
	return strings.TrimSuffix(key, path.Ext(key)) + extension
}
