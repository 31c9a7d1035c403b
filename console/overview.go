package console

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/pluvia-ml/pluvia"
)

// shown are the metrics of the overview, the project's own first.
var shown = []string{"roc_auc", "f1", "brier", "ece", "log_loss", "average_precision", "precision", "recall", "accuracy"}

const happeningsShown = 6

// overviewPage answers: is all well, what serves, what happened last and why.
type overviewPage struct {
	*page
	Tone       string // of the status line: ok, busy, warn, bad
	Headline   string // of the status line
	Detail     string
	Status     Status
	Steps      []stepView
	Progress   string          // within the step
	Champion   *pluvia.Version // of the registry; nil when there is none
	Learner    string
	Since      int64     // when it became champion
	Gain       *Estimate // over the champion before it; nil when there was none
	Before     string    // that champion's version
	Estimates  []Estimate
	Happenings []happened
	Outlook    *outlookView // nil when there is nothing to look at
	Compared   *pluvia.Run  // by which the champion was judged; nil when it is not known
	Plots      []plot       // of that comparison
	Pictures   []picture    // in their place, where the numbers were not kept
}

// stepView is a step of the cycle that runs.
type stepView struct {
	Name  string
	State string // done, now, waits
}

func (c *Console) overview(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	o := &overviewPage{page: c.page(w, r, "overview"), Status: c.Cycle.Status()}
	o.Title = o.T("nav.overview")
	if o.Status.Running {
		o.Refresh = 2
		o.Steps = stepViews(o.Status)
		if o.Status.Total > 0 {
			o.Progress = o.T("progress", o.Short(float64(o.Status.Done)), o.Short(float64(o.Status.Total)))
		}
	}
	experiment, err := c.experiment(ctx)
	if err != nil {
		return err
	}
	if experiment != "" {
		if o.Happenings, err = c.happenings(ctx, o.page, experiment, happeningsShown); err != nil {
			return err
		}
	}
	if o.Champion, err = c.Store.VersionByAlias(ctx, c.Project.Names.ModelProd, pluvia.Champion); err != nil {
		if pluvia.ErrorCode(err) != pluvia.NotFound {
			return err
		}
		o.Champion = nil
	}
	if o.Champion != nil {
		if err := c.describe(ctx, o, experiment); err != nil {
			return err
		}
	}
	serving := c.Champion()
	// What else stands on the page does not wait for the data to be whole.
	if outlook, err := c.outlook(ctx, serving); err != nil {
		c.Log.WarnContext(ctx, "latest observations", "error", err)
	} else if outlook != nil {
		o.Outlook = c.outlookView(o.page, outlook)
	}
	o.judge(serving)
	return c.show(w, r, http.StatusOK, "overview.html", o)
}

// experiment is the id of the project's experiment, "" before the first run.
func (c *Console) experiment(ctx context.Context) (string, error) {
	e, err := c.Store.ExperimentByName(ctx, c.Project.Names.Experiment)
	if pluvia.ErrorCode(err) == pluvia.NotFound {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return e.ID, nil
}

// describe fills in what is known of the champion.
func (c *Console) describe(ctx context.Context, o *overviewPage, experiment string) error {
	v := o.Champion
	o.Estimates = estimates(tagNumber(v), c.metrics())
	o.Since = v.Updated
	train, err := c.Store.Run(ctx, v.RunID)
	switch {
	case err == nil:
		o.Learner = train.Param("learner")
	case pluvia.ErrorCode(err) != pluvia.NotFound:
		return err
	}
	number := strconv.Itoa(v.Number)
	promoted, err := c.Store.Runs(ctx, pluvia.RunFilter{ExperimentID: experiment, Status: pluvia.Finished, Limit: 1,
		Tags: map[string]string{tagStep: stepPromote, tagVersion: number, tagDecision: "promoted"}})
	if err != nil {
		return err
	}
	if len(promoted) > 0 {
		o.Since = promoted[0].End
	}
	compared, err := c.Store.Runs(ctx, pluvia.RunFilter{ExperimentID: experiment, Status: pluvia.Finished, Limit: 1,
		Tags: map[string]string{tagStep: stepCompare, tagVersion: number}})
	if err != nil || len(compared) == 0 {
		return err
	}
	o.Compared = compared[0]
	if found := estimates(o.Compared.Metric, []string{"difference." + c.metrics()[0]}); len(found) > 0 {
		o.Gain, o.Before = &found[0], o.Compared.Param("champion_version")
	}
	o.Plots, o.Pictures, err = c.compared(ctx, o.page, o.Compared)
	return err
}

// metrics are the names of those that are shown, the one that decides first.
func (c *Console) metrics() []string {
	names := slices.Clone(shown)
	if i := slices.Index(names, c.Project.Promotion.Metric); i > 0 {
		names = slices.Insert(slices.Delete(names, i, i+1), 0, c.Project.Promotion.Metric)
	}
	return names
}

// judge writes the status line: the first thing that is true, worst first.
func (o *overviewPage) judge(serving *Champion) {
	say := func(tone, headline, detail string) { o.Tone, o.Headline, o.Detail = tone, headline, detail }
	failure := ""
	if o.Status.Err != nil {
		failure = pluvia.ErrorMessage(o.Status.Err)
	} else if len(o.Happenings) > 0 && o.Happenings[0].Run.Status == pluvia.Failed {
		failure = o.Happenings[0].Reason
	}
	failure = strings.TrimSuffix(failure, ".") // a sentence follows
	switch {
	case o.Status.Running && serving == nil && o.Champion == nil:
		say("busy", o.T("status.first"), o.T("status.first.detail"))
	case o.Status.Running && serving != nil:
		say("busy", o.T("status.running"), o.T("status.running.detail", serving.Version))
	case o.Status.Running:
		say("busy", o.T("status.running"), "")
	case failure != "" && serving == nil:
		say("bad", o.T("status.failed"), o.T("status.failed.none", failure))
	case failure != "":
		say("warn", o.T("status.failed"), o.T("status.failed.serving", failure, serving.Version))
	case serving == nil && o.Champion == nil:
		say("warn", o.T("status.empty"), o.T("status.empty.detail"))
	case serving == nil:
		say("bad", o.T("status.silent"), o.T("status.silent.detail", o.Champion.Number))
	case serving.LastGood:
		say("warn", o.T("status.local"), o.T("status.local.detail", serving.Version))
	case o.Champion != nil && o.Champion.Number != serving.Version:
		say("warn", o.T("status.behind"), o.T("status.behind.detail", serving.Version, o.Champion.Number))
	case len(o.Happenings) > 0:
		say("ok", o.T("status.ok"), o.T("status.ok.detail", serving.Version, o.Date(o.Happenings[0].Run.End)))
	default:
		say("ok", o.T("status.ok"), o.T("status.ok.short", serving.Version))
	}
}

// stepViews says of each step whether it is done.
func stepViews(s Status) []stepView {
	at := slices.Index(s.Steps, s.Step)
	views := make([]stepView, len(s.Steps))
	for i, name := range s.Steps {
		switch {
		case i < at:
			views[i] = stepView{name, "done"}
		case i == at:
			views[i] = stepView{name, "now"}
		default:
			views[i] = stepView{name, "waits"}
		}
	}
	return views
}
