"""Searching runs: filters, orders, pages, DataFrames."""
import math

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException

client = MlflowClient()
experiment = mlflow.set_experiment("search").experiment_id
ids = []
for i in range(25):
    run = client.create_run(experiment, start_time=1_700_000_000_000 + i, run_name=f"run-{i:02d}", tags={"parity": "odd" if i % 2 else "even", "mlflow.user": "ada"})
    ids.append(run.info.run_id)
    metrics = [Metric("auc", math.nan if i == 24 else i / 25, 1, 0)]
    if i < 20:
        metrics.append(Metric("with space", i, 1, 0))
    params = [Param("model", "Boost" if i < 10 else "tree"), Param("depth", str(i % 5))]
    if i == 3:
        params.append(Param("only", "here"))
    client.log_batch(run.info.run_id, metrics=metrics, params=params, tags=[RunTag("n.dotted", str(i))])
client.set_terminated(ids[0], end_time=1_700_000_001_000)
client.delete_run(ids[7])


def names(filter_string="", **kwargs):
    return [r.info.run_name for r in client.search_runs([experiment], filter_string, **kwargs)]


def some(*numbers):
    return [f"run-{i:02d}" for i in numbers]


everything = names()
assert everything == some(*[i for i in reversed(range(25)) if i != 7]), everything
assert names("metrics.auc > 0.9") == some(23)
assert names("metrics.auc >= 0.88 and metrics.auc < 0.92") == some(22)
assert names("metrics.`with space` = 4") == some(4)
assert names('metrics."with space" != 4 and metrics.auc <= 0.08') == some(2, 1, 0)
assert names("params.model = 'Boost' and tags.parity = 'odd' and params.depth != '1'") == some(9, 5, 3)
assert names("params.model LIKE 'b%'") == []
assert names("params.model ILIKE 'b%' and metrics.auc > 0.3") == some(9, 8)
assert names("tags.`n.dotted` = '11'") == some(11) == names("tags.n.dotted = '11'")
assert names("params.only != 'x'") == some(3), "what a run has not does not compare"
assert names("run_name LIKE 'run-0_'") == some(9, 8, 6, 5, 4, 3, 2, 1, 0)
assert names("attributes.status = 'FINISHED'") == some(0)
assert names(f"run_id IN ('{ids[1]}', '{ids[2]}')") == some(2, 1)
assert names(f"run_id NOT IN ('{ids[1]}') and metrics.auc < 0.1") == some(24, 2, 0), "NaN compares as 0, as in MLflow"
assert names("start_time > 1700000000022") == some(24, 23)
assert names("end_time > 1") == some(0)
assert names("tags.parity = 'odd' or run_name = 'run-00'", max_results=2) == some(23, 21)
assert names("not (metrics.auc < 0.9)") == some(23)
assert names("(tags.parity = 'odd' or params.model = 'Boost') and metrics.auc > 0.8") == some(23, 21)

assert names(order_by=["metrics.auc DESC"])[:2] == some(23, 22)
assert names(order_by=["metrics.auc DESC"])[-1:] == some(24), "NaN comes last"
assert names(order_by=["metrics.auc ASC"])[-1:] == some(24)
assert names(order_by=["metrics.`with space` DESC"])[:1] == some(19)
assert names(order_by=["params.depth ASC", "metrics.auc DESC"])[:3] == some(20, 15, 10)
assert names(order_by=["attributes.start_time ASC"])[:2] == some(0, 1)
assert names(order_by=["run_name DESC"])[:1] == some(24)
assert names(run_view_type=ViewType.DELETED_ONLY) == some(7)
assert len(names(run_view_type=ViewType.ALL)) == 25

pages, token = [], None
while True:
    page = client.search_runs([experiment], order_by=["metrics.auc DESC"], max_results=7, page_token=token)
    pages.append([r.info.run_name for r in page])
    token = page.token
    if not token:
        break
assert [len(p) for p in pages] == [7, 7, 7, 3] and sum(pages, []) == names(order_by=["metrics.auc DESC"])

for bad, words in {
    "metrics.auc > 'x'": "Expected numeric value type for metric",
    "params.model = 3": "Expected a quoted string value for param",
    "params.model > 'x'": "Invalid comparator",
    "nothing.x = 'y'": "Invalid entity type",
    "lifecycle_stage = 'active'": "Invalid attribute key",
    "tags.a = 'b'; drop table runs": "Invalid clause(s) in filter string",
    "metrics.auc": "Invalid clause(s) in filter string",
}.items():
    try:
        names(bad)
        raise AssertionError(bad)
    except MlflowException as e:
        assert words in str(e) and e.error_code == "INVALID_PARAMETER_VALUE", e
for order in ["metrics.auc up", "nothing.x", ""]:
    try:
        names(order_by=[order])
        raise AssertionError(order)
    except MlflowException as e:
        assert e.error_code == "INVALID_PARAMETER_VALUE", e

frame = mlflow.search_runs(experiment_names=["search"], filter_string="metrics.auc > 0.8", order_by=["metrics.auc DESC"])
assert frame["tags.mlflow.runName"].tolist() == some(23, 22, 21), frame
assert frame["metrics.auc"].tolist() == [23 / 25, 22 / 25, 21 / 25]
assert frame["params.model"].tolist() == ["tree"] * 3 and frame["status"].tolist() == ["RUNNING"] * 3
assert str(frame["start_time"].dtype).startswith("datetime64")
assert mlflow.search_runs(search_all_experiments=True).shape[0] == 24
assert client.search_runs([]) == []
