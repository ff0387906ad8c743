"""What a card may say: every number in it is counted here, from the Parquet files of a bundle.

The manifest gives only what no row holds: licences, the bounds of the policy, the models' licences, a mixture's budget.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ..toolkit.progress import NullProgress

if TYPE_CHECKING:
    import pyarrow as pa

    from ..toolkit.own_models import OwnModel
    from ..toolkit.progress import Progress
    from .bundle import Bundle

Calibration = Literal["calibrated", "uncalibrated", "not run"]
Counts = Mapping[str, Mapping[str, Mapping[str, int]]]
"""split -> task -> language -> a number."""


@dataclass(frozen=True)
class TaskCounts:
    """A task's rows in a language: ``kept`` + ``rejected`` = ``total``."""

    total: int
    kept: int
    rejected: int


@dataclass(frozen=True)
class CheckScores:
    """A score column of a language, over all rows that the filter judged, kept or not.

    ``veto``: the score counts violations and drops from 1 on; it has no bounds. ``enabled``: whether it decided.
    ``min``, ``max``: the bounds that applied in this language. ``quantiles``: the 5, 50 and 95 % quantiles, rounded to
    three digits (an int where it is whole); None where nothing was scored. ``outside``: rows outside of the bounds,
    whatever else they failed. ``abstained``: rows without a score. ``uncovered``: why the check has none in this
    language, or None.
    """

    name: str
    veto: bool
    enabled: bool
    min: float | None
    max: float | None
    scored: int
    abstained: int
    outside: int
    quantiles: tuple[float, float, float] | None
    uncovered: str | None


@dataclass(frozen=True)
class Judge:
    """The model behind a column in a language. ``scored``/``abstained``: rows; ``uncovered``: why it judged none.

    Without a model that covers the language ``name``, ``revision`` and ``license`` are None.
    """

    name: str | None
    revision: str | None
    license: str | None
    scored: int
    abstained: int
    uncovered: str | None


@dataclass(frozen=True)
class RungShare:
    """A rung of the ladder: how many units of the kept rows were accepted there, and their share in percent, rounded
    to one digit (never 0 where there is one, never 100 where another rung has one)."""

    rung: str
    units: int
    percent: float


@dataclass(frozen=True)
class LanguageEvidence:
    """How a language fared. ``total`` = ``kept`` + ``rejected``.

    ``reasons``: all rejected rows by reason, the most frequent first. ``by_filter``: of these, the rows that the
    filter (or a person, ``marked-bad``) has set aside among those that it judged; ``before``: those that came to it
    rejected. In a run that was never filtered all are ``before``. ``tasks``: by task; a source row that could not be
    read belongs to none and is counted in ``unread`` alone. ``edited``: kept rows that a person has changed or judged.
    ``brought_back``: of these, the rows that stood aside before. ``checks`` in the order of the columns; empty where
    nothing was scored. ``language_id``: None where the column was not made. ``units``: of the kept rows. ``shortlist``:
    what the manifest says of the words that the model was cut to, if it was.
    """

    lang: str
    total: int
    kept: int
    rejected: int
    reasons: Mapping[str, int]
    by_filter: Mapping[str, int]
    before: Mapping[str, int]
    tasks: Mapping[str, TaskCounts]
    unread: int
    edited: int
    brought_back: int
    judged: int
    checks: tuple[CheckScores, ...]
    language_id: Judge | None
    qe: Judge | None
    calibration: Calibration
    units: int
    rungs: tuple[RungShare, ...]
    shortlist: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class SourceUse:
    """Where kept English rows come from: distinct values of their ``source`` column; most rows first."""

    dataset: str
    revision: str
    license: str
    splits: tuple[str, ...]
    rows: int


@dataclass(frozen=True)
class TranslationUse:
    """How kept rows were made: distinct values of their ``translation`` column; most rows first.

    ``settings``: what the signature says, by its names ("decoding.beam": 4, "engine.ct": "int8", …); empty where it
    cannot be read. ``languages``: in which it is used. ``own``: what the run says of the model, where its languages
    have a model each.
    """

    model: str
    revision: str
    signature: str
    arguments_policy: str
    tools_policy: str
    settings: Mapping[str, Any]
    languages: tuple[str, ...]
    rows: int
    own: OwnModel | None = None


@dataclass(frozen=True)
class Slot:
    """A text of an example: ``role`` is system, user, assistant, tool or target. Untrusted."""

    role: str
    text: str


@dataclass(frozen=True)
class Example:
    """One item. ``texts``: language -> its texts, English first; languages that do not keep it are left out."""

    id: str
    task: str
    texts: Mapping[str, tuple[Slot, ...]]


@dataclass(frozen=True)
class RunEvidence:
    """What is known of a run.

    ``signature`` is the manifest's; ``languages`` English first; ``examples``: three, the same in every language;
    ``licenses``: {"source": …, "model": …} as the manifest has them (values may be None); ``model_notice``: what the
    model's owner asks to be said; ``models``: (name, licence) of those that translated, then of those that judged, of
    which ``judges`` holds the ones that wrote no row.
    ``filtered``: whether score columns and a policy stand beside the rows.
    """

    signature: str
    languages: tuple[LanguageEvidence, ...]
    sources: tuple[SourceUse, ...]
    translations: tuple[TranslationUse, ...]
    examples: tuple[Example, ...]
    licenses: Mapping[str, str | None]
    model_notice: str | None
    models: tuple[tuple[str, str | None], ...]
    filtered: bool
    judges: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True)
class MixtureEvidence:
    """What is known of a mixture. ``counts``, ``bytes`` (UTF-8, of the rows' texts) and ``tokens`` (None without a
    tokenizer) are counted from its rows: split -> task -> language -> number. ``removed``: test set -> rule -> rows,
    from removed.jsonl. All else is the manifest's: ``runs``, ``budget``, ``decontamination``, … (see mixture.json)."""

    name: str
    signature: str
    format: str
    languages: tuple[str, ...]
    tasks: tuple[str, ...]
    counts: Counts
    tokens: Counts | None
    bytes: Counts
    removed: Mapping[str, Mapping[str, int]]
    manifest: Mapping[str, Any]


@dataclass(frozen=True)
class SplitEvidence:
    """A split of a config. ``bytes``: its columns uncompressed, as Parquet counts them; ``files``: published paths."""

    name: str
    rows: int
    bytes: int
    files: tuple[str, ...]


@dataclass(frozen=True)
class ConfigEvidence:
    """A config as it is published. ``download``: the size of its files; ``bytes``: the sum over its splits."""

    name: str
    task: str | None
    lang: str | None
    mixture: str | None
    splits: tuple[SplitEvidence, ...]
    rows: int
    bytes: int
    download: int
    schema: pa.Schema


@dataclass(frozen=True)
class Totals:
    """Sums. ``items``: kept English rows; ``rows``: kept rows of all languages, English too; ``translated``: without
    English; ``rejected``: of all languages; ``mixture_rows``: of all mixtures and splits. A bundle of mixtures has 0
    for what a run has."""

    items: int
    rows: int
    translated: int
    rejected: int
    mixture_rows: int


@dataclass(frozen=True)
class Evidence:
    """Everything a card may say of a bundle. ``run`` is None for a bundle of mixtures."""

    run: RunEvidence | None
    mixtures: tuple[MixtureEvidence, ...]
    configs: tuple[ConfigEvidence, ...]
    languages: tuple[str, ...]
    tasks: tuple[str, ...]
    totals: Totals


def read_evidence(bundle: Bundle, progress: Progress | None = None) -> Evidence:
    """Counts everything, a row group in memory at a time. DataError where a file is damaged."""
    from .config_evidence import read_config  # these modules fill the classes above
    from .mixture_evidence import read_mixture, total
    from .run_evidence import read_run

    progress = progress or NullProgress()
    run = read_run(bundle, progress) if bundle.kind == "run" else None
    progress.message("counting the rows of the mixtures")
    mixtures = tuple(map(read_mixture, bundle.mixtures))
    configs = tuple(read_config(bundle, config) for config in bundle.configs)
    progress.message("")
    fared = run.languages if run else ()
    rows = sum(entry.kept for entry in fared)
    items = sum(entry.kept for entry in fared if entry.lang == "en")
    return Evidence(
        run=run,
        mixtures=mixtures,
        configs=configs,
        languages=bundle.languages,
        tasks=tuple(sorted({task for tasks in _tasks(run, mixtures) for task in tasks})),
        totals=Totals(
            items=items,
            rows=rows,
            translated=rows - items,
            rejected=sum(entry.rejected for entry in fared),
            mixture_rows=sum(total(mixture.counts) for mixture in mixtures),
        ),
    )


def _tasks(run: RunEvidence | None, mixtures: Sequence[MixtureEvidence]) -> list[Iterable[str]]:
    return [*(entry.tasks for entry in (run.languages if run else ())), *(mixture.tasks for mixture in mixtures)]
