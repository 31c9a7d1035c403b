"""Makes the fixtures beside this file with the real MLflow 3.17.2:

    db/mlflow.db, db/mlruns   a database, and the artifacts that it leads to
    folder/mlruns             a file store
    db.json, folder.json      what MLflow's own client reads of each

    LOGNAME=pluvia .tools/venv/bin/python transfer/testdata/make.py

With arguments it is the hands of the tests in transfer/pyclient, with any MLflow:

    make.py fill URI          records experiments, runs and models at a tracking URI
    make.py read URI FILE     writes what the client reads there

Tables that have nothing to do with what is imported are dropped, so that the
database stays small. The paths in it are those of a machine that is no more.
"""

import json
import os
import pathlib
import shutil
import sqlite3
import sys

os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true", MLFLOW_ALLOW_FILE_STORE="true")
import mlflow  # noqa: E402
import pandas as pd  # noqa: E402
from mlflow import MlflowClient  # noqa: E402

here = pathlib.Path(__file__).parent.resolve()
three = not mlflow.__version__.startswith("2.")


def fill():
    c = MlflowClient()
    experiment = c.create_experiment("imported", tags={"team": "a", "note": "é ü"})
    gone = c.create_experiment("gone")
    c.create_run(gone)
    c.delete_experiment(gone)
    mlflow.set_experiment("imported")
    for n in range(2):
        with mlflow.start_run(run_name=f"run {n}"):
            mlflow.log_params({"a": n, "long": "x" * 600, "empty": ""})
            for step in range(5):
                mlflow.log_metric("loss", 1 / (step + 1), step=step)
            mlflow.log_metric("nan", float("nan"))
            mlflow.log_metric("inf", float("inf"))
            mlflow.log_metric("negative", -3.5, step=-4)
            mlflow.log_metric("a/b c", 1e-300)
            mlflow.set_tags({"t": "v", "multi": "line 1\nline 2"})
            mlflow.log_text("hello " * 10, "notes/hello.txt")
            mlflow.log_text("", "empty.txt")
            frame = mlflow.data.from_pandas(pd.DataFrame({"a": [1, 2, 3 + n]}), name="frame")
            mlflow.log_input(frame, context="training", tags={"k": "v"})
            with mlflow.start_run(nested=True):
                mlflow.log_metric("child", n)
    deleted = c.create_run(experiment).info.run_id
    c.log_metric(deleted, "x", 1)
    c.delete_run(deleted)
    c.create_run(experiment)

    class Same(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            return model_input

    with mlflow.start_run(run_name="model") as r:
        if three:
            made = mlflow.pyfunc.log_model(name="m", python_model=Same(), registered_model_name="reg", params={"p": "1"}, pip_requirements=[])
            mlflow.log_metric("accuracy", 0.95, model_id=made.model_id, dataset=frame, step=1)
            mlflow.set_logged_model_tags(made.model_id, {"lt": "x"})
        else:
            mlflow.pyfunc.log_model("m", python_model=Same(), registered_model_name="reg", pip_requirements=[])
        mlflow.log_text("not a model", "m/readme.txt")
        run = r.info.run_id
    if three:
        other = mlflow.create_external_model(name="external", model_type="agent")
        mlflow.finalize_logged_model(other.model_id, "READY")
    c.create_model_version("reg", f"runs:/{run}/m", run, tags={"vt": "1"}, description="second")
    c.create_model_version("reg", r.info.artifact_uri + "/m", run)
    c.create_model_version("reg", f"runs:/{run}/m", run)
    c.delete_model_version("reg", "4")
    c.set_registered_model_alias("reg", "champion", 2)
    c.transition_model_version_stage("reg", "1", "Production")
    c.update_registered_model("reg", "the model")
    c.set_registered_model_tag("reg", "rt", "é")
    c.create_registered_model("empty")


def number(v):
    return "NaN" if v != v else "Infinity" if v == float("inf") else repr(v)


def pairs(tags):
    return dict(sorted(tags.items()))


def read():
    c = MlflowClient()
    said = {"experiments": {}, "runs": {}, "logged_models": {}, "models": {}, "versions": {}}
    for e in c.search_experiments(view_type=3):
        said["experiments"][e.experiment_id] = {"name": e.name, "stage": e.lifecycle_stage, "tags": pairs(e.tags)}
        for found in c.search_runs([e.experiment_id], run_view_type=3):
            r = c.get_run(found.info.run_id)
            said["runs"][r.info.run_id] = {
                "experiment": e.experiment_id, "name": r.info.run_name, "status": r.info.status, "start": r.info.start_time,
                "end": r.info.end_time or 0, "user": r.info.user_id, "stage": r.info.lifecycle_stage,
                "params": pairs(r.data.params), "tags": pairs(r.data.tags),
                "points": {k: sorted([m.step, m.timestamp, number(m.value)] for m in c.get_metric_history(r.info.run_id, k)) for k in sorted(r.data.metrics)},
                "inputs": sorted([i.dataset.name, i.dataset.digest, i.dataset.source, i.dataset.schema, i.dataset.profile, pairs({t.key: t.value for t in i.tags})] for i in r.inputs.dataset_inputs),
                "outputs": [o.model_id for o in r.outputs.model_outputs] if three else [],
            }
        for m in c.search_logged_models([e.experiment_id]) if three else []:
            said["logged_models"][m.model_id] = {
                "name": m.name, "status": str(m.status), "type": m.model_type or "", "run": m.source_run_id or "",
                "created": m.creation_timestamp, "updated": m.last_updated_timestamp, "params": pairs(m.params), "tags": pairs(m.tags),
                "metrics": sorted([x.key, x.value, x.step, x.timestamp, x.dataset_name or "", x.dataset_digest or "", x.run_id] for x in m.metrics or []),
            }
    for m in c.search_registered_models():
        said["models"][m.name] = {
            "description": m.description or "", "created": m.creation_timestamp, "updated": m.last_updated_timestamp,
            "tags": pairs(m.tags), "aliases": {k: int(v) for k, v in sorted(m.aliases.items())},
        }
        for v in c.search_model_versions(f"name='{m.name}'"):
            said["versions"][f"{m.name}/{v.version}"] = {
                "description": v.description or "", "stage": v.current_stage, "run": v.run_id or "", "source": v.source,
                "created": v.creation_timestamp, "updated": v.last_updated_timestamp, "tags": pairs(v.tags),
            }
    return said


def shrink(database):
    keep = """alembic_version experiments experiment_tags runs params metrics latest_metrics tags datasets inputs input_tags logged_models
        logged_model_params logged_model_tags logged_model_metrics registered_models registered_model_tags registered_model_aliases
        model_versions model_version_tags""".split()
    c = sqlite3.connect(database, isolation_level=None)
    c.execute("PRAGMA foreign_keys = off")
    for kind in ("trigger", "view", "table"):
        for (name,) in c.execute("SELECT name FROM sqlite_master WHERE type = ? AND name NOT LIKE 'sqlite_%'", (kind,)).fetchall():
            if name not in keep:
                c.execute(f'DROP {kind} "{name}"')
    c.execute("PRAGMA journal_mode = delete")
    c.execute("PRAGMA page_size = 1024")
    c.execute("VACUUM")
    c.close()


def main():
    if sys.argv[1:2] == ["fill"]:
        mlflow.set_tracking_uri(sys.argv[2])
        return fill()
    if sys.argv[1:2] == ["read"]:
        mlflow.set_tracking_uri(sys.argv[2])
        pathlib.Path(sys.argv[3]).write_text(json.dumps(read(), indent=1, sort_keys=True))
        return
    assert mlflow.__version__ == "3.17.2", mlflow.__version__
    for kind, uri in (("db", "sqlite:///mlflow.db"), ("folder", "file:///tmp/pluvia-fixture/mlruns")):
        work = pathlib.Path("/tmp/pluvia-fixture")
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        os.chdir(work)
        mlflow.set_tracking_uri(uri)
        fill()
        (here / f"{kind}.json").write_text(json.dumps(read(), indent=1, sort_keys=True, ensure_ascii=False) + "\n")
        shutil.rmtree(here / kind, ignore_errors=True)
        (here / kind).mkdir()
        if kind == "db":
            shutil.copy("mlflow.db", here / kind)
            shrink(here / kind / "mlflow.db")
        shutil.copytree("mlruns", here / kind / "mlruns")
        for pickle in (here / kind).rglob("*.pkl"):  # nothing here reads one
            pickle.write_bytes(b"a pickle\n")
    shutil.rmtree("/tmp/pluvia-fixture")


if __name__ == "__main__":
    sys.exit(main())
