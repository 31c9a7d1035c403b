package cycle

import (
	"cmp"
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
	if compared.Tag(TagDecision) == Promoted {
		if err := r.unmoved(ctx, compared, number); err != nil {
			return err
		}
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

// unmoved says whether the champion is still the one that the challenger was
// compared with, or the challenger itself: somebody may have promoted another
// by hand since, and against that one nothing has been shown.
func (r *Runner) unmoved(ctx context.Context, compared *pluvia.Run, challenger int) error {
	champion, now := compared.Param("champion_version"), "" // "" for none
	switch v, err := r.Store.VersionByAlias(ctx, r.Project.Names.ModelProd, pluvia.Champion); {
	case err == nil && v.Number == challenger:
		return nil
	case err == nil:
		now = strconv.Itoa(v.Number)
	case pluvia.ErrorCode(err) != pluvia.NotFound:
		return err
	}
	if now != champion {
		return pluvia.Errorf(pluvia.Conflict, "version %d was compared with champion %s, and champion is %s now: run a cycle again",
			challenger, cmp.Or(champion, "none"), cmp.Or(now, "none"))
	}
	return nil
}

// PromoteByHand makes a version champion because somebody says so, and records
// that as a run; a version that is champion already stays as it is, and moved
// is false. It is an error with the code NotFound when there is no such version.
func (r *Runner) PromoteByHand(ctx context.Context, number int) (moved bool, err error) {
	model := r.Project.Names.ModelProd
	version, err := r.Store.Version(ctx, model, number)
	if err != nil || slices.Contains(version.Aliases, pluvia.Champion) {
		return false, err
	}
	experiment, err := r.experiment(ctx)
	if err != nil {
		return false, err
	}
	byHand := decisionTags(Promoted, "Promoted by hand.", "Promovida a mano.")
	run := &pluvia.Run{
		ExperimentID: experiment.ID, Name: r.runName(r.Project.Names.PromoteRun),
		Tags: append(slices.Clone(byHand),
			pluvia.Tag{Key: TagStep, Value: string(Promote)}, pluvia.Tag{Key: TagVersion, Value: strconv.Itoa(number)}),
	}
	run.Tags = append(run.Tags, r.runTags(string(Promote))...)
	err = r.record(ctx, run, func(ctx context.Context, _ *pluvia.Run) error {
		return r.Store.UpdateVersion(ctx, model, number, pluvia.VersionUpdate{Tags: byHand, Aliases: []string{pluvia.Champion}})
	})
	return err == nil, err
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
