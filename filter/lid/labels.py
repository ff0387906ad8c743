"""The labels of language detectors, read as our languages.

Families differ: ``__label__swh_Latn`` (NLLB, GlotLID), ``__label__sw`` (lid.176), ``cmn_Hani``, ``zho_Hans``, ``zh``.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import groupby

from ...toolkit.languages import Language, all_languages

PREFIX = "__label__"
_USUAL = ""
_CHINESE = ("zh", "zho", "chi", "cmn")

# Members of a macrolanguage and other names that detectors use where NLLB has one code (ISO 639-3's tables).
_MEMBERS = {
    "bh": "bho",
    "ekk": "est",
    "gug": "grn",
    "kng": "kon",
    "pbu": "pbt",
    "src": "srd",
    "sro": "srd",
    "swc": "swh",
}
_SCRIPTS = {"Hani": ("Hans", "Hant"), "Hira": ("Jpan",), "Kana": ("Jpan",)}


def read_labels(labels: Iterable[str]) -> dict[str, frozenset[str]]:
    """Each label with the codes of the languages that it stands for: none for one that NLLB lacks, and two for
    Chinese without a script.

    Where a model has a two-letter and a three-letter label for one language, the longer one means something else:
    lid.176's ``als`` is Alemannic, not Albanian (``sq``).
    """
    found = {label: _codes(label) for label in labels}
    short = {codes for label, codes in found.items() if codes and len(_bare(label)) == 2}
    return {
        label: frozenset() if codes in short and len(_bare(label)) == 3 else codes for label, codes in found.items()
    }


def _bare(label: str) -> str:
    return label.removeprefix(PREFIX)


def _codes(label: str) -> frozenset[str]:
    base, _, script = _bare(label).replace("-", "_").partition("_")
    written = _index().get(_MEMBERS.get(base, base))
    if written is None:
        return frozenset()
    if script:
        return frozenset(written[name] for name in _SCRIPTS.get(script, (script,)) if name in written)
    return frozenset(written.values()) if base in _CHINESE else frozenset({written[_USUAL]})


@cache
def _index() -> dict[str, dict[str, str]]:
    """Language code of any kind -> script -> our code."""
    index: dict[str, dict[str, str]] = {}
    for _, group in groupby(sorted(all_languages(), key=_iso639_3), key=_iso639_3):
        forms = list(group)
        usual = next((form for form in forms if form.iso639_3 in form.aliases), forms[0])
        written = {_USUAL: usual.code}
        for form in forms:
            written |= {form.script: form.code, form.flores.partition("_")[2]: form.code}
        names = {name for form in forms for name in (form.iso639_3, form.iso639_1, *form.aliases) if name}
        index |= dict.fromkeys((name for name in names if name.islower() and len(name) <= 3), written)
    return index


def _iso639_3(language: Language) -> str:
    return language.iso639_3
