package cycle

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	pluvia "github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/learn"
)

// promote does what the comparison has decided: the alias "champion" moves to
// the challenger, or the challenger loses its own. Doing it twice changes
// nothing.
func (r *Runner) promote(ctx context.Context, run *pluvia.Run) error {
	compared, err := r.last(ctx, run, Compare)
	if err != nil {
		return err
	}
	number, err := strconv.Atoi(compared.Tag(TagVersion))
	if err != nil {
		return fmt.Errorf("run %s: tag %s: %w", compared.ID, TagVersion, err)
	}
	update := pluvia.VersionUpdate{
		Tags:        decisionTags(compared.Tag(TagDecision), compared.Tag(TagReason), compared.Tag(TagReason+".es")),
		DropAliases: []string{pluvia.Challenger},
	}
	if compared.Tag(TagDecision) == Promoted {
		update.Aliases = []string{pluvia.Champion}
	}
	if f1, ok := compared.Metric("test_f1_challenger"); ok {
		update.Tags = append(update.Tags, pluvia.Tag{Key: "f1-score", Value: number6(f1)})
	}
	for _, m := range compared.Metrics {
		if _, ok := learn.MetricByName(strings.TrimSuffix(strings.TrimSuffix(m.Key, ".low"), ".high")); ok {
			update.Tags = append(update.Tags, pluvia.Tag{Key: m.Key, Value: number6(m.Value)})
		}
	}
	if err := r.Store.UpdateVersion(ctx, r.Project.Names.ModelProd, number, update); err != nil {
		return err
	}
	tags := append(decisionTags(compared.Tag(TagDecision), compared.Tag(TagReason), compared.Tag(TagReason+".es")),
		pluvia.Tag{Key: TagVersion, Value: strconv.Itoa(number)})
	if err := r.Store.Log(ctx, run.ID, pluvia.Batch{Tags: tags}); err != nil {
		return err
	}
	// The cycle's own run carries the decision too: it is what people look for.
	return r.Store.Log(ctx, run.Tag(pluvia.TagParentRun), pluvia.Batch{Tags: tags})
}

// PromoteByHand makes a version champion because somebody says so, and records
// that as a run. It is an error with the code NotFound when there is no such version.
func (r *Runner) PromoteByHand(ctx context.Context, number int) error {
	model := r.Project.Names.ModelProd
	if _, err := r.Store.Version(ctx, model, number); err != nil {
		return err
	}
	experiment, err := r.experiment(ctx)
	if err != nil {
		return err
	}
	byHand := decisionTags(Promoted, "Promoted by hand.", "Promovida a mano.")
	run := &pluvia.Run{
		ExperimentID: experiment.ID, Name: r.runName(r.Project.Names.PromoteRun),
		Tags: append(slices.Clone(byHand),
			pluvia.Tag{Key: TagStep, Value: string(Promote)}, pluvia.Tag{Key: TagVersion, Value: strconv.Itoa(number)}),
	}
	return r.record(ctx, run, func(ctx context.Context, _ *pluvia.Run) error {
		return r.Store.UpdateVersion(ctx, model, number, pluvia.VersionUpdate{Tags: byHand, Aliases: []string{pluvia.Champion}})
	})
}

// swap tells the prediction service, and writes down what it said.
func (r *Runner) swap(ctx context.Context, run *pluvia.Run) error {
	said := "nobody serves from this process; a server that runs takes the champion when it is told to"
	if r.Swap != nil {
		var err error
		if said, err = r.Swap(ctx); err != nil {
			return err
		}
	}
	return r.Store.Log(ctx, run.ID, pluvia.Batch{Params: []pluvia.Param{{Key: "status", Value: said}}})
}

func decisionTags(decision, en, es string) []pluvia.Tag {
	return []pluvia.Tag{{Key: TagDecision, Value: decision}, {Key: TagReason, Value: en}, {Key: TagReason + ".es", Value: es}}
}

func number6(x float64) string { return strconv.FormatFloat(x, 'f', 6, 64) }
