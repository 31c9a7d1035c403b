# since 3.0
"""Logged models: create, finish, params, tags, metrics, search, delete."""
import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

client = MlflowClient()
experiment = mlflow.set_experiment("logged").experiment_id
with mlflow.start_run() as run:
    pass
run_id = run.info.run_id

model = mlflow.create_external_model(name="outside", params={f"p{i}": str(i) for i in range(250)}, tags={"team": "a"}, model_type="agent", source_run_id=run_id)
assert model.model_id.startswith("m-") and len(model.model_id) == 34
found = client.get_logged_model(model.model_id)
assert found.name == "outside" and found.model_type == "agent" and found.source_run_id == run_id
assert len(found.params) == 250 and found.params["p249"] == "249" and found.tags["team"] == "a"
assert str(found.status) == "READY", found.status
assert found.artifact_location == f"mlflow-artifacts:/{experiment}/models/{model.model_id}/artifacts"

pending = client.create_logged_model(experiment, name="pending")
assert str(pending.status) == "PENDING"
assert str(client.finalize_logged_model(pending.model_id, "FAILED").status) == "FAILED"
assert str(client.finalize_logged_model(pending.model_id, "READY").status) == "READY"
unnamed = client.create_logged_model(experiment)
assert unnamed.name

client.set_logged_model_tags(model.model_id, {"x": "1", "team": "b"})
client.delete_logged_model_tag(model.model_id, "x")
assert client.get_logged_model(model.model_id).tags["team"] == "b"
assert "x" not in client.get_logged_model(model.model_id).tags

with mlflow.start_run() as judged:
    mlflow.log_metric("auc", 0.8, model_id=model.model_id)
    mlflow.log_metrics({"auc": 0.9, "loss": 0.1}, step=2, model_id=pending.model_id)
metrics = client.get_logged_model(model.model_id).metrics
assert [(m.key, m.value, m.run_id) for m in metrics] == [("auc", 0.8, judged.info.run_id)], metrics
assert client.get_run(judged.info.run_id).data.metrics == {"auc": 0.9, "loss": 0.1}


def names(filter_string=None, **kwargs):
    found = mlflow.search_logged_models(experiment_ids=[experiment], filter_string=filter_string, output_format="list", **kwargs)
    return [m.name for m in found]


assert set(names()) == {"outside", "pending", unnamed.name}
assert names("name = 'outside'") == ["outside"]
assert names("name LIKE 'p%' AND metrics.auc > 0.85") == ["pending"]
assert names("params.p3 = '3' AND tags.team = 'b'") == ["outside"]
assert names("metrics.auc > 0", order_by=[{"field_name": "metrics.auc", "ascending": False}]) == ["pending", "outside"]
assert names("metrics.auc > 0", order_by=[{"field_name": "metrics.auc"}], max_results=1) == ["outside"]
assert names("name IN ('outside', 'none')") == ["outside"]
frame = mlflow.search_logged_models(experiment_ids=[experiment], filter_string="model_type = 'agent'")
assert frame["name"].tolist() == ["outside"]
try:
    names("nothing.x = 'y'")
    raise AssertionError
except MlflowException as e:
    assert "Invalid entity type" in str(e), e

with mlflow.start_run() as maker:
    client.log_outputs(maker.info.run_id, [mlflow.entities.LoggedModelOutput(model.model_id, 3)])
outputs = client.get_run(maker.info.run_id).outputs.model_outputs
assert [(o.model_id, o.step) for o in outputs] == [(model.model_id, 3)], outputs

client.delete_logged_model(pending.model_id)
assert "pending" not in names()
try:
    client.get_logged_model(pending.model_id)
    raise AssertionError
except MlflowException as e:
    assert f"Logged model with ID '{pending.model_id}' not found." in str(e), e
try:
    client.create_logged_model(experiment, name="a/b")
    raise AssertionError
except MlflowException as e:
    assert "Invalid model name" in str(e), e
