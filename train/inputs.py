"""What a mixture is made of: runs, test sets and a tokenizer, opened, with what manifests say of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from ..toolkit.errors import DataError, UsageError
from ..toolkit.own_models import own_models
from ..toolkit.progress import Progress
from ..toolkit.run import Run, open_run
from .decontaminate import Decontaminator
from .request import ordered
from .tokens import TokenCounter


@dataclass(frozen=True, slots=True)
class Inputs:
    """Runs, the first of which wins; the test sets to keep out and the tokenizer, None without."""

    runs: tuple[Run, ...]
    test_sets: Decontaminator | None
    counter: TokenCounter | None

    def languages(self) -> tuple[str, ...]:
        """All languages that a run holds."""
        return ordered(lang for run in self.runs for lang in run.languages)

    def tokenizer(self) -> dict[str, str] | None:
        """Its name and revision."""
        return None if self.counter is None else {"name": self.counter.name, "revision": self.counter.revision}

    def read(self, languages: Collection[str]) -> tuple[str, ...]:
        """The languages that decide a mixture of ``languages``: English too where test sets are compared with it."""
        return ordered([*languages, *([] if self.test_sets is None else ["en"])])


def open_inputs(
    runs: Sequence[str | Path],
    decontaminate: str | Sequence[str],
    tokenizer: str | None,
    cache_dir: str | Path | None,
    progress: Progress,
) -> Inputs:
    """Opens them, runs first; notes what a user should know of a run."""
    if not runs:
        raise UsageError("RUN is missing: name at least one folder of a run")
    opened = tuple(open_run(path) for path in runs)
    for run in opened:
        if "filter" not in run.manifest:
            progress.note(f"{run.where} is not filtered: its rows are as the translator left them (mlt filter)")
        if not run.manifest.get("complete", True):
            progress.note(f"{run.where} is not complete: only its finished shards are read")
    specs = decontaminate.split(",") if isinstance(decontaminate, str) else decontaminate
    names = [spec.strip() for spec in specs if spec.strip()]
    test_sets = Decontaminator.open(names, cache_dir, progress) if names else None
    counter = TokenCounter.open(tokenizer, progress=progress) if tokenizer else None
    return Inputs(opened, test_sets, counter)


def check_languages(inputs: Inputs, languages: Sequence[str]) -> None:
    """UsageError for languages that no run holds; DataError where test sets are given and no English."""
    held = inputs.languages()
    if missing := [lang for lang in languages if lang not in held]:
        raise UsageError(f"no run holds {', '.join(missing)}: they hold {', '.join(held) or 'nothing'}")
    if inputs.test_sets is not None and "en" not in held:
        raise DataError("no run holds English, which --decontaminate compares with the test sets: leave it out")


def content_of(run: Run, languages: Collection[str]) -> str:
    """A hash over the finished files of kept rows in ``languages``, whatever the shards' numbers."""
    entries = sorted(f"{lang} {digest}" for lang in languages for digest in _hashes(run, lang))
    return blake2b("\n".join(entries).encode(), digest_size=16).hexdigest()


def run_facts(run: Run, languages: Collection[str]) -> dict[str, Any]:
    """What a mixture's manifest says of a run."""
    manifest = run.manifest
    own = own_models(manifest)
    return {
        "signature": manifest.get("signature"),
        "content": content_of(run, languages),
        "licenses": manifest.get("licenses", {}),
        "model_notice": manifest.get("model_notice"),
        "filtered": "filter" in manifest,
        "languages": [lang for lang in run.languages if lang in languages],
        **({"models": [model.to_json() for model in own.values()]} if own else {}),
        "source": source_of(manifest["identity"]),
    }


def source_of(identity: Mapping[str, Any]) -> dict[str, Any] | None:
    """The source that a run's identity names, also of a filtered run, whose identity holds its input's."""
    while True:
        source, deeper = identity.get("source"), identity.get("input")
        if isinstance(source, Mapping):
            return dict(source)
        if not isinstance(deeper, Mapping):
            return None
        identity = deeper


def _hashes(run: Run, lang: str) -> Iterator[str]:
    for index in run.shards(lang):
        marker = run.done(lang, index) or {"files": {}}
        yield from (entry["blake2b"] for name, entry in marker["files"].items() if name.startswith(f"{lang}/"))
