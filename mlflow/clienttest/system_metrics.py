# since 3.0
"""What the client measures of its machine by itself."""
import time

import mlflow
from mlflow import MlflowClient

mlflow.set_system_metrics_sampling_interval(0.2)
mlflow.set_system_metrics_samples_before_logging(1)
mlflow.set_experiment("system metrics")
with mlflow.start_run(log_system_metrics=True) as run:
    time.sleep(2)
metrics = MlflowClient().get_run(run.info.run_id).data.metrics
assert any(name.startswith("system/") for name in metrics), metrics
