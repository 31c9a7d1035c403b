"""Large artifacts in parts: straight to the object store where there is one, through the server where there is none."""
import os
import tempfile

os.environ["MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD"] = "true"
os.environ["MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD"] = "true"
os.environ["MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE"] = str(8 << 20)
os.environ["MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE"] = str(5 << 20)
os.environ["MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE"] = str(5 << 20)
import mlflow

mlflow.set_experiment("multipart")
path = os.path.join(tempfile.mkdtemp(), "big f\u00fcle.bin")
content = os.urandom(17 << 20)
with open(path, "wb") as f:
    f.write(content)
with mlflow.start_run() as run:
    mlflow.log_artifact(path, "in/a folder")
    mlflow.log_text("small", "small.txt")
    mlflow.log_text("", "empty.txt")
got = mlflow.artifacts.download_artifacts(f"runs:/{run.info.run_id}/in/a folder/big f\u00fcle.bin")
with open(got, "rb") as f:
    assert f.read() == content
everything = mlflow.artifacts.download_artifacts(run.info.artifact_uri)
for name, size in {"in/a folder/big f\u00fcle.bin": 17 << 20, "small.txt": 5, "empty.txt": 0}.items():
    assert os.path.getsize(os.path.join(everything, name)) == size, name
