package cycle_test

import (
	"context"
	"strconv"
	"strings"
	"testing"

	pluvia "github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/cycle"
	"github.com/pluvia-ml/pluvia/project"
	"github.com/pluvia-ml/pluvia/table"
)

// TestTestPartIsNotLookedAt replaces every value in the rows of the test part
// but day and pump, and the answers: the model must stay the same bit for bit.
func TestTestPartIsNotLookedAt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if err := h.run(cycle.Steps...); err != nil {
		t.Fatal(err)
	}
	trained := h.runs("train", pluvia.Finished)[0]

	replaced := map[string]int{}
	replace := func(data, from string) string {
		lines := strings.Split(strings.TrimSpace(data), "\n")
		for i, line := range lines[1:] {
			cells := strings.Split(line, ",")
			if cells[0] < from {
				continue
			}
			replaced[from]++
			cells[2], cells[3], cells[4], cells[5] = strconv.Itoa(i%3-50), "100", "0", "No"
			if i%2 == 0 {
				cells[4], cells[5] = "24", "Yes"
			}
			lines[i+1] = strings.Join(cells, ",")
		}
		return strings.Join(lines, "\n") + "\n"
	}
	original := h.data
	h.data = replace(original, "2014-01-01")
	if err := h.run(cycle.Steps...); err != nil {
		t.Fatal(err)
	}
	again := h.runs("train", pluvia.Finished)[0]
	if got, want := again.Tag(cycle.TagDigest), trained.Tag(cycle.TagDigest); got != want || replaced["2014-01-01"] != 1095 {
		t.Errorf("with %d test rows replaced the model is %s, before it was %s: the test part leaks", replaced["2014-01-01"], got, want)
	}
	for _, m := range trained.Metrics {
		if got, _ := again.Metric(m.Key); strings.HasPrefix(m.Key, "validation.") && got != m.Value {
			t.Errorf("%s is %g, before it was %g: the test part leaks into the validation", m.Key, got, m.Value)
		}
	}

	// The same on the validation part does change the model: the comparison sees.
	h.data = replace(original, "2013-01-01")
	if err := h.run(cycle.ETL, cycle.Train); err != nil {
		t.Fatal(err)
	}
	if other := h.runs("train", pluvia.Finished)[0]; other.Tag(cycle.TagDigest) == trained.Tag(cycle.TagDigest) {
		t.Error("with the validation part replaced the model is the same: this test sees nothing")
	}
}

// TestOlderChampion: a champion of another project file is judged as long as
// it can answer, gives way when it cannot, and which of them it was is said.
func TestOlderChampion(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change   func(*house)
		outdated string // in the reason; "" when the champion is judged
	}{
		"a field is gone": {func(h *house) {
			h.project.Schema.Fields = without(h.project.Schema.Fields, "load")
			h.data = dropColumn(h.data, 3)
		}, ""},
		"a category more": {func(h *house) {
			h.project.Schema.Fields[1].Categories = []string{"east", "north", "south", "west"}
			h.data = strings.Replace(h.data, ",north,", ",east,", 1)
		}, ""},
		"another kind": {func(h *house) {
			h.project.Schema.Fields[3] = table.Field{Name: "load", Type: table.TypeCategory, Categories: []string{"low", "high"}}
			lines := strings.Split(h.data, "\n")
			for i := 1; i < len(lines)-1; i++ {
				cells := strings.Split(lines[i], ",")
				cells[3] = []string{"low", "high"}[i%2]
				lines[i] = strings.Join(cells, ",")
			}
			h.data = strings.Join(lines, "\n")
			// The recipe flat has load as a number.
			h.project.Learners = h.project.Learners[3:]
			h.project.Names.Published = "native"
		}, "number load"},
		"another target": {func(h *house) { h.project.Target.Positive = "No" }, "stops = Yes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			if err := h.run(cycle.Steps...); err != nil {
				t.Fatal(err)
			}
			c.change(h)
			if err := h.run(cycle.Steps...); err != nil {
				t.Fatal(err)
			}
			compared := h.runs("compare", pluvia.Finished)[0]
			reason := compared.Tag(cycle.TagReason)
			_, judged := compared.Metric("test_f1_champion")
			if judged != (c.outdated == "") || compared.Param("champion_version") != "1" {
				t.Errorf("champion judged: %v; %s", judged, reason)
			}
			if c.outdated == "" {
				return
			}
			if !strings.Contains(reason, c.outdated) || !strings.Contains(reason, "version 1") || h.champion().Number != 2 {
				t.Errorf("version %d is champion: %s", h.champion().Number, reason)
			}
		})
	}
}

func without(fields []table.Field, name string) (out []table.Field) {
	for _, f := range fields {
		if f.Name != name {
			out = append(out, f)
		}
	}
	return out
}

func dropColumn(csv string, column int) string {
	lines := strings.Split(strings.TrimSpace(csv), "\n")
	for i, line := range lines {
		cells := strings.Split(line, ",")
		lines[i] = strings.Join(append(cells[:column:column], cells[column+1:]...), ",")
	}
	return strings.Join(lines, "\n") + "\n"
}

// TestPromotedMeanwhile: what was shown against one champion is not shown
// against another that somebody has promoted before the decision took effect.
func TestPromotedMeanwhile(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	all := h.project.Learners
	h.project.Learners = []project.Learner{all[1]} // the tree, which the others beat
	for range 2 {
		if err := h.run(cycle.Steps...); err != nil {
			t.Fatal(err)
		}
	}
	h.project.Learners = all
	var byHand error
	moved := false
	err := h.runner(func(s cycle.Status) {
		if s.Step == cycle.Promote && !moved {
			moved = true
			_, byHand = h.runner(nil).PromoteByHand(context.Background(), 2)
		}
	}).Run(t.Context(), cycle.Steps...)
	if byHand != nil || !moved {
		t.Fatal(moved, byHand)
	}
	if h.runs("compare", pluvia.Finished)[0].Tag(cycle.TagDecision) != cycle.Promoted {
		t.Fatal("the challenger has lost: this test sees nothing")
	}
	if pluvia.ErrorCode(err) != pluvia.Conflict || !strings.Contains(err.Error(), "champion is 2 now") || h.champion().Number != 2 {
		t.Errorf("version %d is champion: %v", h.champion().Number, err)
	}
	if err := h.run(cycle.Steps...); err != nil || h.champion().Number != 4 {
		t.Errorf("version %d is champion after another cycle: %v", h.champion().Number, err)
	}
}

// forgetful is a store that cannot write the end of a run, as on a full disk.
type forgetful struct {
	pluvia.Store
	full bool
}

func (s *forgetful) UpdateRun(ctx context.Context, id string, u pluvia.RunUpdate) error {
	if s.full {
		return pluvia.Errorf(pluvia.Full, "no space left")
	}
	return s.Store.UpdateRun(ctx, id, u)
}

// TestNothingStaysRunning: what could not even be closed is closed by the next
// cycle, and not carried on after it.
func TestNothingStaysRunning(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	disk := &forgetful{Store: h.store, full: true}
	runner := func() *cycle.Runner {
		config := h.runner(nil).Config
		config.Store = disk
		return cycle.New(config)
	}
	if err := runner().Run(t.Context(), cycle.Steps...); pluvia.ErrorCode(err) != pluvia.Full {
		t.Fatalf("error %v, want one with the code full", err)
	}
	foreign := &pluvia.Run{ExperimentID: h.runs("cycle", "")[0].ExperimentID, Name: "a notebook's"}
	if err := h.store.CreateRun(t.Context(), foreign); err != nil {
		t.Fatal(err)
	}
	disk.full = false
	if err := runner().Run(t.Context(), cycle.Steps...); err != nil {
		t.Fatal(err)
	}
	open, err := h.store.Runs(t.Context(), pluvia.RunFilter{Status: pluvia.Running})
	if err != nil || len(open) != 1 || open[0].ID != foreign.ID {
		t.Errorf("%d runs are open, want the foreign one: %v", len(open), err)
	}
	if cut := h.runs("cycle", pluvia.Killed); len(cut) != 1 || cut[0].Tag(cycle.TagError) == "" {
		t.Errorf("the cycle before: %+v", cut)
	}
	if resumed, err := runner().Resume(t.Context()); resumed || err != nil {
		t.Errorf("resumed %v, %v; nothing was left", resumed, err)
	}
}

// TestUsage: the training run has a point of each system metric for every
// learner, and one for the final model.
func TestUsage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	config, calls := h.runner(nil).Config, 0
	config.Usage = func() map[string]float64 { calls++; return map[string]float64{"system/calls": float64(calls)} }
	if err := cycle.New(config).Run(t.Context(), cycle.Steps...); err != nil {
		t.Fatal(err)
	}
	history, err := h.store.MetricHistory(t.Context(), h.runs("train", pluvia.Finished)[0].ID, "system/calls")
	if want := len(h.project.Learners) + 1; err != nil || len(history) != want || history[want-1].Value != float64(want) || history[want-1].Step != int64(want-1) {
		t.Errorf("history %+v, %v; want %d points", history, err, want)
	}
}
