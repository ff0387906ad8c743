"""How the sides of the peers' comparison call a model: mlt itself, plain CTranslate2 scripts, and transformers.

A caller is made in a process of its own (:mod:`.peer_process`). It loads its model when it is made, and
``translate(job)`` is what is timed; ``pairs()`` tells afterwards what was sent, and what came back for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Any

from .independent_check import read_rows
from .peer_texts import flat, unique_sentences
from .sides import LANGUAGE, Raw, Transformers, tokenise, tokenizer

Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Job:
    """What to translate: ``source`` is the file of the rows, ``texts`` are theirs; ``options`` are the caller's own."""

    source: str
    texts: Sequence[Sequence[str]]
    beam: int
    options: Mapping[str, Any] = field(default_factory=dict)


class Ours:
    """``translate()`` from the source file to the written run: model loaded, list cut and audited inside the call."""

    shortlist = "auto"

    def __init__(self, hf: Path, ct2: Path) -> None:
        self._model = str(ct2)
        self._folder: Any = None
        self._found = TemporaryDirectory(prefix="mlt-bench-")

    def prepare(self, beam: int) -> None:
        """Finds the fastest settings for the machine, as the first large run does; they are in the cache afterwards."""
        from mlt.toolkit.languages import resolve
        from mlt.translate.engine import Decoding
        from mlt.translate.models import load_engine
        from mlt.translate.shortlist.engine import shortlisted
        from mlt.translate.shortlist.pieces import script_list
        from mlt.translate.speed_settings import MIN_ROWS, best_speed

        root, target = Path(self._found.name), resolve(LANGUAGE).language
        full: Any = load_engine(self._model, device="cpu")
        engine = full
        with TemporaryDirectory(prefix="mlt-bench-") as folder:
            if self.shortlist != "off":
                engine = shortlisted(full, script_list(full, target, frozenset()), root=Path(folder))
            best_speed(engine, target, Decoding(beam_size=beam), rows=MIN_ROWS, root=root)
            engine.close()

    def translate(self, job: Job) -> None:
        """One run into a fresh folder with a cache that holds no translation; without the ladder, which random words
        would only climb."""
        from mlt.translate import translate

        self._folder = TemporaryDirectory(prefix="mlt-bench-")
        folder = Path(self._folder.name)
        copytree(self._found.name, folder / "cache")
        translate(
            job.source,
            langs=[LANGUAGE],
            out=folder / "run",
            cache_dir=folder / "cache",
            model=self._model,
            device="cpu",
            beam_size=job.beam,
            ladder=False,
            shortlist=self.shortlist,
        )

    def pairs(self) -> Pairs:
        """The units of all rows, each once: random words are set aside by the checks, but kept with their units."""
        run = Path(self._folder.name) / "run"
        rows = read_rows(run / LANGUAGE) + read_rows(run / "rejected" / LANGUAGE)
        found = {unit["source"]: unit["target"] for row in rows for unit in row["units"] or []}
        return list(found.items())

    def facts(self) -> dict[str, Any]:
        """What the run says of its list of words and of its settings."""
        from mlt.toolkit.files import read_json
        from mlt.toolkit.run import read_manifest

        run = Path(self._folder.name) / "run"
        manifest = read_manifest(run)
        speeds = {path.stem: read_json(path) for path in sorted((run / "facts").glob("speed-*.json"))}
        for speed in speeds.values():
            del speed["machine"]
        return {"shortlist": manifest["languages"][LANGUAGE].get("shortlist"), "settings": speeds}


class OursWithoutList(Ours):
    """The same with ``--shortlist off``."""

    shortlist = "off"


class Defaults:
    """CTranslate2 with nothing set but the beam, on whole texts."""

    def __init__(self, hf: Path, ct2: Path) -> None:
        self._ct2, self._tokenizer = ct2, tokenizer(hf)
        self._raw: Raw | None = None
        self._loaded_with: Mapping[str, Any] = {}
        self._pairs: Pairs = []

    def translate(self, job: Job) -> None:
        """Tokenise, one call of ``translate_batch``, and decode."""
        texts = self.units(job.texts)
        tokens = tokenise(self._tokenizer, texts)
        out = self._loaded(self.loading(job)).translate(tokens, beam_size=job.beam, **self.decoding(job))
        ids = [self._tokenizer.convert_tokens_to_ids(tokens) for tokens in out]
        self._pairs = list(zip(texts, self._tokenizer.batch_decode(ids, skip_special_tokens=True), strict=True))

    def pairs(self) -> Pairs:
        """What was sent, and what came back."""
        return self._pairs

    def units(self, texts: Sequence[Sequence[str]]) -> list[str]:
        """What is sent of the rows."""
        return flat(texts)

    def loading(self, job: Job) -> dict[str, Any]:
        """What is set of the Translator, which is loaded anew where that changes."""
        return {}

    def decoding(self, job: Job) -> dict[str, Any]:
        """What is set of ``translate_batch``."""
        return {}

    def _loaded(self, options: Mapping[str, Any]) -> Raw:
        if self._raw is None or options != self._loaded_with:
            self._raw = None  # never two at once: the peak of memory is measured
            self._raw, self._loaded_with = Raw(self._ct2, **options), options
        return self._raw


class Whole(Defaults):
    """A plain script with its best settings: workers, threads and batch size as ``options`` say, on whole texts."""

    def loading(self, job: Job) -> dict[str, Any]:
        """What is set of the Translator."""
        return {"compute_type": "int8", **{name: job.options[name] for name in ("inter_threads", "intra_threads")}}

    def decoding(self, job: Job) -> dict[str, Any]:
        """What is set of ``translate_batch``."""
        return {"max_batch_size": job.options["max_batch_size"], "batch_type": "tokens"}


class Sentences(Whole):
    """The same on sentences, each distinct one once, all in one call: the best that a plain script does."""

    def units(self, texts: Sequence[Sequence[str]]) -> list[str]:
        """What is sent of the rows."""
        return unique_sentences(texts)


class Generate:
    """``generate`` of transformers in bfloat16, sorted by length, on whole texts; ``options`` name the batch."""

    dtype = "bfloat16"

    def __init__(self, hf: Path, ct2: Path) -> None:
        self._side = Transformers(hf, self.dtype)
        self._pairs: Pairs = []

    def translate(self, job: Job) -> None:
        """Tokenise, generate and decode."""
        texts = self.units(job.texts)
        self._side.batch = job.options.get("batch", Transformers.batch)
        self._pairs = list(zip(texts, self._side.translate(texts, job.beam), strict=True))

    def pairs(self) -> Pairs:
        """What was sent, and what came back."""
        return self._pairs

    def units(self, texts: Sequence[Sequence[str]]) -> list[str]:
        """What is sent of the rows."""
        return flat(texts)
