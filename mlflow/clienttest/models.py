"""Models of scikit-learn and LightGBM, logged with signature and example, and loaded again."""
import lightgbm
import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

client = MlflowClient()
mlflow.set_experiment("models")
random = np.random.default_rng(1)
frame = pd.DataFrame(random.normal(size=(200, 3)), columns=["a", "b c", "\u00fc"])
target = (frame.a + frame["b c"] > 0).astype(int)
flat = frame.rename(columns={"b c": "b", "\u00fc": "u"})

line = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame, target)
booster = lightgbm.train({"objective": "binary", "verbose": -1, "num_leaves": 5, "num_threads": 1}, lightgbm.Dataset(flat, target), 10)
with mlflow.start_run() as run:
    mlflow.log_metric("auc", 0.5, step=1)
    mlflow.sklearn.log_model(line, "line", signature=infer_signature(frame, line.predict(frame)), input_example=frame.head(3), pip_requirements=["scikit-learn"], registered_model_name="line")
    mlflow.lightgbm.log_model(booster, "booster", signature=infer_signature(flat, booster.predict(flat)), input_example=flat.head(3), pip_requirements=["lightgbm"], registered_model_name="booster")
for name in ["line", "booster"]:
    client.set_registered_model_alias(name, "champion", "1")

loaded = mlflow.pyfunc.load_model("models:/line@champion")
assert (loaded.predict(frame) == line.predict(frame)).all()
assert loaded.metadata.signature.inputs.input_names() == ["a", "b c", "\u00fc"]
assert loaded.metadata.run_id == run.info.run_id
again = mlflow.sklearn.load_model("models:/line@champion")
assert np.array_equal(again.predict_proba(frame), line.predict_proba(frame))
assert np.array_equal(mlflow.lightgbm.load_model("models:/booster@champion").predict(flat), booster.predict(flat))
loaded = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/booster")
assert np.array_equal(loaded.predict(flat), booster.predict(flat))

info = mlflow.models.get_model_info("models:/line/1")
assert info.signature is not None and info.run_id == run.info.run_id
folder = mlflow.artifacts.download_artifacts("models:/line@champion")
example = mlflow.models.Model.load(folder).load_input_example(folder)
assert np.allclose(example.values, frame.head(3).values)
try:
    loaded.predict(pd.DataFrame({"a": [1.0]}))
    raise AssertionError("the signature is not enforced")
except mlflow.exceptions.MlflowException as e:
    assert "missing inputs" in str(e), e
