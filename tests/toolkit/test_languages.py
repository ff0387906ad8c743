"""The language registry: what it holds, and which texts mean which language."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mlt.toolkit.errors import UsageError
from mlt.toolkit.languages import (
    ENGLISH,
    Language,
    all_languages,
    language_rows,
    parse_languages,
    resolve,
)


def test_the_registry_holds_every_language_of_nllb_once():
    nllb = pytest.importorskip("transformers.models.nllb.tokenization_nllb")
    assert sorted(language.flores for language in all_languages()) == sorted(nllb.FAIRSEQ_LANGUAGE_CODES)
    assert len({language.code for language in all_languages()}) == 202


def test_the_table_is_what_its_script_makes():
    pytest.importorskip("transformers")
    from importlib.resources import files

    from mlt.toolkit.build_languages import table

    assert files("mlt.toolkit").joinpath("languages.tsv").read_text(encoding="utf-8") == table()


@pytest.mark.parametrize(
    ("code", "flores", "iso639_1", "digits", "decimal", "group", "tier", "m2m"),
    [
        ("en", "eng_Latn", "en", "latn", ".", ",", "high", "en"),
        ("de", "deu_Latn", "de", "latn", ",", ".", "high", "de"),
        ("fr", "fra_Latn", "fr", "latn", ",", "\u202f", "high", "fr"),
        ("sw", "swh_Latn", "sw", "latn", ".", ",", "low", "sw"),
        ("bn", "ben_Beng", "bn", "beng", ".", ",", "low", "bn"),
        ("te", "tel_Telu", "te", "latn", ".", ",", "low", None),
        ("yo", "yor_Latn", "yo", "latn", ".", ",", None, "yo"),
        ("zh-Hans", "zho_Hans", "zh", "latn", ".", ",", "high", "zh"),
        ("zh-Hant", "zho_Hant", "zh", "latn", ".", ",", None, None),
        ("fa", "pes_Arab", "fa", "arabext", "٫", "٬", None, "fa"),
        ("nb", "nob_Latn", "nb", "latn", ",", "\u00a0", None, "no"),
        ("acm", "acm_Arab", None, "latn", None, None, None, None),
        ("szl", "szl_Latn", None, "latn", None, None, None, None),
    ],
)
def test_a_row_of_the_table(code, flores, iso639_1, digits, decimal, group, tier, m2m):
    language = resolve(code).language
    found = (language.flores, language.iso639_1, language.digits, language.decimal, language.group)
    assert found == (flores, iso639_1, digits, decimal, group)
    assert (language.tier, language.m2m) == (tier, m2m)


def test_only_languages_in_two_scripts_carry_the_script_in_their_name():
    bases = [language.iso639_3 for language in all_languages()]
    for language in all_languages():
        assert ("-" in language.code) == (bases.count(language.iso639_3) == 2)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        # BCP-47
        *[("zh", "zh-Hans"), ("zh-CN", "zh-Hans"), ("zh-TW", "zh-Hant"), ("zh_hk", "zh-Hant")],
        *[("pt-BR", "pt"), ("en_US", "en"), ("ru-Cyrl-RU", "ru"), ("ko-Kore", "ko"), ("fa-AF", "prs")],
        *[("es-419", "es"), ("ZH-HANT", "zh-Hant")],
        # ISO 639-3: the language, its macrolanguage, the bibliographic code
        *[("swh", "sw"), ("swa", "sw"), ("arb", "ar"), ("ara", "ar"), ("msa", "ms"), ("zsm", "ms"), ("ger", "de")],
        *[("zho", "zh-Hans"), ("chi", "zh-Hans"), ("cmn", "zh-Hans"), ("khk", "mn"), ("als", "sq"), ("sqi", "sq")],
        *[("pbt", "ps"), ("quy", "qu"), ("plt", "mg"), ("gaz", "om"), ("kmr", "ku"), ("ydd", "yi"), ("lvs", "lv")],
        *[("no", "nb"), ("nor", "nb"), ("nno", "nn"), ("fil", "tl"), ("tgl", "tl"), ("ff", "fuv"), ("iw", "he")],
        # two scripts
        *[("ks", "ks-Arab"), ("kas_Deva", "ks-Deva"), ("kr", "kr-Latn"), ("knc", "kr-Latn"), ("ace", "ace-Latn")],
        # FLORES-200 and M2M100
        *[("swh_Latn", "sw"), ("SWH_LATN", "sw"), ("kor_Hang", "ko"), ("sat_Beng", "sat"), ("sat_Olck", "sat")],
        *[("zho_Hant", "zh-Hant"), ("ns", "nso")],
        # English names
        *[("Swahili", "sw"), ("yoruba", "yo"), ("Chinese", "zh-Hans"), ("Traditional Chinese", "zh-Hant")],
        *[("Bangla", "bn"), ("Bengali", "bn"), ("Norwegian", "nb"), ("maori", "mi"), ("Farsi", "fa"), ("Arabic", "ar")],
    ],
)
def test_any_form_of_a_language_is_read_and_the_note_says_how(text, code):
    resolution = resolve(text)
    assert resolution.language.code == code
    assert resolution.note is not None and text in resolution.note and code in resolution.note


@pytest.mark.parametrize("language", all_languages(), ids=lambda language: language.code)
def test_every_own_form_of_a_language_leads_back_to_it(language: Language):
    assert resolve(language.code) == (type(resolve("en"))(language, None))
    for text in (language.flores, language.name, language.flores.upper(), *language.aliases):
        assert resolve(text).language == language
    forms = [x for x in all_languages() if x.iso639_3 == language.iso639_3]
    assert resolve(language.iso639_3).language in forms
    assert resolve(f"{language.iso639_3}-{language.script}").language == language


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("swahil", "sw (Swahili)"),
        ("yorub", "yo (Yoruba)"),
        ("Portugese", "pt (Portuguese)"),
        ("swh_Latin", "sw (Swahili)"),
        ("qqq", "unknown language 'qqq'; `mlt languages`"),
        ("", "unknown language ''"),
        ("sr-Latn", "NLLB writes Serbian in Cyrl only; use sr"),
        ("pa-Arab", "NLLB writes Punjabi in Guru only; use pa"),
        ("zh-Latn", "use zh-Hans or zh-Hant"),
    ],
)
def test_what_is_no_language_of_nllb_is_refused_in_one_line_with_the_nearest(text, part):
    with pytest.raises(UsageError) as error:
        resolve(text)
    assert part in str(error.value) and "\n" not in str(error.value)


def test_a_list_of_languages_keeps_its_order():
    assert [r.language.code for r in parse_languages("yo, sw ,th,")] == ["yo", "sw", "th"]


def test_a_language_named_twice_is_kept_once_and_says_so():
    (sw, yo) = parse_languages("sw,yo,swh_Latn,Swahili")
    assert (sw.language.code, yo.language.code) == ("sw", "yo")
    assert sw.note is not None and "swh_Latn" in sw.note and "Swahili" in sw.note
    assert yo.note is None


@pytest.mark.parametrize("text", ["", " , ", ","])
def test_an_empty_list_is_refused(text):
    with pytest.raises(UsageError, match="no language"):
        parse_languages(text)


def test_rows_for_people_show_every_separator():
    rows = {row["code"]: row for row in language_rows()}
    assert len(rows) == 202
    assert rows["fr"]["group"] == "U+202F" and rows["acm"]["decimal"] == "" and rows["sw"]["tier"] == "low"
    assert language_rows([ENGLISH]) == [rows["en"]]


def test_the_registry_loads_neither_babel_nor_langcodes():
    heavy = ("babel", "langcodes", "transformers")
    code = f"import sys, mlt.toolkit.languages; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
