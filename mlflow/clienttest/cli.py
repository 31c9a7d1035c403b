"""The mlflow command line."""
import json
import re
import subprocess
import sys

import mlflow


def cli(*arguments):
    done = subprocess.run([sys.executable, "-W", "ignore", "-m", "mlflow", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, f"mlflow {arguments}: {done.stdout}\n{done.stderr}"
    return done.stdout


created = cli("experiments", "create", "--experiment-name", "by hand")
experiment = re.search(r"id (\d+)", created).group(1)
with mlflow.start_run(experiment_id=experiment, run_name="listed") as run:
    mlflow.log_metric("auc", 0.5)
assert run.info.run_id in cli("runs", "list", "--experiment-id", experiment)
described = cli("runs", "describe", "--run-id", run.info.run_id)
assert json.loads(described)["data"]["metrics"] == {"auc": 0.5}, described
cli("experiments", "delete", "--experiment-id", experiment)
assert mlflow.get_experiment(experiment).lifecycle_stage == "deleted"
assert mlflow.get_run(run.info.run_id).info.lifecycle_stage == "deleted"
