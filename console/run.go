package console

import (
	"cmp"
	"context"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/pluvia-ml/pluvia"
)

// Bounds of what a run's page shows; what is left out is said.
const (
	childrenShown  = 200
	filesShown     = 500
	historiesShown = 8 // metrics with more than one point, as curves
)

// runPage is all that is known of a run.
type runPage struct {
	*page
	Run       runRow
	Headline  string // what came of it, in a word or two
	Reason    string
	Parent    *pluvia.Run // nil for none
	Home      *pluvia.Experiment
	Duel      *duel // of a comparison; nil for any other run
	Plots     []plot
	Children  []runRow
	More      int // children that are not shown
	Estimates []Estimate
	Histories []plot
	MoreOf    int // metrics with a history that are not drawn
	Pictures  []picture
	Artifacts artifacts
}

func (c *Console) run(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	run, err := c.Store.Run(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	p := &runPage{page: c.page(w, r, "runs"), Run: runRow{Run: run, Step: run.Tag(tagStep)}}
	p.Title = run.Name
	if p.Home, err = c.Store.Experiment(ctx, run.ExperimentID); err != nil {
		return err
	}
	compared, err := c.comparisonOf(ctx, run)
	if err != nil {
		return err
	}
	p.Reason = p.reason(run, compared)
	p.Headline = p.T("headline." + string(run.Status))
	if run.Status == pluvia.Finished {
		p.Headline = cmp.Or(p.decided(run), p.Headline)
	}
	if id := run.Tag(pluvia.TagParentRun); id != "" {
		p.Parent, err = c.Store.Run(ctx, id)
		if err != nil && pluvia.ErrorCode(err) != pluvia.NotFound {
			return err
		}
	}
	children := pluvia.RunFilter{Tags: map[string]string{pluvia.TagParentRun: run.ID}, Limit: childrenShown + 1}
	nested, err := c.Store.Runs(ctx, children)
	if err != nil {
		return err
	}
	if len(nested) > childrenShown {
		count, err := c.Store.CountRuns(ctx, pluvia.RunFilter{Tags: children.Tags})
		if err != nil {
			return err
		}
		nested, p.More = nested[:childrenShown], count-childrenShown
	}
	slices.Reverse(nested) // in the order in which they were done
	p.Children = c.rows(p.page, nested)

	names := make([]string, len(run.Metrics))
	for i, m := range run.Metrics {
		names[i] = m.Key
	}
	p.Estimates = estimates(run.Metric, names)
	if p.Histories, p.MoreOf, err = c.curves(ctx, p.page, []*pluvia.Run{run}); err != nil {
		return err
	}
	if p.Artifacts, err = c.artifacts(ctx, run); err != nil {
		return err
	}
	p.Pictures = pictures(p.page, p.Artifacts.Files)
	if p.Duel = c.duelOf(run); p.Duel != nil {
		p.Estimates = nil // all of them stand in the comparison
		if p.Plots, p.Pictures, err = c.compared(ctx, p.page, run); err != nil {
			return err
		}
	}
	return c.show(w, r, http.StatusOK, "run.html", p)
}

// artifacts are the files of a run.
type artifacts struct {
	Files []artifactFile
	More  int // that are not listed
}

type artifactFile struct {
	Name string // path below the run's artifacts
	Base string // the last part of it
	URL  string
	Look string // address of its preview
	Size int64
}

func newArtifactFile(run, name string, size int64) artifactFile {
	return artifactFile{name, path.Base(name), artifactURL(run, name), fileURL(run, name), size}
}

func (c *Console) artifacts(ctx context.Context, run *pluvia.Run) (artifacts, error) {
	var out artifacts
	bucket, prefix, err := pluvia.ParseURI(run.ArtifactURI)
	if err != nil {
		return out, nil // kept somewhere that the buckets do not reach
	}
	prefix = strings.TrimSuffix(prefix, "/") + "/"
	objects, err := c.Buckets.List(ctx, bucket, prefix)
	if err != nil {
		return out, err
	}
	for _, o := range objects {
		if len(out.Files) == filesShown {
			out.More++
			continue
		}
		name := strings.TrimPrefix(o.Key, prefix)
		out.Files = append(out.Files, newArtifactFile(run.ID, name, o.Size))
	}
	return out, nil
}

// compared are the charts of a comparison, or its pictures where the numbers
// behind them were not kept.
func (c *Console) compared(ctx context.Context, p *page, run *pluvia.Run) ([]plot, []picture, error) {
	numbers, err := c.comparison(ctx, run)
	if err != nil {
		c.Log.WarnContext(ctx, "comparison", "error", err)
	}
	if plots := c.plots(p, run, numbers); plots != nil {
		return plots, nil, nil
	}
	artifacts, err := c.artifacts(ctx, run)
	return nil, pictures(p, artifacts.Files), err
}

// picture is an artifact that can be looked at.
type picture struct {
	Title string
	URL   string
}

// pictures are the SVG and PNG files among the artifacts.
func pictures(p *page, files []artifactFile) []picture {
	var out []picture
	for _, f := range files {
		switch path.Ext(f.Name) {
		case ".svg", ".png":
			name := strings.TrimSuffix(path.Base(f.Name), path.Ext(f.Name))
			out = append(out, picture{p.T("picture." + name), f.URL})
		}
	}
	return out
}
