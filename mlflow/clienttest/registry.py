"""The registry: models, versions, aliases, stages, tags, searches, copies."""
import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from sklearn.linear_model import LogisticRegression

from checks import refused

client = MlflowClient()
mlflow.set_experiment("registry")
frame = pd.DataFrame({"a": np.arange(50.0), "b": np.arange(50.0)[::-1]})
target = (frame.a > 20).astype(int)
model = LogisticRegression().fit(frame, target)
with mlflow.start_run() as run:
    mlflow.log_metric("auc", 0.9)
    logged = mlflow.sklearn.log_model(model, "model", registered_model_name="one", pip_requirements=["scikit-learn"], signature=mlflow.models.infer_signature(frame, model.predict(frame)))
run_id = run.info.run_id

second = mlflow.register_model(f"runs:/{run_id}/model", "one", tags={"k": "v"})
assert (second.version, second.status, second.run_id, second.tags) in [("2", "READY", run_id, {"k": "v"}), (2, "READY", run_id, {"k": "v"})], second
assert second.description == "" and second.current_stage == "None"
refused("RESOURCE_ALREADY_EXISTS: Registered Model (name=one) already exists", client.create_registered_model, "one")
for bad in ["", " ", "a/b", "a:b", "..", "."]:
    refused("INVALID_PARAMETER_VALUE", client.create_registered_model, bad)
refused("RESOURCE_DOES_NOT_EXIST: Registered Model with name=none not found", client.get_registered_model, "none")
refused("Model Version (name=one, version=9) not found", client.get_model_version, "one", "9")
refused("Parameter 'version' must be an integer, got 'x'.", client.get_model_version, "one", "x")
refused("Invalid model version source", client.create_model_version, "one", "/etc/passwd")
refused("Invalid model version source", client.create_model_version, "one", "mlflow-artifacts:/a/../../b")

# Aliases.
client.set_registered_model_alias("one", "champion", "1")
client.set_registered_model_alias("one", "champion", "2")
client.set_registered_model_alias("one", "Other_1", "2")
assert {k: str(v) for k, v in client.get_registered_model("one").aliases.items()} == {"champion": "2", "Other_1": "2"}
assert sorted(client.get_model_version("one", "2").aliases) == ["Other_1", "champion"]
assert client.get_model_version_by_alias("one", "champion").version == second.version
for bad in ["latest", "LaTest", "v1", "V22", "a b", "a" * 256]:
    refused("INVALID_PARAMETER_VALUE", client.set_registered_model_alias, "one", bad, "1")
client.delete_registered_model_alias("one", "Other_1")
client.delete_registered_model_alias("one", "Other_1")
refused("INVALID_PARAMETER_VALUE: Registered model alias Other_1 not found.", client.get_model_version_by_alias, "one", "Other_1")
refused("Model Version (name=one, version=7) not found", client.set_registered_model_alias, "one", "x", "7")

# Stages.
client.transition_model_version_stage("one", "1", "Staging")
assert client.transition_model_version_stage("one", "2", "staging", archive_existing_versions=True).current_stage == "Staging"
assert client.get_model_version("one", "1").current_stage == "Archived"
assert [int(v.version) for v in client.get_latest_versions("one", ["Staging"])] == [2]
assert sorted(int(v.version) for v in client.get_latest_versions("one")) == [1, 2]
refused("Invalid Model Version stage", client.transition_model_version_stage, "one", "1", "Gone")

# Descriptions and tags.
client.update_registered_model("one", "what it *is*")
client.update_model_version("one", "1", "first")
client.set_registered_model_tag("one", "team", "a")
client.set_registered_model_tag("one", "gone", "x")
client.delete_registered_model_tag("one", "gone")
client.delete_registered_model_tag("one", "gone")
client.set_model_version_tag("one", "1", "checked", "yes")
client.set_model_version_tag("one", "1", "gone", "x")
client.delete_model_version_tag("one", "1", "gone")
found = client.get_registered_model("one")
assert found.description == "what it *is*" and found.tags == {"team": "a"}, found
first = client.get_model_version("one", "1")
assert first.description == "first" and first.tags == {"checked": "yes"}, first
for v in found.latest_versions:
    assert dict(v) == dict(client.get_model_version("one", v.version)), "a version is the same wherever it stands"

# Models from the registry.
predicted = model.predict(frame)
for address in ["models:/one@champion", "models:/one/1", "models:/one/Staging", "models:/one/latest", f"runs:/{run_id}/model", logged.model_uri]:
    assert (mlflow.pyfunc.load_model(address).predict(frame) == predicted).all(), address
assert (mlflow.sklearn.load_model("models:/one/2").coef_ == model.coef_).all()

# Copies.
copy = client.copy_model_version("models:/one@champion", "two")
assert str(copy.version) == "1" and copy.source == "models:/one/2" and copy.run_id == run_id and copy.tags == {"k": "v"}, copy
assert client.get_model_version_download_uri("two", "1") == client.get_model_version_download_uri("one", "2")
assert (mlflow.pyfunc.load_model("models:/two/1").predict(frame) == predicted).all()

# Searches.
def names(*args, **kwargs):
    return [m.name for m in client.search_registered_models(*args, **kwargs)]


assert names() == ["one", "two"]
assert names("name LIKE '%w%'") == ["two"] and names("name ILIKE 'ON%'") == ["one"] and names("tags.team = 'a'") == ["one"]
assert names(order_by=["name DESC"]) == ["two", "one"]
if mlflow.__version__[0] == "2":
    client.create_registered_model("a-prompt", tags={"mlflow.prompt.is_prompt": "true"})  # as a newer client would
else:
    mlflow.genai.register_prompt(name="a-prompt", template="Hello {{name}}")
    assert mlflow.genai.load_prompt("prompts:/a-prompt/1").template == "Hello {{name}}"
    assert [p.name for p in mlflow.genai.search_prompts()] == ["a-prompt"]
assert names() == ["one", "two"], "prompts are no models"
pages, token = [], None
while True:
    page = client.search_registered_models(max_results=1, page_token=token)
    pages += [m.name for m in page]
    token = page.token
    if not token:
        break
assert pages == ["one", "two"], pages


def versions(*args, **kwargs):
    return [(v.name, int(v.version)) for v in client.search_model_versions(*args, **kwargs)]


assert sorted(versions("name = 'one'")) == [("one", 1), ("one", 2)]
assert sorted(versions(f"run_id = '{run_id}'")) == [("one", 1), ("one", 2), ("two", 1)]
assert versions("tags.checked = 'yes'") == [("one", 1)]
assert versions("name = 'one'", order_by=["version_number DESC"]) == [("one", 2), ("one", 1)]
assert ("one", 1) in versions(f"source_path = '{client.get_model_version('one', '1').source}' and name = 'one'")
refused("INVALID_PARAMETER_VALUE", versions, "nothing = 'x'")

# Deletion.
client.rename_registered_model("two", "three")
assert client.get_model_version("three", "1").name == "three"
refused("RESOURCE_DOES_NOT_EXIST", client.get_registered_model, "two")
refused("RESOURCE_ALREADY_EXISTS", client.rename_registered_model, "three", "one")
client.delete_model_version("one", "2")
refused("Model Version (name=one, version=2) not found", client.get_model_version, "one", "2")
assert client.get_registered_model("one").aliases == {}, "an alias goes with its version"
client.delete_registered_model("one")
refused("RESOURCE_DOES_NOT_EXIST", client.get_registered_model, "one")
third = client.create_registered_model("one")
assert third.latest_versions == [] and third.tags == {}
