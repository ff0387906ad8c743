"""The registry of the 202 languages that NLLB-200 translates: codes, names, scripts, digits, tiers.

It reads ``languages.tsv``, which ``python -m mlt.toolkit.build_languages`` makes from NLLB's code list and
CLDR, so that nothing heavier than ``csv`` runs here.
"""

from __future__ import annotations

import csv
import difflib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal, cast

from .errors import UsageError

Tier = Literal["high", "low"]

# Regions that decide which of a language's written forms is meant (CLDR's likely subtags).
_REGIONS = {
    **{f"zh-{region}": "zh-Hant" for region in ("tw", "hk", "mo")},
    **{f"zh-{region}": "zh-Hans" for region in ("cn", "sg", "my")},
    "fa-af": "prs",
}
# Script codes that say the same thing, or less, than the one in the table.
_SCRIPT_ALIASES = {"Kore": {"hang"}, "Jpan": {"hira", "kana", "hrkt"}, "Hans": {"hani"}, "Hant": {"hani"}}


@dataclass(frozen=True, slots=True)
class Language:
    """One language in one script, as NLLB knows it.

    ``code`` is the BCP-47 name that folders carry; the script stands in it where NLLB has the language in two
    (``zh-Hans``). ``script`` is ISO 15924. ``digits`` is CLDR's default numbering system, and its root's ``latn``
    where it has no locale; there ``decimal`` and ``group`` are None. ``tier`` is the paper's resource tier,
    ``m2m`` the code of M2M100. ``aliases`` are further codes and names that mean this language.
    """

    code: str
    iso639_3: str
    iso639_1: str | None
    flores: str
    name: str
    script: str
    digits: str
    decimal: str | None
    group: str | None
    tier: Tier | None
    m2m: str | None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resolution:
    """The language that a text means; ``note`` says how it was read where it is not literally the code."""

    language: Language
    note: str | None = None


@cache
def all_languages() -> tuple[Language, ...]:
    """All languages, ordered by code."""
    text = Path(__file__).with_name("languages.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return tuple(_language(row) for row in rows)


def resolve(text: str) -> Resolution:
    """The language that a code or an English name means, whatever its case.

    Read are BCP-47 tags with script or region (``zh-TW``, ``pt-BR``), ISO 639-1, ISO 639-3 (``swh`` and its
    macrolanguage ``swa``), FLORES-200 codes (``swh_Latn``), M2M100 codes and English names. UsageError names the
    nearest ones for anything else, and for a script that NLLB does not write the language in.
    """
    wanted = text.strip()
    language = _index().get(_key(wanted)) or _from_tag(wanted)
    if language is None:
        raise UsageError(f"unknown language {wanted!r}{_suggestion(wanted)} `mlt languages` lists all 202")
    if wanted == language.code:
        return Resolution(language)
    return Resolution(language, f"{wanted} is read as {language.code} ({language.name}, {language.flores})")


def parse_languages(text: str) -> list[Resolution]:
    """The languages of a comma-separated list, in order; one named twice is kept once, with a note.

    Raises UsageError for an empty list or an unknown language.
    """
    resolutions: dict[str, Resolution] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        found = resolve(part)
        code = found.language.code
        if code in resolutions:
            notes = (resolutions[code].note, f"{code} is named twice (again as {part}) and is kept once")
            resolutions[code] = replace(found, note="; ".join(filter(None, notes)))
        else:
            resolutions[code] = found
    if not resolutions:
        raise UsageError(f"no language in {text!r}: name at least one, as in sw,yo,th")
    return list(resolutions.values())


def language_rows(languages: Iterable[Language] | None = None) -> list[dict[str, str]]:
    """Rows of a table for people (all languages by default); an empty text where nothing is known."""
    return [
        {
            "code": language.code,
            "name": language.name,
            "flores": language.flores,
            "iso639-3": language.iso639_3,
            "iso639-1": language.iso639_1 or "",
            "script": language.script,
            "digits": language.digits,
            "decimal": _visible(language.decimal),
            "group": _visible(language.group),
            "tier": language.tier or "",
            "m2m100": language.m2m or "",
        }
        for language in (all_languages() if languages is None else languages)
    ]


def _language(row: dict[str, str]) -> Language:
    return Language(
        code=row["code"],
        iso639_3=row["iso639_3"],
        iso639_1=row["iso639_1"] or None,
        flores=row["flores"],
        name=row["name"],
        script=row["script"],
        digits=row["digits"],
        decimal=_character(row["decimal"]),
        group=_character(row["group"]),
        tier=cast("Tier | None", row["tier"] or None),
        m2m=row["m2m"] or None,
        aliases=tuple(filter(None, row["aliases"].split("|"))),
    )


def _character(text: str) -> str | None:
    """A separator of the table; spaces are written there as code points (``U+00A0``)."""
    return (chr(int(text[2:], 16)) if text.startswith("U+") else text) or None


def _visible(character: str | None) -> str:
    """The inverse of :func:`_character`."""
    if character is None:
        return ""
    return f"U+{ord(character):04X}" if character.isspace() else character


def _key(text: str) -> str:
    """A text without case, marks and the difference between ``_`` and ``-``."""
    folded = unicodedata.normalize("NFKD", text.casefold().replace("_", "-").replace("’", "'"))
    return "".join(c for c in folded if not unicodedata.combining(c)).strip()


@cache
def _index() -> dict[str, Language]:
    """Every literal form of a language; codes win over names, and the first of two equal forms wins."""
    index: dict[str, Language] = {}
    languages = all_languages()
    for forms in (
        lambda x: (x.code,),
        lambda x: (x.flores,),
        lambda x: x.aliases,
        lambda x: (x.iso639_3,),
        lambda x: (x.iso639_1, x.m2m),
        lambda x: (x.name,),
    ):
        for language in languages:
            for form in filter(None, forms(language)):
                index.setdefault(_key(form), language)
    return index


def _from_tag(text: str) -> Language | None:
    """The language of a BCP-47 tag with a script, a region or both; None for anything else."""
    base, *subtags = _key(text).split("-")
    known = _index().get(base)
    if known is None or not subtags or len(base) > 3 or not all(s.isalnum() for s in subtags):
        return None
    if len(subtags[0]) == 4 and subtags[0].isalpha():
        return _in_script(text, known, subtags[0])
    if len(subtags[0]) not in (2, 3):
        return None
    region = _REGIONS.get(f"{known.code.split('-')[0]}-{subtags[0]}")
    return known if region is None else _index()[_key(region)]


def _in_script(text: str, known: Language, script: str) -> Language:
    forms = [x for x in all_languages() if x.iso639_3 == known.iso639_3]
    for language in forms:
        if script == language.script.lower() or script in _SCRIPT_ALIASES.get(language.script, ()):
            return language
    written = " and ".join(x.script for x in forms)
    codes = " or ".join(x.code for x in forms)
    raise UsageError(f"{text!r}: NLLB writes {known.name} in {written} only; use {codes}")


def _suggestion(text: str) -> str:
    """Up to three languages with the nearest forms."""
    near = difflib.get_close_matches(_key(text), _index(), n=8, cutoff=0.6)
    found = dict.fromkeys(_index()[form] for form in near)
    names = [f"{language.code} ({language.name})" for language in found]
    return f": did you mean {', '.join(names[:3])}?" if names else ";"


ENGLISH = resolve("en").language
