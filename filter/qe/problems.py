"""What COMET cannot do, as the one line that a user can act on."""

from __future__ import annotations

from ...toolkit.errors import DataError, EnvironmentProblem, MltError

NO_COMET = "no COMET here: run `mlt setup comet`, or name an interpreter that has unbabel-comet in MLT_COMET_PYTHON"


def problem(kind: str, text: str) -> MltError:
    """The error for what the scorer says it cannot do; ``kind`` as in the worker's protocol."""
    if kind == "checkpoint":
        return DataError(f"{text}; name another model with --qe")
    if kind == "encoder":
        return EnvironmentProblem(
            f"the model's encoder cannot be had: {text}; run once while the Hub can be reached, or set HF_HOME to the "
            "cache that holds it"
        )
    return EnvironmentProblem(f"COMET cannot score: {text}; try a smaller batch_size")
