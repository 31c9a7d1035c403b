"""Runs: start, nest, log all kinds of facts, end, resume, delete, restore."""
import math
import time

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

from checks import refused

client = MlflowClient()
experiment = mlflow.set_experiment("runs").experiment_id

with mlflow.start_run(run_name="parent", tags={"kind": "study"}, description="what it is") as parent:
    mlflow.log_param("depth", 3)
    mlflow.log_params({"rate": 0.1, "name": "bóost", "empty": ""})
    mlflow.log_metric("auc", 0.5)
    for step in range(5):
        mlflow.log_metric("loss", 1 / (1 + step), step=step)
    mlflow.log_metrics({"a/b": 1.0, "with space": 2}, step=7)
    mlflow.set_tag("team", "a")
    mlflow.set_tags({"x": "1", "y": "2"})
    mlflow.delete_tag("y")
    with mlflow.start_run(nested=True) as child:
        mlflow.log_metric("auc", 0.7)
parent_id, child_id = parent.info.run_id, child.info.run_id

run = client.get_run(parent_id)
assert len(parent_id) == 32 and run.info.run_name == "parent" and run.info.status == "FINISHED"
assert run.info.start_time > 0 and run.info.end_time >= run.info.start_time
assert run.info.artifact_uri == f"mlflow-artifacts:/{experiment}/{parent_id}/artifacts"
assert run.data.params == {"depth": "3", "rate": "0.1", "name": "bóost", "empty": ""}, run.data.params
assert run.data.metrics == {"auc": 0.5, "loss": 0.2, "a/b": 1.0, "with space": 2.0}, run.data.metrics
assert run.data.tags["mlflow.runName"] == "parent" and run.data.tags["kind"] == "study"
assert run.data.tags["mlflow.note.content"] == "what it is" and run.data.tags["mlflow.user"]
assert run.data.tags["x"] == "1" and "y" not in run.data.tags
child_run = client.get_run(child_id)
assert child_run.data.tags["mlflow.parentRunId"] == parent_id
assert child_run.info.run_name and child_run.info.run_name != "parent"
assert mlflow.get_parent_run(child_id).info.run_id == parent_id

history = client.get_metric_history(parent_id, "loss")
assert [(m.step, m.value) for m in history] == [(s, 1 / (1 + s)) for s in range(5)], history
assert client.get_metric_history(parent_id, "nothing") == []

# Latest is the greatest step, not the last one written; NaN and infinities.
run_id = client.create_run(experiment, run_name="numbers").info.run_id
client.log_metric(run_id, "m", 2, timestamp=5, step=9)
client.log_metric(run_id, "m", 1, timestamp=6, step=3)
client.log_metric(run_id, "negative", 1, step=-5)
client.log_metric(run_id, "nan", math.nan)
client.log_metric(run_id, "inf", math.inf)
client.log_metric(run_id, "-inf", -math.inf)
metrics = client.get_run(run_id).data.metrics
assert metrics["m"] == 2 and math.isnan(metrics["nan"])
assert metrics["inf"] >= 1.7976931348623157e308 and metrics["-inf"] <= -1.7976931348623157e308
for _ in range(2):  # the same point again is no other point
    client.log_metric(run_id, "twice", 1, timestamp=1, step=1)
    client.log_metric(run_id, "twice-nan", math.nan, timestamp=1, step=1)
assert len(client.get_metric_history(run_id, "twice")) == 1
assert len(client.get_metric_history(run_id, "twice-nan")) == 1

# Batches, all or nothing.
now = int(time.time() * 1000)
client.log_batch(
    run_id,
    metrics=[Metric("many", i, now + i, i) for i in range(1000)],
)
client.log_batch(run_id, params=[Param("p%d" % i, str(i)) for i in range(100)], tags=[RunTag("t", "1"), RunTag("t", "2")])
assert len(client.get_metric_history(run_id, "many")) == 1000
assert client.get_run(run_id).data.tags["t"] == "2"
refused("Changing param values is not allowed", client.log_batch, run_id, metrics=[Metric("never", 1, 1, 1)], params=[Param("p1", "other")])
assert "never" not in client.get_run(run_id).data.metrics
client.log_param(run_id, "p1", "1")  # the same again is no change
refused("Changing param values is not allowed", client.log_param, run_id, "p1", "2")
client.log_param(run_id, "long", "v" * 5000)
assert client.get_run(run_id).data.params["long"] == "v" * 5000
refused("Invalid value \"a//b\"", client._tracking_client.store.log_metric, run_id, Metric("a//b", 1, 1, 1))
refused("Run with id=" + "0" * 32 + " not found", client.get_run, "0" * 32)
refused("No tag with name: none", client.delete_tag, run_id, "none")

# States.
client.set_terminated(run_id, "FAILED")
assert client.get_run(run_id).info.status == "FAILED"
client.update_run(run_id, status="RUNNING", name="renamed")
again = client.get_run(run_id)
assert again.info.run_name == "renamed" and again.data.tags["mlflow.runName"] == "renamed" and again.info.status == "RUNNING"
client.set_tag(run_id, "mlflow.runName", "by tag")
assert client.get_run(run_id).info.run_name == "by tag"
with mlflow.start_run(run_id=parent_id) as resumed:
    mlflow.log_metric("later", 1)
assert client.get_run(parent_id).info.status == "FINISHED" and client.get_run(parent_id).data.metrics["later"] == 1
try:
    with mlflow.start_run(run_name="broken") as broken:
        raise KeyError
except KeyError:
    pass
assert client.get_run(broken.info.run_id).info.status == "FAILED"

client.delete_run(child_id)
assert client.get_run(child_id).info.lifecycle_stage == "deleted"
refused("must be in the 'active' state", client.log_metric, child_id, "m", 1)
refused("must be in the 'active' state", client.set_tag, child_id, "m", 1)
assert child_id not in mlflow.search_runs()["run_id"].tolist()
client.restore_run(child_id)
client.log_metric(child_id, "m", 1)
assert child_id in mlflow.search_runs()["run_id"].tolist()
