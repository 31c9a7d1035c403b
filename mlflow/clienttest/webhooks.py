# since 3.3
"""Webhooks: create, list, change, try, delete; addresses that are refused."""
from mlflow import MlflowClient
from mlflow.entities.webhook import WebhookStatus

from checks import refused

client = MlflowClient()
hook = client.create_webhook("hook", "https://93.184.216.34/x", ["model_version.created", "registered_model.created"], description="d", secret="s")
assert hook.name == "hook" and hook.status == WebhookStatus.ACTIVE and hook.description == "d" and hook.secret is None
assert {str(e) for e in hook.events} == {"model_version.created", "registered_model.created"}
assert client.get_webhook(hook.webhook_id).url == "https://93.184.216.34/x"
other = client.create_webhook("other", "https://93.184.216.34/y", ["model_version_alias.created"], status="DISABLED")
assert {w.webhook_id for w in client.list_webhooks()} == {hook.webhook_id, other.webhook_id}
page = client.list_webhooks(max_results=1)
assert len(page) == 1 and page.token
assert {page[0].webhook_id, client.list_webhooks(max_results=1, page_token=page.token)[0].webhook_id} == {hook.webhook_id, other.webhook_id}

changed = client.update_webhook(hook.webhook_id, description="e", events=["prompt.created"], status="DISABLED")
assert changed.description == "e" and changed.status == WebhookStatus.DISABLED and changed.name == "hook" and [str(e) for e in changed.events] == ["prompt.created"]

for bad in [
    "http://example.com/", "https://127.0.0.1/", "https://localhost/", "https://10.0.0.1/", "https://192.168.1.1/", "https://169.254.169.254/latest/meta-data",
    "https://[::1]/", "https://[fd00::1]/", "https://[::ffff:127.0.0.1]/", "https://0.0.0.0/", "https://127.1/", "https://0x7f000001/", "https://2130706433/",
    "https://user:pass@example.com/", "ftp://example.com/", "https:///x", "file:///etc/passwd",
]:
    refused("INVALID_PARAMETER_VALUE", client.create_webhook, "bad", bad, ["model_version.created"])
    refused("INVALID_PARAMETER_VALUE", client.update_webhook, hook.webhook_id, url=bad)
for name in ["", "-a", "a b", "a" * 64]:
    refused("INVALID_PARAMETER_VALUE", client.create_webhook, name, "https://93.184.216.34/", ["model_version.created"])
assert client.get_webhook(hook.webhook_id).url == "https://93.184.216.34/x"
client.delete_webhook(hook.webhook_id)
refused("RESOURCE_DOES_NOT_EXIST", client.get_webhook, hook.webhook_id)
assert [w.name for w in client.list_webhooks()] == ["other"]
