"""What the Hub says against a request, in one line that says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from .errors import EnvironmentProblem, MltError, UsageError
from .hub_outage import is_outage

_REFUSED_TOKEN = "Invalid credentials"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of the Hub, as an error names it.

    ``instead``: what to do where the Hub cannot be reached; ``option``: what the user named the repository with
    (``--model``), if with an option; ``verb``: what was to be done with it.
    """

    name: str
    kind: Literal["model", "dataset", "space"]
    instead: str
    option: str = ""
    revision: str | None = None
    verb: Literal["fetched", "published"] = "fetched"

    @property
    def thing(self) -> str:
        """The kind of repository in words."""
        return "data set" if self.kind == "dataset" else self.kind

    @property
    def page(self) -> str:
        """Where a person sees it."""
        from huggingface_hub.constants import ENDPOINT

        return f"{ENDPOINT}/{'' if self.kind == 'model' else self.kind + 's/'}{self.name}"


@contextmanager
def hub_errors(asked: Asked) -> Iterator[None]:
    """Turns what the Hub says against a request into one line; anything else passes through."""
    try:
        yield
    except MltError:
        raise
    except Exception as error:
        explained = explain(error, asked)
        if explained is None:
            raise
        raise explained from error


def explain(error: Exception, asked: Asked) -> MltError | None:
    """The one line a user can act on; None for what is no failure of the Hub, and for a file that it does not have."""
    from huggingface_hub import errors

    if _is_missing_file(error):
        return None
    if is_outage(error):
        return EnvironmentProblem(f"the Hub cannot be reached, so {asked.name} cannot be {asked.verb}; {asked.instead}")
    named = f"{asked.option} {asked.name}".lstrip()
    if isinstance(error, errors.HFValidationError):
        return UsageError(f"{named}: not a Hub id (owner/name)")
    if isinstance(error, errors.GatedRepoError):
        return gated(asked)
    if isinstance(error, errors.RevisionNotFoundError):
        return UsageError(f"{named}@{asked.revision}: the Hub has no such revision")
    if not isinstance(error, errors.HfHubHTTPError):
        return None
    status = error.response.status_code
    if status == 401 and _REFUSED_TOKEN in (error.response.headers.get("X-Error-Message") or ""):
        return EnvironmentProblem("the Hub does not know this token: log in with `hf auth login`, or correct HF_TOKEN")
    if isinstance(error, errors.RepositoryNotFoundError) or status in (401, 404):
        return UsageError(f"{named}: the Hub has no such {asked.thing}, or it is private: `hf auth login` first")
    if asked.verb == "published" and status in _WRITING:
        return EnvironmentProblem(_WRITING[status].format(name=asked.name))
    return EnvironmentProblem(f"the Hub answered {status} for {asked.name}; try again later, or {asked.instead}")


def gated(asked: Asked) -> EnvironmentProblem:
    """The error for a repository whose terms have not been accepted."""
    return EnvironmentProblem(
        f"{asked.name} is gated: accept its terms at {asked.page}, then log in with `hf auth login`"
    )


_WRITING = {
    403: "the Hub does not let this token write to {name}: use a token with write access, or another owner/name",
    409: "{name} is being changed on the Hub by someone else; nothing was overwritten: run again",
    412: "{name} was changed on the Hub meanwhile; nothing was overwritten: run again",
}


def _is_missing_file(error: Exception) -> bool:
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    return isinstance(error, EntryNotFoundError) and not isinstance(error, LocalEntryNotFoundError)
