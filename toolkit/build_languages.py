"""Makes ``languages.tsv`` from NLLB's language codes, CLDR (through Babel) and langcodes.

``python -m mlt.toolkit.build_languages`` writes the table beside this file; it is run by hand when
CLDR changes. Needs the extra ``nllb`` (transformers holds the code lists).
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

COLUMNS = (
    *("code", "iso639_3", "iso639_1", "flores", "name", "script", "digits", "decimal", "group"),
    *("tier", "m2m", "aliases"),
)

# The paper's resource tiers, by code.
TIERS = {
    **dict.fromkeys(("en", "es", "ja", "fr", "de", "ru", "zh-Hans"), "high"),
    **dict.fromkeys(("bn", "sw", "te", "th"), "low"),
}
# Individual languages of NLLB that go by their macrolanguage's code where langcodes does not say so, or by
# their own where it would merge two languages of NLLB into one.
CODES = {
    "pbt": "ps",
    "quy": "qu",
    "tgl": "tl",
    "twi": "tw",
    "prs": "prs",
    "ajp": "ajp",
    "ayr": "ay",
    "dik": "dik",
}
# NLLB's tag and the script that it stands for: Korean mixes in Han, Santali was written in Ol Chiki all along
# (FLORES-200 renamed its own tag to sat_Olck).
SCRIPTS = {"kor_Hang": "Kore", "sat_Beng": "Olck"}
# Which of two scripts is meant when none is named (CLDR's likely subtags; Latin for Tamasheq).
DEFAULT_SCRIPT = {"zho": "Hans", "ace": "Latn", "bjn": "Latn", "kas": "Arab", "knc": "Latn", "taq": "Latn"}
# CLDR's locale where the code alone does not lead to it.
LOCALES = {
    "zho_Hans": "zh_Hans",
    "zho_Hant": "zh_Hant",
    "kas_Deva": "ks_Deva",
    "prs_Arab": "fa_AF",
    "ajp_Arab": "",
}
M2M = {"nb": "no", "nso": "ns", "fuv": "ff", "zh-Hans": "zh"}
# Names that CLDR lacks, or that say less than NLLB's language is.
NAMES = {
    "acm": "Mesopotamian Arabic",
    "acq": "Ta'izzi-Adeni Arabic",
    "ajp": "South Levantine Arabic",
    "apc": "North Levantine Arabic",
    "ar": "Modern Standard Arabic",
    "ay": "Central Aymara",
    "az": "North Azerbaijani",
    "azb": "South Azerbaijani",
    "bn": "Bengali",
    "cjk": "Chokwe",
    "dik": "Southwestern Dinka",
    "fuv": "Nigerian Fulfulde",
    "hne": "Chhattisgarhi",
    "kac": "Jingpho",
    "kbp": "Kabiyè",
    "kr": "Central Kanuri",
    "ku": "Northern Kurdish",
    "om": "West Central Oromo",
    "prs": "Dari",
    "ps": "Southern Pashto",
    "qu": "Ayacucho Quechua",
    "taq": "Tamasheq",
    "tl": "Tagalog",
    "yi": "Eastern Yiddish",
}
ALIASES = {
    "ar": ["Arabic"],
    "ay": ["Aymara"],
    "az": ["Azerbaijani", "Azeri"],
    "bn": ["Bangla"],
    "ckb": ["Sorani"],
    "dik": ["din", "Dinka"],
    "es": ["Castilian"],
    "fa": ["Farsi"],
    "fuv": ["ff", "ful", "Fula", "Fulah", "Fulfulde"],
    "he": ["iw"],
    "ht": ["Haitian"],
    "id": ["in"],
    "ilo": ["Ilocano"],
    "jv": ["jw"],
    "kac": ["Kachin"],
    "kk": ["Qazaq"],
    "kr-Latn": ["Kanuri"],
    "ku": ["Kurdish", "Kurmanji"],
    "mni": ["Meitei"],
    "nb": ["no", "nor", "Norwegian"],
    "nso": ["Sepedi"],
    "ny": ["Chichewa", "Chewa"],
    "om": ["Oromo"],
    "or": ["Oriya"],
    "pa": ["Panjabi"],
    "ps": ["Pashto"],
    "qu": ["Quechua"],
    "ro": ["mo", "Moldovan"],
    "rn": ["Kirundi"],
    "sat": ["sat_Olck"],
    "si": ["Sinhalese"],
    "st": ["Sesotho"],
    "taq-Latn": ["tmh"],
    "tl": ["fil", "Filipino"],
    "tn": ["Setswana"],
    "ug": ["Uighur"],
    "yi": ["Yiddish"],
    "zh-Hans": ["Simplified Chinese", "Mandarin", "Mandarin Chinese", "cmn"],
    "zh-Hant": ["Traditional Chinese"],
}


def main() -> None:
    """Write the table."""
    path = Path(__file__).with_name("languages.tsv")
    path.write_text(table(), encoding="utf-8")
    print(f"{path}: written")


def table() -> str:
    """The whole table as tab-separated text, ordered by code."""
    from transformers.models.m2m_100 import tokenization_m2m_100
    from transformers.models.nllb import tokenization_nllb

    m2m_codes = set(tokenization_m2m_100.FAIRSEQ_LANGUAGE_CODES["m2m100"])
    rows = [_row(flores, m2m_codes) for flores in tokenization_nllb.FAIRSEQ_LANGUAGE_CODES]
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE)
    writer.writeheader()
    writer.writerows(sorted(rows, key=lambda row: row["code"]))
    return out.getvalue()


def _row(flores: str, m2m_codes: set[str]) -> dict[str, str]:
    from langcodes import standardize_tag

    iso639_3, tagged = flores.split("_")
    script = SCRIPTS.get(flores, tagged)
    base = CODES.get(iso639_3) or standardize_tag(iso639_3, macro=True)
    default = DEFAULT_SCRIPT.get(iso639_3)
    code = f"{base}-{script}" if default else base
    m2m = M2M.get(code, code)
    digits, decimal, group = _numbers(LOCALES.get(flores, base))
    return {
        "code": code,
        "iso639_3": iso639_3,
        "iso639_1": base if len(base) == 2 else "",
        "flores": flores,
        "name": _name(base, script if default else None),
        "script": script,
        "digits": digits,
        "decimal": decimal,
        "group": group,
        "tier": TIERS.get(code, ""),
        "m2m": m2m if m2m in m2m_codes else "",
        "aliases": "|".join(_aliases(base, code, iso639_3, script == default)),
    }


def _name(base: str, script: str | None) -> str:
    """CLDR's English name; the script is added where NLLB has the language in two."""
    from babel import Locale

    english = Locale("en")
    name = NAMES.get(base) or english.languages[base]
    if script is None:
        return name
    return {"Hans": "Chinese (Simplified)", "Hant": "Chinese (Traditional)"}.get(
        script, f"{name} ({english.scripts[script]} script)"
    )


def _numbers(locale_name: str) -> tuple[str, str, str]:
    """CLDR's default numbering system with its decimal and group separators; empty ones without a locale."""
    from babel import Locale, UnknownLocaleError

    try:
        locale = Locale.parse(locale_name.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return "latn", "", ""
    system = locale.default_numbering_system
    # CLDR's root gives every other numbering system the symbols of latn where a locale says nothing.
    symbols = {**locale.number_symbols["latn"], **locale.number_symbols.get(system, {})}
    separators = (_shown(symbols["decimal"]), _shown(symbols["group"]))
    # A locale that names no currencies has not been filled in: the root's separators say nothing about it.
    if separators == (".", ",") and len(locale.currencies) < 5:
        return system, "", ""
    return system, *separators


def _shown(separator: str) -> str:
    """A separator with invisible characters as code points, which survive editors and ``git diff``."""
    if len(separator) != 1:
        raise ValueError(f"separator {separator!r} is not one character")
    return f"U+{ord(separator):04X}" if separator.isspace() else separator


def _aliases(base: str, code: str, iso639_3: str, is_default_script: bool) -> list[str]:
    """Codes of the macrolanguage, the bibliographic code, and the bare code for its default script."""
    from langcodes.data_dicts import LANGUAGE_ALPHA3, LANGUAGE_ALPHA3_BIBLIOGRAPHIC

    aliases = list(ALIASES.get(code, []))
    if base == code or is_default_script:
        aliases += [base, LANGUAGE_ALPHA3.get(base, ""), LANGUAGE_ALPHA3_BIBLIOGRAPHIC.get(base, "")]
    if is_default_script:
        aliases += [iso639_3, NAMES.get(base) or _name(base, None)]
    return [
        alias for alias in dict.fromkeys(aliases) if alias and alias not in (code, iso639_3 if base == code else "")
    ]


if __name__ == "__main__":
    main()
