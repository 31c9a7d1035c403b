"""Data sets that runs have read."""
import mlflow
import pandas as pd
from mlflow import MlflowClient

client = MlflowClient()
mlflow.set_experiment("inputs")
frame = pd.DataFrame({"a": [1, 2, 3], "b": [0.5, None, 1.5], "c": ["x", "ÿ", "z"]})
dataset = mlflow.data.from_pandas(frame, source="https://example.org/x.csv", name="observations", targets="a")
other = mlflow.data.from_pandas(frame.head(2), name="part")

with mlflow.start_run() as run:
    mlflow.log_input(dataset, context="training", tags={"fold": "1"})
    mlflow.log_input(dataset, context="training")  # again: nothing new
    mlflow.log_input(other)
with mlflow.start_run() as second:
    mlflow.log_input(dataset, context="evaluation")

inputs = {i.dataset.name: i for i in client.get_run(run.info.run_id).inputs.dataset_inputs}
assert set(inputs) == {"observations", "part"}, inputs
found = inputs["observations"]
assert found.dataset.digest == dataset.digest and found.dataset.source_type == "http"
assert "example.org" in found.dataset.source and '"rows"' not in found.dataset.schema
said = dataset._to_mlflow_entity()
assert found.dataset.schema == said.schema and found.dataset.profile == said.profile
assert {t.key: t.value for t in found.tags} == {"mlflow.data.context": "training", "fold": "1"}, found.tags
assert [t.value for t in client.get_run(second.info.run_id).inputs.dataset_inputs[0].tags] == ["evaluation"]

assert len(mlflow.search_runs(filter_string="dataset.name = 'observations'")) == 2
assert len(mlflow.search_runs(filter_string="datasets.context = 'evaluation' and dataset.name LIKE 'obs%'")) == 1
assert len(mlflow.search_runs(filter_string=f"dataset.digest IN ('{other.digest}', 'none')")) == 1
searched = client.search_runs([run.info.experiment_id], "dataset.name = 'part'")[0]
assert len(searched.inputs.dataset_inputs) == 2
