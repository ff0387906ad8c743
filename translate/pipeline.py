"""A whole run: English shards, then every shard in every language, each written once and counted."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..toolkit.errors import MltError
from ..toolkit.languages import ENGLISH, Language
from ..toolkit.progress import NullProgress, Progress
from ..toolkit.records import Translation, dump_json
from ..toolkit.signature import OUTPUT_VERSION
from .cache import UnitCache
from .calibrate import Calibration, calibrate
from .decode import Decoder
from .engine import Engine
from .english import write_english
from .placeholders import FORMS
from .shard import Settings, translate_shard

if TYPE_CHECKING:
    from ..toolkit.sources import SourceReader
    from ..toolkit.store import RunStore


@dataclass
class Pipeline:
    """One run's parts. ``advance`` amounts are rows of the shard's language."""

    store: RunStore
    reader: SourceReader
    engine: Engine
    settings: Settings
    shard_size: int
    cache_root: Path | None = None
    progress: Progress = field(default_factory=NullProgress)

    def run(self, languages: Sequence[Language]) -> None:
        """Bring the run to hold every row in ``languages``; what is done already is not done again."""
        shards = write_english(self.store, self.reader, self.shard_size, self.progress)
        for language in languages:
            self._translate(language, shards)
        self._save_manifest(complete=True)

    def _translate(self, language: Language, shards: Sequence[int]) -> None:
        inputs = {index: self._marker("en", index) for index in shards}
        self.progress.start(language.code, sum(marker["out"] for marker in inputs.values()))
        with UnitCache(cache_name(self.engine), language.code, root=self.cache_root) as cache:
            decoder = Decoder(self.engine, language, cache)
            for index, english in inputs.items():
                marker = self.store.done(language.code, index)
                if marker is None or marker["input"] != english["input"]:
                    self._translate_shard(language, index, english, decoder)
                else:
                    self.progress.advance(language.code, english["out"])
        self._check_balance(language)
        self._save_manifest(complete=False)
        self.progress.finish(language.code)

    def _translate_shard(self, language: Language, index: int, english: Mapping[str, Any], decoder: Decoder) -> None:
        started, before = time.perf_counter(), (decoder.decoded, decoder.cached)
        steps = _Steps(self.progress, language.code, english["out"])
        plans = _ShardPlans(self.store, language.code, index)
        result = translate_shard(
            self.store.read_shard("en", index),
            language,
            decoder=decoder,
            settings=self.settings,
            translation=self._translation(),
            calibration=lambda: self._calibration(language, decoder, plans),
            plans=plans,
            advance=steps.advance,
        )
        facts = {
            **result.facts,
            "in": english["out"],
            "input": english["input"],
            "decoded": decoder.decoded - before[0],
            "cached": decoder.cached - before[1],
            "seconds": round(time.perf_counter() - started, 3),
        }
        self.store.write_shard(language.code, index, result.kept, result.rejected, facts)
        self.store.drop_plans(language.code, index)
        steps.finish()

    def _calibration(self, language: Language, decoder: Decoder, plans: _ShardPlans) -> Calibration:
        """Found out once a run and language, and then kept, so that a resumed run climbs the same ladder."""
        name = f"calibration-{language.code}"
        facts = self.store.facts(name)
        if facts is None:
            self.progress.message(f"calibrating placeholders for {language.code}")
            found = calibrate(decoder, self.settings.decoding, language, plans)
            facts = {"direct": found.direct, "forms": [[form, share] for form, share in found.forms.items()]}
            self.store.save_facts(name, facts)
            self.progress.message("")
        return Calibration(facts["direct"], dict(facts["forms"]))

    def _translation(self) -> Translation:
        identity, policies = self.engine.identity, self.settings.policies
        return Translation(
            model=str(identity["model"]),
            revision=str(identity["revision"]),
            signature=self.store.manifest["signature"],
            arguments_policy=policies.arguments,
            tools_policy=policies.tools,
        )

    def _marker(self, lang: str, index: int) -> dict[str, Any]:
        marker = self.store.done(lang, index)
        assert marker is not None
        return marker

    def _check_balance(self, language: Language) -> None:
        """Every English record is in the language or among its rejected rows."""
        totals, english = self.store.totals(language.code), self.store.totals("en")
        rejected = sum(totals["rejected"].values())
        if not english["out"] == totals["in"] == totals["out"] + rejected:
            raise MltError(
                f"{language.code}: {english['out']} records went in, {totals['out']} came out and {rejected} were"
                " rejected: rows were lost; please report this"
            )

    def _save_manifest(self, *, complete: bool) -> None:
        languages = {}
        for code in dict.fromkeys([ENGLISH.code, *self.store.languages]):
            totals = self.store.totals(code)
            rate = totals["units"] / totals["seconds"] if totals.get("seconds") else None
            languages[code] = {**totals, "units_per_s": None if rate is None else round(rate, 1)}
            if code != ENGLISH.code:
                languages[code]["calibration"] = self.store.facts(f"calibration-{code}")
        self.store.save_manifest(
            complete=complete,
            languages=languages,
            licenses={"source": self.reader.license, "model": self.engine.license},
            model_notice=model_notice(self.engine),
            versions={name: version(name) for name in ("mlt", "ctranslate2", "pyarrow", "sentencex")},
        )


def run_identity(reader: SourceReader, engine: Engine, settings: Settings, shard_size: int) -> dict[str, Any]:
    """All that decides the rows of a run, but for its languages and its limit, by which it may grow."""
    decoding, policies = settings.decoding, settings.policies
    return {
        "source": reader.describe(),
        "engine": dict(engine.identity),
        "decoding": {name: getattr(decoding, name) for name in decoding.__slots__},
        "segment": settings.segment,
        "ladder": settings.climb,
        "arguments": policies.arguments,
        "tools": policies.tools,
        "argument_table": dict(policies.table) or None,
        "forms": [form.name for form in FORMS],
        "shard_size": shard_size,
        "output_version": OUTPUT_VERSION,
    }


def model_notice(engine: Engine) -> str | None:
    """What whoever meets a model must know of it, such as that it is a toy; None for a model without a notice."""
    return getattr(engine, "notice", None)


def cache_name(engine: Engine) -> str:
    """The folder of an engine's cached units: its name, for people, and a hash of all that decides a hypothesis."""
    identity = dump_json(dict(sorted(engine.identity.items())))
    model = Path(str(engine.identity["model"])).name
    readable = "".join(char if char.isalnum() or char in "-_." else "-" for char in model)[:60]
    return f"{engine.name}-{readable}-{blake2b(identity.encode(), digest_size=6).hexdigest()}"


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
