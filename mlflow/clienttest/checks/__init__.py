"""What the scripts share."""
from mlflow.exceptions import MlflowException


def refused(words, call, *args, **kwargs):
    """Call it, and want an MlflowException with the words in its code or message."""
    try:
        call(*args, **kwargs)
    except MlflowException as e:
        assert words in f"{e.error_code}: {e}", f"{words!r} is not in {e}"
        return e
    raise AssertionError(f"{call} was not refused: want {words!r}")
