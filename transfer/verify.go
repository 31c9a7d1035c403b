package transfer

import (
	"context"
	"io"

	"github.com/pluvia-ml/pluvia"
)

// page is how many points of a history are read at once.
const page = 10_000

// counter counts what is read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// count has the source count itself, goes through it once more, and counts how
// much of it is here. What is here besides is not counted.
func (i *importer) count(ctx context.Context) error {
	i.Progress("counting")
	there, err := i.From.Count(ctx)
	if err != nil {
		return err
	}
	for kind, n := range there {
		i.report.There[kind] += n
	}
	for e, err := range i.From.Experiments(ctx) {
		if err := i.tally(ctx, err, func() error { return i.countExperiment(ctx, e) }); err != nil {
			return err
		}
	}
	for m, err := range i.From.Models(ctx) {
		if err := i.tally(ctx, err, func() error { return i.countModel(ctx, m) }); err != nil {
			return err
		}
	}
	return nil
}

// tally leaves out what could not be read, which is a fault already, and what
// is not here, which is a difference then.
func (i *importer) tally(ctx context.Context, err error, count func() error) error {
	if err == nil {
		err = count()
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	switch pluvia.ErrorCode(err) {
	case pluvia.Unavailable, pluvia.Full, pluvia.Internal:
		return err
	}
	return nil
}

func (i *importer) countExperiment(ctx context.Context, there *pluvia.Experiment) error {
	id, ok := i.ids[there.ID]
	if !ok {
		return nil
	}
	here, err := i.Store.Experiment(ctx, id)
	if err != nil {
		return err
	}
	i.report.Here[Experiments]++
	i.report.Here[ExperimentTags] += both(there.Tags, here.Tags, tagKey)
	for r, err := range i.From.Runs(ctx, there.ID) {
		if err := i.tally(ctx, err, func() error { return i.countRun(ctx, r) }); err != nil {
			return err
		}
	}
	for m, err := range i.From.LoggedModels(ctx, there.ID) {
		if err := i.tally(ctx, err, func() error { return i.countLoggedModel(ctx, m) }); err != nil {
			return err
		}
	}
	return nil
}

func (i *importer) countRun(ctx context.Context, there *pluvia.Run) error {
	here, err := i.Store.Run(ctx, there.ID)
	if err != nil {
		return err
	}
	n := i.report.Here
	n[Runs]++
	n[Params] += both(there.Params, here.Params, func(p pluvia.Param) string { return p.Key })
	n[Tags] += both(there.Tags, here.Tags, tagKey)
	n[Inputs] += both(there.Inputs, here.Inputs, inputKey)
	for _, in := range there.Inputs {
		for _, h := range here.Inputs {
			if inputKey(in) == inputKey(h) {
				n[InputTags] += both(in.Tags, h.Tags, tagKey)
			}
		}
	}
	n[ModelInputs] += both(there.InputModels, here.InputModels, func(id string) string { return id })
	n[Outputs] += both(there.Outputs, here.Outputs, func(o pluvia.ModelOutput) pluvia.ModelOutput { return o })

	points := make(map[string]int64) // of the source, by metric
	for m, err := range i.From.Points(ctx, there) {
		if err != nil {
			break // a fault already
		}
		points[m.Key]++
	}
	for _, m := range here.Metrics {
		if points[m.Key] == 0 {
			continue
		}
		var stored int64
		for after := ""; ; {
			some, next, err := i.Store.MetricPage(ctx, there.ID, m.Key, page, after)
			if err != nil {
				return err
			}
			stored += int64(len(some))
			if after = next; next == "" {
				break
			}
		}
		n[Points] += min(stored, points[m.Key]) // a run may have gone on here
	}
	return nil
}

func (i *importer) countLoggedModel(ctx context.Context, there *pluvia.LoggedModel) error {
	here, err := i.Store.LoggedModel(ctx, there.ID)
	if err != nil {
		return err
	}
	n := i.report.Here
	n[LoggedModels]++
	n[LoggedModelParams] += both(there.Params, here.Params, func(p pluvia.Param) string { return p.Key })
	n[LoggedModelTags] += both(there.Tags, here.Tags, tagKey)
	n[LoggedModelMetrics] += both(there.Metrics, here.Metrics, func(m pluvia.ModelMetric) [3]string {
		return [3]string{m.Key, m.Dataset.Name, m.Dataset.Digest}
	})
	return nil
}

func (i *importer) countModel(ctx context.Context, there *pluvia.Model) error {
	here, err := i.Store.Model(ctx, there.Name)
	if err != nil {
		return err
	}
	n := i.report.Here
	n[Models]++
	n[ModelTags] += both(there.Tags, here.Tags, tagKey)
	n[Aliases] += both(there.Aliases, here.Aliases, func(a pluvia.Alias) string { return a.Name })
	versions, _, err := i.From.Versions(ctx, there.Name)
	if err != nil {
		return err
	}
	for _, v := range versions {
		stored, err := i.Store.Version(ctx, there.Name, v.Number)
		if pluvia.ErrorCode(err) == pluvia.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		if stored.Created == v.Created { // else another of the same number
			n[Versions]++
			n[VersionTags] += both(v.Tags, stored.Tags, tagKey)
		}
	}
	return nil
}

func tagKey(t pluvia.Tag) string { return t.Key }

func inputKey(in pluvia.Input) [2]string { return [2]string{in.Dataset.Name, in.Dataset.Digest} }

// both is how many of there, by key, are here too.
func both[T any, K comparable](there, here []T, key func(T) K) (n int64) {
	has := make(map[K]bool, len(here))
	for _, h := range here {
		has[key(h)] = true
	}
	for _, t := range there {
		if has[key(t)] {
			n++
		}
	}
	return n
}
