"""A checkpoint as transformers writes it becomes a CTranslate2 folder, once.

The work is done by this module as a program of its own, so that torch and a full copy of the weights are gone
when it ends: ``python -m mlt.translate.convert SOURCE DESTINATION QUANTIZATION``.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from ..toolkit.errors import EnvironmentProblem
from ..toolkit.files import disk_errors, read_json
from .engines.tokenization import (
    SENTENCEPIECE_FILES,
    SIDED_FILES,
    TOKENIZER_FILE,
    has_tokenizer,
    load_vocabulary,
)
from .families.marian import CONFIG as PAIR_FILE
from .families.registry import check_checkpoint
from .model_store import Progress, new_model_folder

_NEEDED = ("torch", "transformers", "sentencepiece", "google.protobuf")


def convert_once(
    source: Path,
    destination: Path,
    quantization: str,
    about: dict[str, Any],
    *,
    is_ct2: bool = False,
    progress: Progress | None = None,
) -> None:
    """Makes ``destination`` from the checkpoint in ``source``, whole or not at all; the caller holds the lock.

    ``about`` is written beside the weights. ``is_ct2``: ``source`` is CTranslate2's already and is copied.
    Raises EnvironmentProblem when packages are missing, the disk is full or the checkpoint is damaged,
    UsageError when it lacks its tokenizer.
    """
    what = f"converting {about['name']} to {quantization}"
    with new_model_folder(destination, about, what, progress) as unfinished:
        if is_ct2:
            with disk_errors(destination):
                shutil.copytree(source, unfinished)
        else:
            check_checkpoint(source)
            _run(source, unfinished, quantization)


def _run(source: Path, destination: Path, quantization: str) -> None:
    missing = [name for name in _NEEDED if not _installed(name)]
    if missing:
        raise EnvironmentProblem(
            f"converting {source.name} needs {', '.join(missing)}: install mlt[nllb], or use --model tiny"
        )
    arguments = [sys.executable, "-m", "mlt.translate.convert", str(source), str(destination), quantization]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    done = subprocess.run(
        arguments, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        reason = lines[-1] if lines else f"exit code {done.returncode}"
        raise EnvironmentProblem(f"{source}: cannot be converted: {reason}")


def _installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def convert(source: Path, destination: Path, quantization: str) -> None:
    """Converts in this process. Raises ValueError where the tokenizer and the vocabulary disagree."""
    from ctranslate2.converters import TransformersConverter

    class Converter(TransformersConverter):
        def load_model(self, model_class: Any, path: str, **options: Any) -> Any:
            model = super().load_model(model_class, path, **options)
            # transformers 5 calls every T5 tied and notes elsewhere whether its outputs are scaled, which is what
            # CTranslate2 4.8 wants to know: MADLAD-400's are not.
            model.config.tie_word_embeddings = getattr(
                model.config, "scale_decoder_outputs", model.config.tie_word_embeddings
            )
            return model

        def load_tokenizer(self, tokenizer_class: Any, path: str, **options: Any) -> Any:
            self.tokenizer = super().load_tokenizer(tokenizer_class, path, **options)
            # transformers 5 no longer lists M2M100's language tokens where CTranslate2 4.8 looks for them.
            vocabulary = {**self.tokenizer.get_vocab(), **(getattr(self.tokenizer, "lang_token_to_id", None) or {})}
            # Nor are T5's sentinels, which it adds to every tokenizer, in the embeddings of MADLAD-400.
            rows = read_json(source / "config.json").get("vocab_size", len(vocabulary))
            vocabulary = {token: index for token, index in vocabulary.items() if index < rows}
            self.tokenizer.get_vocab = lambda: vocabulary
            return self.tokenizer

    converter = Converter(str(source), low_cpu_mem_usage=True)
    converter.convert(str(destination), quantization=quantization)
    _copy_tokenizer(source, destination, converter.tokenizer)
    _check(destination)


def _copy_tokenizer(source: Path, destination: Path, tokenizer: Any) -> None:
    """The files that the engine reads: tokenizer.json where there is one, else SentencePiece models."""
    names: tuple[str, ...] = SENTENCEPIECE_FILES
    if (source / SIDED_FILES[0]).is_file():
        names = (*SIDED_FILES, PAIR_FILE)
    elif (source / TOKENIZER_FILE).is_file():
        names = (TOKENIZER_FILE,)
    elif hasattr(tokenizer, "backend_tokenizer"):
        tokenizer.backend_tokenizer.save(str(destination / TOKENIZER_FILE))
        return
    for name in names:
        if (source / name).is_file():
            shutil.copy(source / name, destination)


def _check(folder: Path) -> None:
    """Every token of the tokenizer has the same id in the model's vocabulary."""
    if not has_tokenizer(folder):
        raise ValueError("the checkpoint holds no tokenizer.json and no SentencePiece model")
    if not (folder / TOKENIZER_FILE).is_file():
        return
    from tokenizers import Tokenizer

    vocabulary = load_vocabulary(folder)
    tokens = Tokenizer.from_file(str(folder / TOKENIZER_FILE)).get_vocab()
    for token, index in tokens.items():
        if index >= len(vocabulary) and token.startswith("<extra_id_"):
            continue  # T5's sentinels, which no text becomes
        if index >= len(vocabulary) or vocabulary[index] != token:
            raise ValueError(f"tokenizer.json has token {token!r} as {index}, the model has not")


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
