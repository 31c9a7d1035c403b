package cycle

import (
	"context"
	"encoding/json"

	pluvia "github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/source"
	"github.com/pluvia-ml/pluvia/table"
	"github.com/pluvia-ml/pluvia/table/csv"
)

// rejectedFile lists the rows that were set aside: among the artifacts of the
// run, and in the bucket "data" beside the raw rows.
const rejectedFile = "rejected.csv"

// taken is a data set as it came in.
type taken struct {
	source *source.Source
	table  *table.Table // the rows that were let through
	report *table.Report
}

// take opens the source and reads it into a table. More bad rows than the
// project allows are an error; the list of them is in the run either way.
func (r *Runner) take(ctx context.Context, run *pluvia.Run) (*taken, error) {
	r.doing("opening")
	src, err := r.Source(ctx)
	if err != nil {
		return nil, err
	}
	if src.Stale {
		r.Log.Warn("source cannot be reached: using the last good copy", "source", src.URI, "fetched", src.Fetched)
	}
	t, report, err := src.Read(ctx, &r.Project.Schema, csv.Options{
		Progress: func(done, total int64) { r.counting("reading", "bytes", done, total) },
	})
	if err != nil {
		return nil, err
	}
	if err := r.artifact(ctx, run, rejectedFile, report.Write); err != nil {
		return nil, err
	}
	if err := report.Exceeds(r.Project.Rejects.MaxShare); err != nil {
		return nil, pluvia.Errorf(pluvia.Invalid, "%s: %w", src.Name, err)
	}
	if n := len(report.Ignored); n > 0 {
		const named = 20
		r.Log.Warn("columns left out: the schema does not have them", "source", src.Name, "count", n, "columns", report.Ignored[:min(n, named)])
	}
	return &taken{src, t, report}, nil
}

// info begins the description of the data set with what is known of its source.
func (t *taken) info(run *pluvia.Run, rejected string) *DataInfo {
	return &DataInfo{
		Rows:     t.table.Rows(),
		Rejected: RejectedInfo{t.report.SetAside(), rejected},
		Ignored:  t.report.Ignored,
		Source:   SourceInfo{t.source.Name, t.source.Type, t.source.URI, t.source.Digest, t.source.Stale},
		RunID:    run.ID,
	}
}

// dataset describes the source as the input of a run.
func (t *taken) dataset(name string) pluvia.Dataset {
	uri, err := json.Marshal(map[string]string{"uri": t.source.URI})
	if err != nil {
		panic(err) // a map of texts cannot fail
	}
	return pluvia.Dataset{
		Name: name, Digest: short(t.source.Digest), SourceType: t.source.Type, Source: string(uri),
		Profile: jsonList(map[string]int{"num_rows": t.table.Rows(), "num_rejected": t.report.SetAside()}),
	}
}
