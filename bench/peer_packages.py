"""EasyNMT, nllb-serve and argos-translate: the packages themselves, or how they call a model where they are not there.

The packages need an interpreter of their own (transformers 4); ``MLT_BENCH_PEERS`` names it, see the page. All are
given :func:`~bench.peer_texts.sentences` as their sentence splitter, for theirs have to be downloaded. Sources read:
EasyNMT 2.0.2, nllb-serve 0.2.1, argos-translate 1.11.0.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from .peer_callers import Generate, Job, Pairs
from .peer_texts import flat, sentences
from .sides import LONGEST, SOURCE, TARGET, Raw, Transformers, tokenizer

ARGOS = {"max_batch_size": 32, "batch_type": "tokens", "length_penalty": 0.2, "replace_unknowns": True}
SERVED_LENGTH = 80  # nllb-serve's own limit: longer output is cut


class EasyNmtPattern(Generate):
    """EasyNMT's way: sentences sorted by length, float32, 16 a batch (its default; ``options`` may name another)."""

    dtype = "float32"

    def units(self, texts: Sequence[Sequence[str]]) -> list[str]:
        """EasyNMT repeats what is repeated."""
        return [sentence for text in flat(texts) for sentence in sentences(text)]

    def translate(self, job: Job) -> None:
        """As :class:`Generate` does, with EasyNMT's batch."""
        super().translate(Job(job.source, job.texts, job.beam, {"batch": 16, **job.options}))


class EasyNmt:
    """The package itself, on the folder of the model."""

    def __init__(self, hf: Path, ct2: Path) -> None:
        from easynmt import EasyNMT
        from easynmt.models.AutoModel import AutoModel

        folder = readable_by_4(hf)
        model = AutoModel(str(folder), lang_map={"en": SOURCE, "th": TARGET})
        self._model = EasyNMT(translator=model, device="cpu")
        self._pairs: Pairs = []

    def translate(self, job: Job) -> None:
        """One call with the texts of all rows."""
        texts = flat(job.texts)
        out = self._model.translate(
            texts,
            target_lang="th",
            source_lang="en",
            beam_size=job.beam,
            batch_size=job.options.get("batch", 16),
            sentence_splitter=lambda text, lang: sentences(text),
            max_new_tokens=LONGEST,
        )
        self._pairs = list(zip(texts, out, strict=True))

    def pairs(self) -> Pairs:
        """Whole texts: the package puts its sentences together again."""
        return self._pairs

    def facts(self) -> dict[str, Any]:
        """The versions that took part."""
        return _versions("easynmt", "transformers", "torch")


class NllbServePattern:
    """nllb-serve's way: a request a row, its sentences in one padded batch, float32, greedy."""

    def __init__(self, hf: Path, ct2: Path) -> None:
        self._side = Transformers(hf, "float32")
        self._pairs: Pairs = []

    def translate(self, job: Job) -> None:
        """One request after another."""
        self._pairs = []
        for row in job.texts:
            units = [sentence for text in row for sentence in sentences(text)]
            self._side.batch = len(units)
            self._pairs += zip(units, self._side.translate(units, 1), strict=True)

    def pairs(self) -> Pairs:
        """What was sent, and what came back."""
        return self._pairs


class NllbServe:
    """The package's own Flask application, asked in its process: no socket between."""

    def __init__(self, hf: Path, ct2: Path) -> None:
        sys.argv = ["nllb-serve", "--model_id", str(readable_by_4(hf))]
        from nllb_serve.app import app

        self._client = app.test_client()
        self._pairs: Pairs = []

    def translate(self, job: Job) -> None:
        """One request a row, of its sentences."""
        self._pairs = []
        for row in job.texts:
            units = [sentence for text in row for sentence in sentences(text)]
            asked = {"source": units, "src_lang": SOURCE, "tgt_lang": TARGET}
            answer = self._client.post("/translate", json=asked)
            self._pairs += zip(units, answer.get_json()["translation"], strict=True)

    def pairs(self) -> Pairs:
        """What was sent, and what came back."""
        return self._pairs

    def facts(self) -> dict[str, Any]:
        """The versions that took part."""
        return _versions("nllb-serve", "transformers", "torch")


class _Pieces:
    """What argos-translate asks of a package's tokenizer: NLLB's source language goes in front, as for its models."""

    def __init__(self, hf: Path) -> None:
        self._tokenizer = tokenizer(hf)

    def encode(self, sentence: str) -> list[str]:
        """A sentence as tokens."""
        tokens: list[str] = self._tokenizer.convert_ids_to_tokens(self._tokenizer(sentence)["input_ids"])
        return tokens

    def decode(self, tokens: list[str]) -> str:
        """Tokens as text."""
        text: str = self._tokenizer.decode(self._tokenizer.convert_tokens_to_ids(tokens), skip_special_tokens=True)
        return text


class ArgosPattern:
    """argos-translate's way: a Translator with one worker; a paragraph's sentences a call, 32 tokens a batch."""

    def __init__(self, hf: Path, ct2: Path) -> None:
        self._pieces, self._raw = _Pieces(hf), Raw(ct2, device="cpu", inter_threads=1, intra_threads=0)
        self._pairs: Pairs = []

    def translate(self, job: Job) -> None:
        """Text after text, paragraph after paragraph."""
        self._pairs = []
        for paragraph in (part for text in flat(job.texts) for part in text.split("\n")):
            units = sentences(paragraph)
            tokens = [self._pieces.encode(unit) for unit in units]
            out = self._raw.translate(tokens, beam_size=job.beam, **ARGOS) if units else []
            self._pairs += zip(units, map(self._pieces.decode, out), strict=True)

    def pairs(self) -> Pairs:
        """What was sent, and what came back."""
        return self._pairs


class Argos:
    """The package's ``PackageTranslation``, on a package that is the model's folder."""

    def __init__(self, hf: Path, ct2: Path) -> None:
        from argostranslate.translate import PackageTranslation

        home = ct2.parent / "argos"  # argos-translate looks for a folder "model" in a package's
        home.mkdir(exist_ok=True)
        if not (home / "model").exists():
            (home / "model").symlink_to(ct2)
        package: Any = SimpleNamespace(
            package_path=home,
            packaged_sbd_path=None,
            target_prefix=TARGET,
            tokenizer=_Pieces(readable_by_4(hf)),
            from_code="en",
        )
        names: list[Any] = [SimpleNamespace(code=code, name=code) for code in ("en", "th")]
        self._translation = PackageTranslation(*names, package)
        self._translation.sentencizer = SimpleNamespace(split_sentences=sentences)
        self._pairs: Pairs = []

    def translate(self, job: Job) -> None:
        """Text after text; the beam is the package's own of 4."""
        texts = flat(job.texts)
        self._pairs = [(text, self._translation.translate(text)) for text in texts]

    def pairs(self) -> Pairs:
        """Whole texts: the package puts its sentences together again."""
        return self._pairs

    def facts(self) -> dict[str, Any]:
        """The versions that took part."""
        return _versions("argostranslate", "ctranslate2")


def _versions(*packages: str) -> dict[str, Any]:
    return {"versions": {name: version(name) for name in packages}}


def readable_by_4(hf: Path) -> Path:
    """The folder for transformers 4, made once: merges in one string each, the weights linked."""
    folder = hf.parent / "transformers-4"
    if folder.is_dir():
        return folder
    unfinished = hf.parent / f"transformers-4.tmp-{id(hf)}"
    unfinished.mkdir()
    for path in hf.iterdir():
        if path.name != "tokenizer.json":
            (unfinished / path.name).symlink_to(path)
    tokens = json.loads((hf / "tokenizer.json").read_text(encoding="utf-8"))
    tokens["model"]["merges"] = [" ".join(pair) for pair in tokens["model"]["merges"]]
    (unfinished / "tokenizer.json").write_text(json.dumps(tokens, ensure_ascii=False), encoding="utf-8")
    unfinished.rename(folder)
    return folder
