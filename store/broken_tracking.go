package store

import (
	"context"

	"github.com/pluvia-ml/pluvia"
)

func (b broken) SearchExperiments(context.Context, pluvia.Search) ([]*pluvia.Experiment, string, error) {
	return nil, "", b.err
}

func (b broken) RenameExperiment(context.Context, string, string) error { return b.err }

func (b broken) DeleteExperiment(context.Context, string) error { return b.err }

func (b broken) RestoreExperiment(context.Context, string) error { return b.err }

func (b broken) SetExperimentTag(context.Context, string, pluvia.Tag) error { return b.err }

func (b broken) DeleteExperimentTag(context.Context, string, string) error { return b.err }

func (b broken) Datasets(context.Context, []string) ([]pluvia.DatasetSummary, error) {
	return nil, b.err
}

func (b broken) SearchRuns(context.Context, pluvia.Search) ([]*pluvia.Run, string, error) {
	return nil, "", b.err
}

func (b broken) DeleteTag(context.Context, string, string) error { return b.err }

func (b broken) MetricPage(context.Context, string, string, int, string) ([]pluvia.Metric, string, error) {
	return nil, "", b.err
}

func (b broken) MetricHistories(context.Context, []string, string, *int64, *int64, int) ([]pluvia.RunMetric, error) {
	return nil, b.err
}

func (b broken) MetricSteps(context.Context, []string, string, *int64, *int64) ([]int64, error) {
	return nil, b.err
}

func (b broken) LogOutputs(context.Context, string, []pluvia.ModelOutput) error { return b.err }

func (b broken) LogInputModels(context.Context, string, []string) error { return b.err }

func (b broken) LoggedModel(context.Context, string) (*pluvia.LoggedModel, error) { return nil, b.err }

func (b broken) CreateLoggedModel(context.Context, *pluvia.LoggedModel) error { return b.err }

func (b broken) FinishLoggedModel(context.Context, string, pluvia.LoggedModelStatus) error {
	return b.err
}

func (b broken) DeleteLoggedModel(context.Context, string) error { return b.err }

func (b broken) SetLoggedModelTags(context.Context, string, []pluvia.Tag) error { return b.err }

func (b broken) DeleteLoggedModelTag(context.Context, string, string) error { return b.err }

func (b broken) LogModelParams(context.Context, string, []pluvia.Param) error { return b.err }

func (b broken) LogModelMetrics(context.Context, []pluvia.ModelMetric) error { return b.err }

func (b broken) SearchLoggedModels(context.Context, pluvia.Search, []pluvia.DatasetRef) ([]*pluvia.LoggedModel, string, error) {
	return nil, "", b.err
}

func (b broken) SearchModels(context.Context, pluvia.Search) ([]*pluvia.Model, string, error) {
	return nil, "", b.err
}

func (b broken) UpdateModel(context.Context, string, pluvia.ModelUpdate) error { return b.err }

func (b broken) SearchVersions(context.Context, pluvia.Search) ([]*pluvia.Version, string, error) {
	return nil, "", b.err
}

func (b broken) AddVersion(context.Context, *pluvia.Version) error { return b.err }

func (b broken) EditVersion(context.Context, string, int, pluvia.VersionEdit) error { return b.err }

func (b broken) DeleteVersion(context.Context, string, int) error { return b.err }

func (b broken) Webhook(context.Context, string) (*pluvia.Webhook, error) { return nil, b.err }

func (b broken) Webhooks(context.Context) ([]*pluvia.Webhook, error) { return nil, b.err }

func (b broken) CreateWebhook(context.Context, *pluvia.Webhook) error { return b.err }

func (b broken) UpdateWebhook(context.Context, *pluvia.Webhook) error { return b.err }

func (b broken) DeleteWebhook(context.Context, string) error { return b.err }

func (b broken) Import(context.Context, pluvia.Parcel) error { return b.err }

func (b broken) Purge(context.Context, int64) ([]string, error) { return nil, b.err }
