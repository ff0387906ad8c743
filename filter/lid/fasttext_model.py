"""A fastText classifier of languages: a .bin or .ftz file, by its path or from the Hub.

Joulin et al. 2017, "Bag of Tricks for Efficient Text Classification"; models: GlotLID (Kargaran et al. 2023), the
one of NLLB-200 (NLLB Team 2022), lid.176 (Joulin et al. 2016).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ...toolkit.errors import DataError, EnvironmentProblem
from ...toolkit.files import file_hash
from ...toolkit.languages import Language
from .detector import Priors, Verdict, weights
from .fasttext_file import labels_of
from .labels import read_labels

_LICENSES = {
    "cis-lmu/glotlid": "apache-2.0",
    "facebook/fasttext-language-identification": "cc-by-nc-4.0",
}
# lid.176 (.bin and .ftz), known by its labels. It has a label for Yoruba and gives it to 1 % of Yoruba sentences; of
# Swahili ones it takes one in eighteen for something else (human translations of NTREX).
_LID_176 = "4722e2d3"
_LID_176_LICENSE = "cc-by-sa-3.0"
_LID_176_WEAK = frozenset({"yo", "sw"})
# The labels that are asked for. A target below the floor would have a share below 0.25 with the least other prior that
# makes sense (0.01), and what the floor leaves out of the rest weighs next to nothing.
_TOP = 5
_FLOOR = 0.003
_SURE = Verdict(1.0, "")
_LIKELY = 0.8


class FastText:
    """``name``: the Hub id or file name; ``revision``: the Hub's commit, else the content's hash when None."""

    def __init__(self, path: Path, name: str, revision: str | None = None, license: str | None = None) -> None:
        self.check_installed(name)
        self.name, self._path = name, path
        self._all_labels = labels_of(path)
        self._known_weights: dict[tuple[Language, Priors], tuple[dict[str, float], frozenset[str]]] = {}
        self.revision = revision or f"blake2b:{_hash(path, path.stat().st_mtime_ns)}"
        self.license = license or _LICENSES.get(name) or (_LID_176_LICENSE if self._is_lid_176 else None)

    @staticmethod
    def check_installed(name: str) -> None:
        """EnvironmentProblem where the package is missing."""
        if find_spec("fasttext") is None:
            raise EnvironmentProblem(
                f"the language detector {name} needs fastText, which is not installed: pip install fasttext-numpy2, "
                "or take the detector `embedded`"
            )

    @cached_property
    def labels(self) -> Mapping[str, frozenset[str]]:
        """The model's labels."""
        return read_labels(self._all_labels)

    def knows(self, language: Language) -> bool:
        """Whether a label stands for the language, and the model is known to be able to tell it."""
        if self._is_lid_176 and language.code in _LID_176_WEAK:
            return False
        return any(language.code in codes for codes in self.labels.values())

    def judge(self, texts: Sequence[str], language: Language, priors: Priors) -> list[Verdict]:
        """The target's probability where it is the likeliest label by far, else its share in the weighted labels.

        A model with a tree of labels (lid.176) finds the likeliest one alone at a fraction of the cost of several,
        which settles nearly every text; a softmax (GlotLID, NLLB's) computes all of them anyway.
        """
        weight, target = self._weighed(language, priors)
        lines = list(texts)
        labels, probabilities = self._predict(lines, 1 if self._has_tree else _TOP)
        verdicts: list[Verdict] = []
        doubtful: list[int] = []
        for place, (names, values) in enumerate(zip(labels, probabilities, strict=True)):
            if len(names) and names[0] in target and (share := values.item(0)) >= _LIKELY:
                verdicts.append(Verdict(share, ""))
            else:
                doubtful.append(place)
                verdicts.append(_verdict(names, values, weight, target))
        if doubtful and self._has_tree:
            labels, probabilities = self._predict([lines[place] for place in doubtful], _TOP)
            for place, names, values in zip(doubtful, labels, probabilities, strict=True):
                verdicts[place] = _verdict(names, values, weight, target)
        return verdicts

    @cached_property
    def _has_tree(self) -> bool:
        """Whether the labels are the leaves of a tree (hierarchical softmax)."""
        return bool(self._model.f.getArgs().loss.name == "hs")

    @property
    def _model(self) -> Any:
        return _load(self._path, self._path.stat().st_mtime_ns)

    def _predict(self, lines: list[str], top: int) -> tuple[Sequence[Sequence[str]], Sequence[Any]]:
        model = self._model
        try:
            return model.predict(lines, k=top, threshold=_FLOOR)
        except (TypeError, UnicodeError):  # a lone surrogate, which UTF-8 cannot hold
            clean = [line.encode("utf-8", "replace").decode("utf-8") for line in lines]
            return model.predict(clean, k=top, threshold=_FLOOR)

    def _weighed(self, language: Language, priors: Priors) -> tuple[dict[str, float], frozenset[str]]:
        """The labels' weights and the target's labels; GlotLID has two thousand, so they are found once a language."""
        if (language, priors) not in self._known_weights:
            target = frozenset(label for label, codes in self.labels.items() if language.code in codes)
            self._known_weights[language, priors] = weights(self.labels, language, priors), target
        return self._known_weights[language, priors]

    @cached_property
    def _is_lid_176(self) -> bool:
        return blake2b("\n".join(sorted(self._all_labels)).encode(), digest_size=4).hexdigest() == _LID_176


def _verdict(labels: Sequence[str], probabilities: Any, weight: Mapping[str, float], target: frozenset[str]) -> Verdict:
    if len(labels) == 1:
        return _SURE if labels[0] in target else Verdict(0.0, labels[0])
    ours = rest = most = 0.0
    rival = ""
    for label, probability in zip(labels, probabilities.tolist(), strict=True):
        weighted = probability * weight[label]
        if label in target:
            ours += weighted
        else:
            rest += weighted
            if weighted > most:
                most, rival = weighted, label
    if not labels:
        return Verdict(None, "")
    return Verdict(ours / (ours + rest) if ours + rest else 0.0, rival)


@lru_cache(maxsize=4)
def _load(path: Path, _: int) -> Any:
    import fasttext

    try:
        return fasttext.load_model(str(path))
    except (ValueError, RuntimeError, MemoryError) as error:
        raise DataError(f"{path} cannot be loaded by fastText ({error}); fetch it again") from None


@lru_cache(maxsize=16)
def _hash(path: Path, _: int) -> str:
    return file_hash(path)
