"""What a check is: it scores pairs, and knows nothing of decisions, files or reports.

A score is kept whatever is decided on it; the thresholds stand in the policy (:mod:`.policy`). A check that cannot
judge a pair abstains with :data:`ABSTAIN`, which never drops a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal, NamedTuple, Protocol

from ..toolkit.errors import UsageError
from ..toolkit.languages import Language
from ..toolkit.progress import NullProgress, Progress
from .pairs import Pair

Direction = Literal["low", "high", "both"]
"""Which scores are bad: those below ``min``, those above ``max``, or both."""


class Score(NamedTuple):
    """A number (None: the check abstains), and for a person what was seen, or why it abstains."""

    value: float | None
    detail: str | None = None


ABSTAIN = Score(None)


@dataclass(frozen=True, slots=True)
class Model:
    """A model that a check has used: its name, revision and licence, for the report and the card."""

    name: str
    revision: str
    license: str | None


@dataclass(frozen=True)
class NoSettings:
    """The settings of a check that has none."""


@dataclass(frozen=True)
class Context:
    """What a check may need beside the pairs: ``cache_dir`` for models (None: the default), who watches.

    ``cores``: how many of the machine's a model may use (None: all). ``scores_dir``: where the scores of models are
    kept, if not in ``cache_dir``.
    """

    cache_dir: str | None = None
    progress: Progress = field(default_factory=NullProgress)
    cores: int | None = None
    scores_dir: str | None = None


class Check(Protocol):
    """One check. ``Check(settings, context)`` is cheap; models are loaded by the first ``score``.

    ``name`` is the column, the policy's key and the reason. ``hard``: a veto, whose score counts violations (0 is
    sound) and has no threshold. ``version`` is raised when scores change. ``Settings`` is a frozen dataclass of JSON
    values with defaults: all that decides a score and nothing else. ``large``: it has a model that uses every core
    there is, or a GPU; all other checks use one core.
    """

    name: ClassVar[str]
    hard: ClassVar[bool]
    large: ClassVar[bool]
    direction: ClassVar[Direction]
    version: ClassVar[int]
    Settings: ClassVar[type]
    summary: ClassVar[str]
    """One line for people: what is measured, in which unit."""

    def __init__(self, settings: Any, context: Context) -> None: ...

    def covers(self, language: Language) -> str | None:
        """None where the check can judge this language; else why not, in words (the column is null then)."""
        ...

    def identity(self, language: Language) -> dict[str, Any]:
        """JSON values that decide a score in this language beside settings and version: models, revisions."""
        ...

    def score(self, pairs: Sequence[Pair], language: Language) -> list[Score]:
        """A score for each pair, in order."""
        ...

    def models(self, language: Language) -> list[Model]:
        """The models that judge a language, loaded or not."""
        ...

    def close(self) -> None:
        """Ends what the check has started, such as a worker process."""
        ...


class BaseCheck:
    """What most checks share: settings, context, every language covered, no model."""

    hard: ClassVar[bool] = False
    large: ClassVar[bool] = False
    direction: ClassVar[Direction] = "high"
    version: ClassVar[int] = 1
    Settings: ClassVar[type] = NoSettings

    def __init__(self, settings: Any = None, context: Context | None = None) -> None:
        self.settings = self.Settings() if settings is None else settings
        self.context = context or Context()

    def covers(self, language: Language) -> str | None:
        """Every language."""
        return None

    def identity(self, language: Language) -> dict[str, Any]:
        """Nothing beside settings and version."""
        return {}

    def score(self, pairs: Sequence[Pair], language: Language) -> list[Score]:
        """One pair after the other."""
        return [self.score_pair(pair) for pair in pairs]

    def score_pair(self, pair: Pair) -> Score:
        """The score of one pair."""
        raise NotImplementedError

    def models(self, language: Language) -> list[Model]:
        """None."""
        return []

    def close(self) -> None:
        """Nothing is held."""


class HardCheck(BaseCheck):
    """A veto: :meth:`problems` lists what is wrong with a pair, and any problem drops it.

    It abstains from pairs that :meth:`applies` says it cannot judge.
    """

    hard = True
    direction = "high"

    def score_pair(self, pair: Pair) -> Score:
        """The number of problems, and the first of them in words."""
        if not self.applies(pair):
            return ABSTAIN
        problems = list(self.problems(pair))
        return Score(float(len(problems)), "; ".join(problems)[:300] or None)

    def applies(self, pair: Pair) -> bool:
        """Whether there is anything to judge."""
        return True

    def problems(self, pair: Pair) -> Iterable[str]:
        """What is wrong, in words."""
        raise NotImplementedError


class CorpusCheck(BaseCheck):
    """A check that must see a whole language: ``score`` is not called, but :meth:`score_all` once, in order."""

    def score_all(self, pairs: Iterable[Pair], language: Language) -> Iterator[Score]:
        """A score for each pair of the language, in source order, streamed."""
        raise NotImplementedError


def make_settings(cls: type, values: dict[str, Any], where: str) -> Any:
    """``cls(**values)``; UsageError for an unknown key or a value of another type than the default's."""
    known = {entry.name: entry for entry in fields(cls)}
    for key, value in values.items():
        if key not in known:
            names = ", ".join(known) or "none"
            raise UsageError(f"{where}: unknown key {key!r}; known besides enabled, min, max, languages: {names}")
        default = getattr(cls(), key)
        if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
            continue
        if default is not None and type(value) is not type(default):
            raise UsageError(f"{where}.{key}: {value!r} is no {type(default).__name__}")
    return cls(**values)
