"""How far two languages lie apart in their syntax, by URIEL (Littell et al. 2017, https://aclanthology.org/E17-2002).

The distance is the cosine distance, 0 to 1, of their ``syntax_knn`` vectors: 103 features from WALS, SSWL and
Ethnologue (word order, case, negation, ...), each 0 or 1, gaps filled from the nearest languages. It is not URIEL's
own precomputed "syntactic distance", which these vectors do not give. ``distances.tsv`` holds 31 languages: the paper's
and those of common test sets. For others the vectors are read from the package lang2vec where it is installed: its
data file alone, as its code wants a setuptools that still has pkg_resources.

``python -m mlt.eval.study.analysis.uriel`` prints the table anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....toolkit.errors import EnvironmentProblem, UsageError
from ....toolkit.languages import Language, resolve

if TYPE_CHECKING:
    import numpy as np

PACKAGE = "lang2vec"
TABLE = Path(__file__).with_name("distances.tsv")
TABLE_LANGUAGES = (
    *("ar", "bn", "cs", "da", "de", "en", "es", "fi", "fr", "hi", "id", "it", "ja", "kk", "ko", "nl", "pl", "pt"),
    *("ru", "sr", "sv", "sw", "ta", "te", "th", "tr", "uk", "ur", "vi", "yo", "zh-Hans"),
)
_SYNTAX = "S_"
_NAMES = {"arb": "ara", "zho": "cmn"}
"""Languages that URIEL describes under another code: Arabic as a whole, and Chinese by Mandarin."""


def syntax_distance(one: str, other: str) -> float | None:
    """Cosine distance of two languages, named as :func:`mlt.toolkit.languages.resolve` reads them.

    None where either stands neither in the table nor, with lang2vec installed, in URIEL.
    """
    first, second = _language(one), _language(other)
    if first is None or second is None:
        return None
    if first.code == second.code:
        return 0.0
    found = _table().get(frozenset((first.code, second.code)))
    return _measured(first, second) if found is None else found


def table_text(codes: Iterable[str] = TABLE_LANGUAGES) -> str:
    """The distances between languages as the lines of a table; EnvironmentProblem without lang2vec."""
    languages = [resolve(code).language for code in codes]
    if _vectors() is None:
        raise EnvironmentProblem("the distances are made of the package lang2vec: pip install lang2vec==1.1.2")
    lines = ["\t".join(["language", *(language.code for language in languages)])]
    for one in languages:
        distances = [0.0 if one is other else _measured(one, other) for other in languages]
        lines.append("\t".join([one.code, *("" if value is None else f"{value:.4f}" for value in distances)]))
    return "\n".join(lines)


@cache
def _table() -> dict[frozenset[str], float]:
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    _, *codes = lines[0].split("\t")
    rows = (line.split("\t") for line in lines[1:])
    return {
        frozenset((one, other)): float(value)
        for one, *values in rows
        for other, value in zip(codes, values, strict=True)
        if one != other
    }


def _language(text: str) -> Language | None:
    try:
        return resolve(text).language
    except UsageError:
        return None


def _measured(one: Language, other: Language) -> float | None:
    from scipy.spatial.distance import cosine

    vectors = _vectors()
    if vectors is None:
        return None
    first, second = (vectors.get(_NAMES.get(language.iso639_3, language.iso639_3)) for language in (one, other))
    return None if first is None or second is None else float(cosine(first, second))


@cache
def _vectors() -> dict[str, np.ndarray[Any, Any]] | None:
    """URIEL's syntax_knn vectors by ISO 639-3 code; None without the package."""
    import numpy as np

    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return None
    with np.load(Path(spec.origin).parent / "data" / "feature_predictions.npz") as data:
        columns = [index for index, name in enumerate(data["feats"]) if str(name).startswith(_SYNTAX)]
        values = data["data"][:, columns, 0].astype(float)
        return {str(code): row for code, row in zip(data["langs"], values, strict=True)}


if __name__ == "__main__":
    print(table_text())
