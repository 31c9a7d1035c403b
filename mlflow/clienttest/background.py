"""Logging in the background."""
import mlflow
from mlflow import MlflowClient

client = MlflowClient()
mlflow.set_experiment("background")
with mlflow.start_run() as run:
    waiting = [mlflow.log_metric("m", i, step=i, synchronous=False) for i in range(300)]
    waiting.append(mlflow.log_params({"a": 1, "b": 2}, synchronous=False))
    waiting.append(mlflow.set_tag("t", "x", synchronous=False))
    for w in waiting:
        w.wait()
found = client.get_run(run.info.run_id)
assert found.data.metrics["m"] == 299 and found.data.params == {"a": "1", "b": "2"} and found.data.tags["t"] == "x"
assert len(client.get_metric_history(run.info.run_id, "m")) == 300
