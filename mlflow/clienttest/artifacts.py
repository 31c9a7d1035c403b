"""Artifacts: log of every kind, list, download, delete."""
import json
import os
import tempfile

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient

client = MlflowClient()
mlflow.set_experiment("artifacts")
folder = tempfile.mkdtemp()


def write(name, content):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(content)
    return path


big = os.urandom(5_000_000)
write("a.txt", b"hello")
write("empty.bin", b"")
write("sub/deep/\u00fcn\u00ef code.csv", b"x\n1\n")
write("sub/big.bin", big)
with mlflow.start_run() as run:
    mlflow.log_artifact(folder + "/a.txt")
    mlflow.log_artifact(folder + "/a.txt", "again")
    mlflow.log_artifacts(folder, "all")
    mlflow.log_text("t\u00e9xt", "texts/x.txt")
    mlflow.log_dict({"a": [1, 2]}, "d.json")
    mlflow.log_dict({"a": [1, 2]}, "d.yaml")
    mlflow.log_table({"q": ["a", "b"], "n": [1, 2]}, "table.json")
    mlflow.log_table(pd.DataFrame({"q": ["c"], "n": [3]}), "table.json")
    figure, axes = plt.subplots()
    axes.plot([1, 2])
    mlflow.log_figure(figure, "figures/f.png")
    mlflow.log_image(np.zeros((4, 4, 3), dtype=np.uint8), "image.png")
run_id, uri = run.info.run_id, run.info.artifact_uri


def walk(path=None):
    for f in client.list_artifacts(run_id, path):
        yield f.path, None if f.is_dir else f.file_size
        if f.is_dir:
            yield from walk(f.path)


found = dict(walk())
assert [p for p in found if "/" not in p] == ["a.txt", "again", "all", "d.json", "d.yaml", "figures", "image.png", "table.json", "texts"], found
assert found["a.txt"] == 5 and found["all/sub/big.bin"] == 5_000_000 and found["all/sub/deep/\u00fcn\u00ef code.csv"] == 4
assert found["all/empty.bin"] in (0, None) and found["again"] is None and found["again/a.txt"] == 5
assert client.list_artifacts(run_id, "a.txt") == [], "a file is no folder"
assert client.list_artifacts(run_id, "none") == []

one = mlflow.artifacts.download_artifacts(f"runs:/{run_id}/all/sub/big.bin")
with open(one, "rb") as f:
    assert f.read() == big
everything = mlflow.artifacts.download_artifacts(artifact_uri=uri)
got = {os.path.relpath(os.path.join(at, name), everything) for at, _, names in os.walk(everything) for name in names}
assert got == {p for p, size in found.items() if not any(q.startswith(p + "/") for q in found)}, got
part = client.download_artifacts(run_id, "all/sub", tempfile.mkdtemp())
assert os.path.getsize(os.path.join(part, "big.bin")) == 5_000_000
assert mlflow.artifacts.load_text(uri + "/texts/x.txt") == "t\u00e9xt"
assert mlflow.artifacts.load_dict(uri + "/d.json") == {"a": [1, 2]}
assert mlflow.artifacts.load_image(uri + "/image.png").size == (4, 4)
assert mlflow.load_table("table.json", run_ids=[run_id])["n"].tolist() == [1, 2, 3]
assert json.loads(client.get_run(run_id).data.tags["mlflow.loggedArtifacts"])[0]["path"] == "table.json"
try:
    mlflow.artifacts.download_artifacts(f"runs:/{run_id}/none")
    raise AssertionError
except Exception as e:
    assert "none" in str(e) or "RESOURCE_DOES_NOT_EXIST" in str(e), e

repository = mlflow.store.artifact.artifact_repository_registry.get_artifact_repository(uri)
repository.delete_artifacts("all/sub")
repository.delete_artifacts("a.txt")
left = dict(walk())
assert "a.txt" not in left and "all/a.txt" in left and not [p for p in left if p.startswith("all/sub")], left
repository.delete_artifacts()
assert list(walk()) == []
