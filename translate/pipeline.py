"""A whole run: English shards, then every shard in every language, each written once and counted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..toolkit.errors import MltError
from ..toolkit.languages import ENGLISH, Language
from ..toolkit.progress import NullProgress, Progress
from ..toolkit.records import Translation
from ..toolkit.signature import signature
from .cache import cache_root
from .calibrate import Calibration, calibrate
from .decode import Decoder
from .engine import Engine
from .engines.by_language import is_by_language, of_language, turn_to
from .english import write_english
from .language_engines import engine_facts, model_notice, model_terms, settle_engines, vocabulary_of
from .run_identity import decided
from .shard import Settings, translate_shard
from .shortlist.in_run import FullVocabulary, Lists, RunLists, summary
from .shortlist.sent import SentPieces
from .shortlist.setting import Setting, cuttable, of_own
from .speed_settings import settle_speed

if TYPE_CHECKING:
    from ..toolkit.run import Run
    from ..toolkit.sources import SourceReader
    from ..toolkit.store import RunStore


@dataclass
class Pipeline:
    """One run's parts. ``reader`` is needed to :meth:`run` alone; ``shortlist`` is the setting in force.

    ``find_speed``: the fastest settings of this machine are found for a new run.
    """

    store: RunStore
    reader: SourceReader | None
    engine: Engine
    settings: Settings
    shard_size: int
    cache_root: Path | None = None
    progress: Progress = field(default_factory=NullProgress)
    shortlist: Setting = "off"
    find_speed: bool = False
    _sent: tuple[Engine, SentPieces] | None = field(default=None, init=False, repr=False)

    def run(self, languages: Sequence[Language]) -> None:
        """Bring the run to hold every row in ``languages``; what is done already is not done again."""
        assert self.reader is not None
        self.settle_engines(languages)
        shards = write_english(self.store, self.reader, self.shard_size, self.progress)
        for language in languages:
            self.translate_shards(language, shards)
            while self.due(language, shards):  # what was done with a list that failed in the end
                self.translate_shards(language, shards)
            self.close_language(language)
        self.save_manifest(complete=True)

    def settle_engines(self, languages: Sequence[Language]) -> None:
        """Note or check the model of each language, where each has its own; see :func:`settle_engines`."""
        settle_engines(self.store, self.engine, languages)

    def due(self, language: Language, shards: Sequence[int]) -> list[int]:
        """Those of ``shards`` that are not done, or were of other rows, or made with a list that has failed."""
        self.store.home.refresh(language.code)
        with closing(self.open_lists(language)) as lists:
            lists.settle()
            return [index for index in shards if not self._stands(language, index, lists)]

    def translate_shards(self, language: Language, shards: Sequence[int]) -> None:
        """Translate those of ``shards`` that are due. Writes shards, facts and plans, never run.json."""
        with closing(self.open_lists(language)) as lists:
            self.translate_with(lists, language, shards)

    def translate_with(self, lists: Lists, language: Language, shards: Sequence[int]) -> None:
        """The same with lists that the caller keeps open."""
        rows = {index: self._marker("en", index)["out"] for index in shards}
        self.progress.start(language.code, sum(rows.values()))
        for index in shards:
            if self._stands(language, index, lists):
                self.progress.advance(language.code, rows[index])
            else:
                self._translate_shard(language, index, lists)
        self.progress.finish(language.code)

    def open_lists(self, language: Language) -> Lists:
        """The language's decoders, with a list or with the full vocabulary; to be closed."""
        root, own = self.cache_root or cache_root(), turn_to(self.engine, language)
        setting = of_own(self.shortlist, own)
        if setting == "off":
            return FullVocabulary(own, language, root)
        sent = self._sent_to(own)
        return RunLists(self.store, cuttable(own), language, setting, self.settings, sent, root, self.progress)

    def close_language(self, language: Language) -> None:
        """Check that every English record is accounted for, and write down what the language has."""
        check_balance(self.store, language.code)
        self.save_manifest(complete=False)

    def _stands(self, language: Language, index: int, lists: Lists) -> bool:
        marker = self.store.done(language.code, index)
        return marker is not None and marker["input"] == self._marker("en", index)["input"] and lists.stands(marker)

    def _sent_to(self, engine: Engine) -> SentPieces:
        """The pieces for the engine that languages have now: found once for all that share it, one after the other."""
        if self._sent is None or self._sent[0] is not engine:
            self._sent = engine, SentPieces(self.store, cuttable(engine), self.settings)
        return self._sent[1]

    def _translate_shard(self, language: Language, index: int, lists: Lists) -> None:
        started = time.perf_counter()
        self.store.home.refresh(language.code)
        english, records = self._marker("en", index), self.store.read_shard("en", index)
        steps = _Steps(self.progress, language.code, english["out"])
        plans = _ShardPlans(self.store, language.code, index)
        if (stale := self.store.done(language.code, index)) and not lists.stands(stale):
            self.store.drop_shard(language.code, index, plans=False)  # its plans would be removed after a kill
        decoder, chosen = lists.decoder(index, records, plans)
        self._settle_speed(decoder)
        before = decoder.decoded, decoder.cached
        result = translate_shard(
            records,
            language,
            decoder=decoder,
            settings=self.settings,
            translation=self._translation(language),
            calibration=lambda: self._calibration(language, decoder, plans),
            plans=plans,
            advance=steps.advance,
        )
        lists.learn(index, records, plans)
        facts = {
            **result.facts,
            **chosen,
            "in": english["out"],
            "input": english["input"],
            "decoded": decoder.decoded - before[0],
            "cached": decoder.cached - before[1],
            "seconds": round(time.perf_counter() - started, 3),
        }
        self.store.write_shard(language.code, index, result.kept, result.rejected, facts)
        self.store.drop_plans(language.code, index)
        steps.finish()

    def _settle_speed(self, decoder: Decoder) -> None:
        settle_speed(
            self.store,
            decoder.engine,
            decoder.target,
            self.settings.decoding,
            find=self.find_speed,
            root=self.cache_root or cache_root(),
            notify=self.progress.message,
        )

    def _calibration(self, language: Language, decoder: Decoder, plans: _ShardPlans) -> Calibration:
        """Found out once a run and language, and then kept, so that a resumed run climbs the same ladder."""
        name = f"calibration-{language.code}"
        facts = self.store.facts(name)
        if facts is None:
            self.progress.message(f"calibrating placeholders for {language.code}")
            found = calibrate(decoder, self.settings.decoding, language, plans)
            facts = {"direct": found.direct, "forms": [[form, share] for form, share in found.forms.items()]}
            self.store.save_facts(name, facts)
            facts = self.store.facts(name) or facts  # of several processes the first one decides
            self.progress.message("")
        return Calibration(facts["direct"], dict(facts["forms"]))

    def _translation(self, language: Language) -> Translation:
        identity, policies = of_language(self.engine, language).identity, self.settings.policies
        made_by, manifest = self.store.manifest["signature"], self.store.manifest
        if is_by_language(self.engine):  # what a run of this language alone would say
            lists = of_own(self.shortlist, of_language(self.engine, language))
            made_by = signature(decided(manifest["identity"], identity, lists))
        return Translation(
            model=str(identity["model"]),
            revision=str(identity["revision"]),
            signature=made_by,
            arguments_policy=policies.arguments,
            tools_policy=policies.tools,
        )

    def _marker(self, lang: str, index: int) -> dict[str, Any]:
        marker = self.store.done(lang, index)
        assert marker is not None
        return marker

    def save_manifest(self, *, complete: bool, **more: Any) -> None:
        """Write run.json: what every language has by its markers and facts; ``more`` stands beside it."""
        assert self.reader is not None
        codes, vocabulary = dict.fromkeys([ENGLISH.code, *self.store.languages]), vocabulary_of(self.engine)
        license, notice = model_terms(self.store, self.engine.license, model_notice(self.engine))
        if complete:
            self.store.manifest.pop("set_aside", None)  # shards that an earlier attempt gave up
        self.store.save_manifest(
            complete=complete,
            languages={code: said_of(self.store, code, vocabulary) for code in codes},
            licenses={"source": self.reader.license, "model": license},
            model_notice=notice,
            versions={name: version(name) for name in ("mlt", "ctranslate2", "pyarrow", "sentencex")},
            **more,
        )


def check_balance(store: Run, code: str) -> None:
    """Raises MltError unless every English record is in the language or among its rejected rows."""
    totals, english = store.totals(code), store.totals(ENGLISH.code)
    rejected = sum(totals["rejected"].values())
    if not english["out"] == totals["in"] == totals["out"] + rejected:
        raise MltError(
            f"{code}: {english['out']} records went in, {totals['out']} came out and {rejected} were"
            " rejected: rows were lost; please report this"
        )


def said_of(store: RunStore, code: str, vocabulary: int | None) -> dict[str, Any]:
    """What run.json says of a language: the sums of its markers, and what was found out for it once.

    ``vocabulary``: the size of the model's, where it is known.
    """
    totals = store.totals(code)
    rate = totals["units"] / totals["seconds"] if totals.get("seconds") else None
    said = {**totals, "units_per_s": None if rate is None else round(rate, 1)}
    if code != ENGLISH.code:
        if own := engine_facts(store, code):
            said["engine"], vocabulary = own, own["vocabulary"]
        said["calibration"] = store.facts(f"calibration-{code}")
        if shortlist := summary(store, code, vocabulary):
            said["shortlist"] = shortlist
    return said


@dataclass(frozen=True)
class _ShardPlans:
    """The batch plans of one shard in one language, in the run's folder."""

    store: RunStore
    lang: str
    index: int

    def load(self, step: str) -> list[list[str]] | None:
        return self.store.plan(self.lang, self.index, step)

    def save(self, step: str, batches: list[list[str]]) -> None:
        self.store.save_plan(self.lang, self.index, step, batches)


class _Steps:
    """Shares of a shard as whole rows of progress."""

    def __init__(self, progress: Progress, lang: str, rows: int) -> None:
        self._tell: Callable[[int], None] = lambda n: progress.advance(lang, n)
        self._rows, self._share, self._told = rows, 0.0, 0

    def advance(self, share: float) -> None:
        self._share = min(1.0, self._share + share)
        self._to(int(self._share * self._rows))

    def finish(self) -> None:
        self._to(self._rows)

    def _to(self, rows: int) -> None:
        if rows > self._told:
            self._tell(rows - self._told)
            self._told = rows
