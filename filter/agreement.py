"""All processes of a filtered run must judge by the same checks, settings and models, or scores would not compare."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import TYPE_CHECKING

from ..toolkit import layout
from ..toolkit.errors import EnvironmentProblem
from ..toolkit.row_keys import json_hash
from ..toolkit.signature import diff
from .scoring import Judges

if TYPE_CHECKING:
    from ..toolkit.store import RunStore
    from .policy import Policy

_PREFIX = "judges-"


def require_same(lang: str, wanted: Judges, here: Judges) -> None:
    """EnvironmentProblem where this machine would judge a language otherwise than the run does."""
    for name, theirs, ours in diff(wanted.keys, here.keys):
        raise EnvironmentProblem(
            f"{lang}: {socket.gethostname()} judges with {name} = {ours}, the run with {theirs}: have the same models "
            "and packages on all machines"
        )


def agree(store: RunStore, lang: str, policy: Policy, here: Judges) -> Judges:
    """The judges of a language, which the first task of the run has named. Raises what :func:`require_same` does."""
    store.save_facts(_name(lang, policy), here.to_json())
    agreed = agreed_judges(store, lang, policy) or here
    require_same(lang, agreed, here)
    return agreed


def agreed_judges(store: RunStore, lang: str, policy: Policy) -> Judges | None:
    """The judges that the tasks of a run have agreed on, None where none has come to the language yet."""
    facts = store.facts(_name(lang, policy))
    return None if facts is None else Judges.from_json(facts)


def forget(store: RunStore) -> None:
    """Removes what tasks have agreed on."""
    folder = (store.path / layout.facts_file(_PREFIX)).parent
    layout.remove(list(folder.glob(f"{_PREFIX}*.json")))
    with suppress(OSError):  # it holds something else, or was never there
        folder.rmdir()


def _name(lang: str, policy: Policy) -> str:
    return f"{_PREFIX}{lang}-{json_hash(policy.to_json())[:12]}"
