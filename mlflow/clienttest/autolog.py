"""Autologging of scikit-learn and LightGBM, and of XGBoost where it is."""
import importlib.util

import lightgbm
import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

client = MlflowClient()
experiment = mlflow.set_experiment("autolog").experiment_id
random = np.random.default_rng(1)
frame = pd.DataFrame(random.normal(size=(200, 3)), columns=["a", "b", "c"])
target = (frame.a > 0).astype(int)


def last():
    return client.search_runs([experiment], "tags.mlflow.parentRunId IS NULL" if mlflow.__version__[0] == "3" else "", order_by=["start_time DESC"], max_results=1)[0]


mlflow.sklearn.autolog()
LogisticRegression(C=0.5).fit(frame, target)
run = last()
assert run.info.status == "FINISHED" and run.data.params["C"] == "0.5", run.data
assert run.data.metrics["training_roc_auc"] > 0.9 and run.data.tags["estimator_name"] == "LogisticRegression"
assert run.data.tags["mlflow.autologging"] == "sklearn"
files = [f.path for f in client.list_artifacts(run.info.run_id)]
assert "training_confusion_matrix.png" in files and "estimator.html" in files, files
assert len(run.inputs.dataset_inputs) == 1
loaded = mlflow.sklearn.load_model(f"runs:/{run.info.run_id}/model")
assert loaded.C == 0.5

with mlflow.start_run() as parent:
    GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0, 10.0]}, cv=2).fit(frame, target)
children = client.search_runs([experiment], f"tags.mlflow.parentRunId = '{parent.info.run_id}'")
assert len(children) == 3 and all("mean_test_score" in c.data.metrics for c in children), children
assert "best_C" in client.get_run(parent.info.run_id).data.params
mlflow.sklearn.autolog(disable=True)

mlflow.lightgbm.autolog()
data = lightgbm.Dataset(frame, target)
with mlflow.start_run() as run:
    lightgbm.train({"objective": "binary", "metric": "auc", "verbose": -1, "num_threads": 1}, data, 10, valid_sets=[data], valid_names=["train"])
run = client.get_run(run.info.run_id)
assert run.data.params["objective"] == "binary" and run.data.metrics["train-auc"] > 0.9, run.data
assert len(client.get_metric_history(run.info.run_id, "train-auc")) == 10
files = [f.path for f in client.list_artifacts(run.info.run_id)]
assert "feature_importance_gain.png" in files and "feature_importance_split.json" in files, files
mlflow.lightgbm.load_model(f"runs:/{run.info.run_id}/model")
mlflow.lightgbm.autolog(disable=True)

if importlib.util.find_spec("xgboost"):
    import xgboost

    mlflow.xgboost.autolog()
    data = xgboost.DMatrix(frame, target)
    with mlflow.start_run() as run:
        xgboost.train({"objective": "binary:logistic", "eval_metric": "auc", "nthread": 1}, data, 5, evals=[(data, "train")])
    run = client.get_run(run.info.run_id)
    assert run.data.params["num_boost_round"] == "5" and run.data.metrics["train-auc"] > 0.9, run.data
    assert len(client.get_metric_history(run.info.run_id, "train-auc")) == 5
    mlflow.xgboost.load_model(f"runs:/{run.info.run_id}/model")
else:
    assert mlflow.__version__[0] != "3", "the newest client comes with XGBoost"
