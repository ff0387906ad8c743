"""The COMET worker: a program of its own, run by path in an interpreter that has unbabel-comet and need not have mlt.

It reads requests from stdin and answers on stdout, one JSON object a line; libraries' prints go to stderr.

    {"op": "hello"}                                     -> {"op": "hello", "comet": version, "device": "cpu" or "cuda"}
    {"op": "load", "checkpoint": path}                  -> {"op": "loaded", "cached": bool, "model": class}
    {"op": "score", "id": n, "batch_size": k, "pairs": [[source, target], ...]}
        -> any number of {"op": "scores", "id": n, "at": [index, ...], "values": [float or null, ...]}, then
           {"op": "done", "id": n}
    {"op": "quit"}                                      -> the end; so does the end of stdin

What cannot be done is answered {"op": "error", "kind": "checkpoint", "encoder" or "scoring", "text": one line}.
"""

from __future__ import annotations

import json
import logging
import math
import os
import pickle
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

_ANSWER_EVERY_S = 1.0

Pair = tuple[str, str]
Scores = tuple[list[int], "list[float | None]"]


class CannotScore(Exception):
    """One line for the user. ``kind``: checkpoint, encoder or scoring."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class Scorer:
    """Holds one COMET model at a time."""

    def __init__(self) -> None:
        _quiet()
        # Read by torch whenever it loads: a checkpoint may hold numbers and plain values, and can run no code.
        os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = "1"
        os.environ.pop("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", None)
        import comet  # type: ignore[import-not-found, unused-ignore]
        import torch

        self._comet, self._torch = comet, torch
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self._path: str | None = None
        self._model: Any = None

    def load(self, checkpoint: str) -> bool:
        """Whether the model was there already. Raises CannotScore for one that is unfit or cannot be had."""
        if checkpoint == self._path:
            return True
        self._path = self._model = None  # the old one goes first: two may not fit
        _check_hparams(checkpoint)
        try:
            model = self._comet.load_from_checkpoint(checkpoint)
        except pickle.UnpicklingError:
            reason = "is damaged, or holds more than weights (objects that could run code), so it is not loaded"
            raise CannotScore("checkpoint", f"{checkpoint} {reason}") from None
        except OSError as error:
            if error.errno is not None:
                raise CannotScore("checkpoint", f"{checkpoint} cannot be read: {_line(error)}") from None
            raise CannotScore("encoder", f"{checkpoint}: {_line(error)}") from None  # transformers finds no files
        except Exception as error:
            raise CannotScore("checkpoint", f"{checkpoint} is no COMET checkpoint: {_line(error)}") from None
        if model.requires_references():
            raise CannotScore("checkpoint", f"{checkpoint} needs reference translations; name a model that does not")
        self._model = model.eval().to(self.device)
        self._path = checkpoint
        return False

    @property
    def model(self) -> str:
        """The loaded model's class."""
        return type(self._model).__name__

    def score(self, pairs: Sequence[Pair], batch_size: int) -> Iterator[Scores]:
        """Indices and scores, batch by batch, in the order of comet's own ``predict``: by the source's length.

        The same batches go through the same ``predict_step``, so the scores are what ``predict`` gives; a call costs
        no trainer, and on a GPU the model stays where it is.
        """
        import numpy

        samples = [{"src": _sound(source), "mt": _sound(target)} for source, target in pairs]
        order = numpy.argsort([len(sample["src"]) for sample in samples]).tolist()
        for start in range(0, len(order), batch_size):
            at = order[start : start + batch_size]
            try:
                values = self._batch([samples[index] for index in at])
            except Exception as error:
                raise CannotScore("scoring", f"{type(error).__name__}: {_line(error)}") from error
            yield at, [value if math.isfinite(value) else None for value in values]

    def _batch(self, samples: list[Any]) -> list[float]:
        with self._torch.inference_mode():
            inputs = self._model.prepare_for_inference(samples)
            inputs = self._model.transfer_batch_to_device(inputs, self._torch.device(self.device), 0)
            return [float(value) for value in self._model.predict_step(inputs)["scores"].tolist()]


def main() -> None:
    """Answers requests until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle; its end ends stdin
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
    os.dup2(2, 1)  # whatever prints, from Python or C, goes to stderr
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)

    def answer(**fields: Any) -> None:
        answers.write(json.dumps(fields) + "\n")
        answers.flush()

    serve(requests, answer)


def serve(requests: Iterator[str], answer: Callable[..., None]) -> None:
    """Answers each request in turn; ``answer`` writes one object."""
    scorer: Scorer | None = None
    for line in requests:
        request = json.loads(line)
        if request["op"] == "quit":
            return
        try:
            scorer = scorer or Scorer()
            _answer_one(scorer, request, answer)
        except CannotScore as error:
            answer(op="error", kind=error.kind, text=str(error))


def _answer_one(scorer: Scorer, request: Any, answer: Callable[..., None]) -> None:
    if request["op"] == "hello":
        answer(op="hello", comet=installed(), device=scorer.device)
    elif request["op"] == "load":
        cached = scorer.load(request["checkpoint"])
        answer(op="loaded", cached=cached, model=scorer.model)
    elif request["op"] == "score":
        number, last = request["id"], time.monotonic()
        at: list[int] = []
        values: list[float | None] = []
        for some, scores in scorer.score(request["pairs"], request["batch_size"]):
            at += some
            values += scores
            if time.monotonic() - last >= _ANSWER_EVERY_S:
                answer(op="scores", id=number, at=at, values=values)
                at, values, last = [], [], time.monotonic()
        if at:
            answer(op="scores", id=number, at=at, values=values)
        answer(op="done", id=number)


def installed() -> str | None:
    """The installed version of unbabel-comet, None where there is none."""
    from importlib import metadata

    try:
        return metadata.version("unbabel-comet")
    except metadata.PackageNotFoundError:
        return None


def _check_hparams(checkpoint: str) -> None:
    """comet picks the class by hparams.yaml, and reads it with a loader that is less strict than this one."""
    import yaml

    path = Path(checkpoint).absolute().parents[1] / "hparams.yaml"
    try:
        hparams = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CannotScore("checkpoint", f"{checkpoint}: {path} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise CannotScore("checkpoint", f"{path} is no plain YAML, so the checkpoint is not loaded") from None
    if not isinstance(hparams, dict) or "class_identifier" not in hparams:
        raise CannotScore("checkpoint", f"{path} names no class_identifier: {checkpoint} is no COMET checkpoint")


def _sound(text: Any) -> str:
    """Text that a tokenizer takes: a lone surrogate becomes a question mark."""
    return str(text).encode("utf-8", "replace").decode("utf-8")


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__


def _quiet() -> None:
    warnings.simplefilter("ignore")
    for name in ("pytorch_lightning", "lightning", "lightning_fabric", "transformers", "comet"):
        logging.getLogger(name).setLevel(logging.ERROR)


if __name__ == "__main__":
    # The folder of this file holds modules of mlt, whose names must not hide anybody's.
    sys.path[:] = [entry for entry in sys.path if entry != str(Path(__file__).resolve().parent)]
    main()
