"""What a notebook sees of a cycle. usage: whole.py URL OBSERVATION (JSON); prints the probability of the observation."""
import json
import sys
import warnings

warnings.filterwarnings("ignore")
import mlflow
import pandas as pd

mlflow.set_tracking_uri(sys.argv[1])
client = mlflow.MlflowClient()

runs = mlflow.search_runs(experiment_names=["Rain in Australia"], output_format="list")
by_step = {r.data.tags["pluvia.step"]: r for r in runs}
assert {"cycle", "etl", "train", "compare", "promote", "swap", "candidate"} <= set(by_step), set(by_step)
assert all(r.info.status == "FINISHED" for r in runs), [r.info.status for r in runs]
etl, train, compare = by_step["etl"], by_step["train"], by_step["compare"]
assert etl.data.tags["experiment"] == "etl" and int(etl.data.params["Train observations"]) > 100_000, etl.data
assert {i.dataset.name for i in etl.inputs.dataset_inputs} == {"weather_data_complete", "weather_data_transformed"}
assert compare.data.params["Winner"] == "Challenger" and 0.6 < compare.data.metrics["test_f1_challenger"] < 0.8, compare.data
assert "roc_auc.low" in compare.data.metrics

version = client.get_model_version_by_alias("rain_australia_model_prod", "champion")
assert version.run_id == train.info.run_id and version.tags["f1-score"], version
assert {a.path for a in client.list_artifacts(train.info.run_id, "model")} >= {"model/MLmodel", "model/recipe.json", "model/model.lgb.txt"}
assert any(a.path.endswith("roc.svg") for a in client.list_artifacts(compare.info.run_id, "pictures"))

model = mlflow.pyfunc.load_model("models:/rain_australia_model_prod@champion")
assert model.metadata.signature is not None and model.metadata.saved_input_example_info
row = json.loads(sys.argv[2])
data = pd.DataFrame([{c.name: row.get(c.name) for c in model.metadata.signature.inputs.inputs}])
for column in model.metadata.signature.inputs.inputs:
    if column.type.name == "double":
        data[column.name] = data[column.name].astype(float)
print(repr(float(model.predict(data)[0])))
