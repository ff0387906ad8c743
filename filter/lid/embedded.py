"""py3langid, whose model comes inside the package: offline, 139 languages, Yoruba among them.

The model is the multinomial naive Bayes over byte n-grams of langid.py (Lui & Baldwin 2012, "langid.py: An
Off-the-shelf Language Identification Tool"). This runs it over many texts at once and gives the library's own
calibrated probabilities, which ``LanguageIdentifier(norm_probs=True).rank`` gives one text at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from ...toolkit.errors import EnvironmentProblem
from ...toolkit.languages import Language
from .detector import Priors, Verdict, weights
from .labels import read_labels

if TYPE_CHECKING:
    import numpy as np

NAME = "embedded"
LICENSE = "BSD-3-Clause"
_CHUNK = 512
# From here on fewer texts are left than it takes to make a step over all of them worth its call.
_FEW = 12


class Embedded:
    """py3langid's own model."""

    name = "py3langid"
    license: str | None = LICENSE

    def __init__(self) -> None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            self.revision = version("py3langid")
        except PackageNotFoundError:
            raise EnvironmentProblem(
                "the language detector `embedded` needs py3langid, which is not installed: pip install py3langid"
            ) from None

    @cached_property
    def labels(self) -> Mapping[str, frozenset[str]]:
        """The model's labels, each once."""
        return read_labels(_model().labels)

    def knows(self, language: Language) -> bool:
        """Whether one of the labels stands for it."""
        return any(language.code in codes for codes in self.labels.values())

    def judge(self, texts: Sequence[str], language: Language, priors: Priors) -> list[Verdict]:
        """The share of the target in the weighted probabilities."""
        import numpy as np

        model = _model()
        weight = weights(self.labels, language, priors)
        by_column = np.array([weight[label] for label in model.classes], np.float32)
        is_target = np.array([language.code in self.labels[label] for label in model.classes])
        verdicts: list[Verdict] = []
        for start in range(0, len(texts), _CHUNK):
            found, seen = model.probabilities([_encoded(text) for text in texts[start : start + _CHUNK]])
            found *= by_column
            # With priors of 0 nothing may be left; the tiniest number makes that a share of 0.
            shares = found[:, is_target].sum(1) / np.maximum(found.sum(1), np.finfo(np.float32).tiny)
            rivals = np.where(is_target, -1.0, found).argmax(1)
            verdicts += [
                Verdict(float(share) if known else None, model.classes[rival])
                for share, rival, known in zip(shares, rivals, seen, strict=True)
            ]
        return verdicts


@cache
def _model() -> _Model:
    return _Model()


def _encoded(text: str) -> bytes:
    """As the library reads a text: text all in capitals tells little, so it is lowered."""
    return (text.lower() if text.isupper() else text).encode("utf-8", "surrogatepass")


class _Model:
    """The model's tables: an automaton over bytes whose states emit features, and a weight a feature and class."""

    def __init__(self) -> None:
        import numpy as np
        from py3langid.langid import MODEL_FILE, LanguageIdentifier

        library = LanguageIdentifier.from_model_file(MODEL_FILE)
        self.classes: list[str] = list(library.nb_classes)
        self.labels = list(dict.fromkeys(self.classes))
        self.log_prior = library.nb_pc
        # float16 on disk; converting it once instead of for each text changes no bit of a score.
        self.table = library.nb_ptc.astype(np.float32)
        self.moves = np.asarray(library.tk_nextmove)
        self.rows = np.asarray(library.tk_row).astype(np.intp) << 8
        self.emitted = np.asarray(library.tk_output, np.int32)
        # The same as plain Python numbers, for the steps taken one text at a time.
        self._plain = library.tk_nextmove, self.rows.tolist(), library.tk_output

    def probabilities(self, texts: list[bytes]) -> tuple[np.ndarray, np.ndarray]:
        """Texts x classes, and which texts hold any feature at all."""
        import numpy as np

        text_of, features = self._features(texts)
        keys, counts = np.unique(text_of * len(self.table) + features, return_counts=True)
        which, features = np.divmod(keys, len(self.table))
        values = np.log1p(counts.astype(np.float32))
        bounds = np.searchsorted(which, np.arange(len(texts) + 1)).tolist()
        scores = np.empty((len(texts), len(self.classes)), np.float32)
        for row, (start, end) in enumerate(pairwise(bounds)):
            scores[row] = values[start:end] @ self.table[features[start:end]] + self.log_prior
        # py3langid's temperature, the root of the length in bytes, keeps long texts from being all too sure.
        scores /= np.sqrt([len(text) or 1 for text in texts], dtype=np.float32)[:, None]
        scores -= scores.max(1, keepdims=True)
        np.exp(scores, out=scores)
        return scores / scores.sum(1, keepdims=True), np.diff(bounds) > 0

    def _features(self, texts: list[bytes]) -> tuple[np.ndarray, np.ndarray]:
        """(text, feature) of every state reached that emits one."""
        import numpy as np

        order = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
        lengths = np.array([len(texts[place]) for place in order])
        together = int(lengths[_FEW - 1]) if len(texts) >= _FEW else 0
        codes = np.zeros((len(texts), together), np.uint8)
        for row, place in enumerate(order):
            head = texts[place][:together]
            codes[row, : len(head)] = np.frombuffer(head, np.uint8)
        states, last = self._walk(codes, lengths)
        # Behind a text's end stands the first state, which emits nothing.
        found = self.emitted[states]
        steps, rows = np.nonzero(found >= 0)
        parts = [(np.array(order)[rows], found[steps, rows])]
        for row in range(min(_FEW - 1, len(texts)) if together else len(texts)):
            tail = self._walk_one(texts[order[row]][together:], int(last[row]))
            parts.append((np.full(len(tail), order[row]), np.array(tail, np.int32)))
        return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])

    def _walk(self, codes: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The states after each byte (bytes x texts, longest text first), and those after the last."""
        import numpy as np

        columns = np.ascontiguousarray(codes.T)
        going = np.searchsorted(-lengths, -np.arange(len(columns)), side="left").tolist()
        states = np.zeros((len(columns), len(lengths)), np.intp)
        current = np.zeros(len(lengths), np.intp)
        for step, (column, count) in enumerate(zip(columns, going, strict=True)):
            current[:count] = self.moves[self.rows[current[:count]] + column[:count]]
            states[step, :count] = current[:count]
        return states, current

    def _walk_one(self, text: bytes, state: int) -> list[int]:
        """The features of one text from a state on."""
        moves, rows, emitted = self._plain
        found = []
        for byte in text:
            state = moves[rows[state] + byte]
            if emitted[state] >= 0:
                found.append(emitted[state])
        return found
