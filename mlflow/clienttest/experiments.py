"""Experiments: create, look up, rename, tag, search, delete, restore."""
import mlflow
from mlflow import MlflowClient
from mlflow.entities import ViewType

from checks import refused

client = MlflowClient()

default = client.get_experiment("0")
assert (default.name, default.lifecycle_stage) == ("Default", "active")

one = mlflow.create_experiment("one", tags={"team": "a", "empty": ""})
assert one == "1"
experiment = client.get_experiment(one)
assert experiment.name == "one" and experiment.tags == {"team": "a", "empty": ""}, experiment
assert experiment.artifact_location == "mlflow-artifacts:/1", experiment.artifact_location
assert experiment.creation_time > 0 and experiment.last_update_time >= experiment.creation_time

assert client.get_experiment_by_name("none") is None
assert client.get_experiment_by_name("one").experiment_id == one
assert mlflow.set_experiment("one").experiment_id == one
two = mlflow.set_experiment("two").experiment_id
assert two == "2"

elsewhere = client.create_experiment("elsewhere", artifact_location="s3://other/place")
assert client.get_experiment(elsewhere).artifact_location == "s3://other/place"

client.set_experiment_tag(one, "mlflow.note.content", "a *note* with ünïcode and \"quotes\"\n")
assert client.get_experiment(one).tags["mlflow.note.content"] == "a *note* with ünïcode and \"quotes\"\n"

client.rename_experiment(two, "zwei")
assert client.get_experiment(two).name == "zwei"
assert client.get_experiment_by_name("two") is None

refused("RESOURCE_ALREADY_EXISTS: Experiment(name=one) already exists", client.create_experiment, "one")
refused("RESOURCE_DOES_NOT_EXIST: No Experiment with id=99 exists", client.get_experiment, "99")
refused("Experiment ID must be a valid integer", client.get_experiment, "abc")
refused("'name' exceeds the maximum length of 500 characters", client.create_experiment, "n" * 501)
refused("Artifact location cannot be a runs:/ URI", client.create_experiment, "bad", artifact_location="runs:/x")
refused("", client.create_experiment, "")

found = client.search_experiments()
assert [e.name for e in found] == ["elsewhere", "zwei", "one", "Default"], found
assert [e.name for e in client.search_experiments(filter_string="tags.team = 'a'")] == ["one"]
assert [e.name for e in client.search_experiments(filter_string="name LIKE '%e%' AND name != 'one'", order_by=["name ASC"])] == ["Default", "elsewhere", "zwei"]
assert [e.name for e in client.search_experiments(filter_string="name ILIKE 'DEF%'")] == ["Default"]
assert [e.name for e in client.search_experiments(order_by=["name DESC"], max_results=2)] == ["zwei", "one"]
pages, token = [], None
while True:
    page = client.search_experiments(max_results=1, order_by=["name"], page_token=token)
    pages += [e.name for e in page]
    token = page.token
    if not token:
        break
assert pages == ["Default", "elsewhere", "one", "zwei"], pages
refused("Invalid attribute key", client.search_experiments, filter_string="nothing = 'x'")

run = client.create_run(one)
client.delete_experiment(one)
assert client.get_experiment(one).lifecycle_stage == "deleted"
assert client.get_run(run.info.run_id).info.lifecycle_stage == "deleted"
assert "one" not in [e.name for e in client.search_experiments()]
assert [e.name for e in client.search_experiments(view_type=ViewType.DELETED_ONLY)] == ["one"]
assert len(client.search_experiments(view_type=ViewType.ALL)) == 4
refused("must be in the 'active' state", client.create_run, one)
refused("RESOURCE_ALREADY_EXISTS", client.create_experiment, "one")
refused("Cannot set a deleted experiment", mlflow.set_experiment, "one")
client.restore_experiment(one)
assert client.get_experiment(one).lifecycle_stage == "active"
assert client.get_run(run.info.run_id).info.lifecycle_stage == "active"
