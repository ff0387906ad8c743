"""Length: human lengths pass in every language, halves and other texts fail."""

import math
import random

import pytest
from filter_stories import STORIES, text_pair, told, turns_pair
from hypothesis import given
from hypothesis import strategies as st

from mlt.filter.build_length_factors import table
from mlt.filter.checks.length import LengthCheck, LengthSettings, breaks_off
from mlt.filter.length_factors import Factors, estimate_factors, factors_for, source_size, target_size
from mlt.toolkit.errors import UsageError
from mlt.toolkit.languages import resolve

LOW, HIGH = -4.0, 4.0


def score(source: str, target: str, lang: str, **settings: object) -> float | None:
    return LengthCheck(LengthSettings(**settings)).score_pair(text_pair(source, target, lang)).value  # type: ignore[arg-type]


@pytest.mark.parametrize("lang", STORIES)
def test_a_translation_has_its_usual_length(lang: str) -> None:
    value = score(told("en"), told(lang), lang)
    assert value is not None and abs(value) < 2


@pytest.mark.parametrize("lang", STORIES)
def test_half_a_translation_is_too_short(lang: str) -> None:
    target = told(lang)
    value = score(told("en"), target[: len(target) // 2], lang)
    assert value is not None and value < LOW + (1 if lang == "th" else 0)


@pytest.mark.parametrize("lang", STORIES)
def test_a_translation_told_three_times_is_too_long(lang: str) -> None:
    value = score(told("en"), told(lang) * 3, lang)
    assert value is not None and value > HIGH


def test_the_detail_says_what_was_seen() -> None:
    found = LengthCheck().score_pair(text_pair("A long walk home.", "Safari", "sw"))
    assert found.detail == "text: 6 characters, usual are 16; lacks the final punctuation of its source"


@pytest.mark.parametrize(
    ("source", "target", "lang", "why"),
    [
        ("He came.", "Alikuja.", "sw", None),
        ("He came.", "Alikuja", "sw", "lacks the final punctuation of its source"),
        ("He came", "Alikuja", "sw", None),
        ('He said "come."', "Alisema “njoo”", "sw", None),
        ("He came.", "ເຂົາມາແລ້ວ", "lo", None),
        ("He came.", "เขามาแล้ว", "th", None),
        ("He came home.", "เขากลับบ้านแ", "th", "ends within a syllable"),
        ("He came home.", "เขากลั", "th", "ends within a syllable"),
        ("He came before.", "เขามาก่", "th", "ends within a syllable"),
        ("He exposed it.", "เขาแฉ", "th", None),
        ("He came (late).", "เขามา (สาย", "th", "never closes ("),
        ("He came (late).", "Alikuja (baadaye.", "sw", "never closes ("),
        ('He said "come".', 'Alisema "njoo.', "sw", 'never closes "'),
        ("He is 6' 2\" tall.", "Ana urefu wa 6' 2\".", "sw", None),
        ("Er kam „spät“.", "Er kam „spät“.", "de", None),
        ("He came.", "他来了。", "zh-Hans", None),
        ("He came.", "সে এসেছিল।", "bn", None),
        ("He came.", "እሱ መጣ፡፡", "am", None),
        ("He came.", "وہ آیا۔", "ur", None),
        ("He came.", "", "sw", None),
    ],
)
def test_what_breaks_off(source: str, target: str, lang: str, why: str | None) -> None:
    assert breaks_off(source, target, resolve(lang).language) == why


def test_a_text_that_breaks_off_counts_as_shorter() -> None:
    whole, broken = score(told("en"), told("sw"), "sw"), score(told("en"), told("sw")[:-1], "sw")
    assert whole is not None and broken is not None and 2 < whole - broken < 3
    assert score(told("en"), told("sw")[:-1], "sw", unfinished=0.0) == pytest.approx(whole, abs=0.1)


def test_marks_and_their_composition_do_not_count() -> None:
    language = resolve("yo").language
    assert target_size("ọmọdé", language) == target_size("o\u0323mo\u0323de\u0301", language)
    assert target_size("ọmọdé", language) == target_size("omode", language) == 5


@pytest.mark.parametrize(
    ("text", "lang", "size"),
    [
        ("a b\nc", "sw", 3),
        ("มาร์ติน (Martin Smith)", "th", target_size("มาร์ติน", resolve("th").language)),
        ("Martin (Martin)", "sw", 14),
        ("", "sw", 0),
    ],
)
def test_what_counts_in_a_target(text: str, lang: str, size: int) -> None:
    assert target_size(text, resolve(lang).language) == size


def test_names_and_digits_of_a_source_weigh_more_for_chinese() -> None:
    chinese, swahili = resolve("zh-Hans").language, resolve("sw").language
    assert source_size("house", chinese) == source_size("house", swahili) == 5
    assert source_size("Maria", chinese) > source_size("Maria", swahili) > 5
    assert source_size("12345", chinese) > source_size("12345", swahili) > 5


def test_spans_and_requests_are_no_length() -> None:
    sums = "<<48/2=24>> https://example.org/a/long/path `code` " * 3
    assert score(sums + told("en"), sums + told("ja"), "ja") == pytest.approx(
        score(told("en"), told("ja"), "ja") or 0, abs=1.0
    )
    request = "\nAPI-Request: [Find(keyword='a long text that stays in English, whatever the language is')]"
    assert score(told("en") + request, told("ja") + request, "ja") == pytest.approx(
        score(told("en"), told("ja"), "ja") or 0, abs=1.0
    )


def test_of_many_segments_the_worst_counts() -> None:
    short = told("sw", 0, 1, 2, 3)[:60]
    one = LengthCheck().score_pair(turns_pair([told("en")], [short], "sw")).value
    three = LengthCheck().score_pair(turns_pair([told("en")] * 3, [told("sw"), short, told("sw")], "sw"))
    assert one is not None and three.value is not None and one < three.value < LOW
    assert three.detail is not None and three.detail.startswith("messages.1: ")


@pytest.mark.parametrize(
    ("source", "target", "model"), [("", "Habari", None), ("48/2", "48/2", None), ("Hello.", "Hello.", "identity")]
)
def test_it_abstains_where_there_is_nothing_to_judge(source: str, target: str, model: str | None) -> None:
    assert LengthCheck().score_pair(text_pair(source, target, "sw", model)).value is None


def test_factors_of_the_settings_lead() -> None:
    check = LengthCheck(LengthSettings(factors={"sw": {"log_ratio": 0.5, "spread": 0.1}}))
    assert check.identity(resolve("sw").language) == {"factors": "settings", "log_ratio": 0.5, "spread": 0.1}
    assert check.identity(resolve("yo").language)["factors"] == "NTREX-128"
    usual, other = score(told("en"), told("sw"), "sw"), check.score_pair(text_pair(told("en"), told("sw"), "sw")).value
    assert usual is not None and other is not None and other < usual - 2


@pytest.mark.parametrize(
    "entry", [{}, [0, 1], {"log_ratio": 0, "spread": 0}, {"log_ratio": "0", "spread": 1}, {"spread": 1, "mean": 0}]
)
def test_factors_that_are_none_are_refused(entry: object) -> None:
    with pytest.raises(UsageError, match=r"length\.factors\.sw: expected log_ratio and spread"):
        LengthCheck(LengthSettings(factors={"sw": entry}))


@pytest.mark.parametrize(("lang", "kind"), [("zh-Hant", "Han"), ("km", "Thai"), ("gu", "Indic"), ("af", "Latin")])
def test_a_language_without_factors_has_those_of_its_script_and_a_wide_spread(lang: str, kind: str) -> None:
    factors = factors_for(resolve(lang).language)
    assert factors.origin == f"kind of script: {kind}"
    assert factors.spread > 0.2


def test_the_table_covers_25_languages() -> None:
    shipped = "sw yo th ja bn es zh-Hans te am ar de fr ha hi id ig it ko pt ru ta tr ur vi zu"
    assert {factors_for(resolve(lang).language).origin for lang in shipped.split()} == {"NTREX-128"}


def _pairs(rng: random.Random, wrong: float, kind: str) -> list[tuple[str, str]]:
    """Texts of which the translation is 1.5 times as long, with a deviation of 0.1 in the logarithm."""
    pairs = []
    for _ in range(600):
        size = rng.randint(60, 250)
        target = "a" * round(1.5 * size * math.exp(rng.gauss(0, 0.1 * math.sqrt(1 + 40 / size))))
        if rng.random() < wrong:
            target = {"half": target[: len(target) // 2], "other": "a" * rng.randint(5, 400), "copy": "a" * size}[kind]
        pairs.append(("a" * size, target))
    return pairs


@pytest.mark.parametrize(("wrong", "kind"), [(0.0, "half"), (0.3, "half"), (0.3, "other"), (0.3, "copy")])
def test_estimates_bear_three_wrong_rows_in_ten(wrong: float, kind: str) -> None:
    factors = estimate_factors(_pairs(random.Random(7), wrong, kind), resolve("sw").language)
    assert factors is not None
    assert factors.log_ratio == pytest.approx(math.log(1.5), abs=0.05)
    assert factors.spread == pytest.approx(0.1, abs=0.04)


def test_too_few_pairs_give_no_estimate() -> None:
    assert estimate_factors([("a", "b")] * 49, resolve("sw").language) is None
    same = estimate_factors([("abc", "abc")] * 50, resolve("sw").language)
    assert same == Factors(0.0, 0.01, "estimate")


def test_the_table_is_made_from_files_line_by_line(tmp_path) -> None:  # type: ignore[no-untyped-def]
    pairs = _pairs(random.Random(1), 0, "half")
    (tmp_path / "eng.1.txt").write_text("\n".join(source for source, _ in pairs) + "\n", "utf-8")
    (tmp_path / "swa.1.txt").write_text("\n".join(target for _, target in pairs) + "\n", "utf-8")
    (tmp_path / "nllb_codes.tsv").write_text("ntrex\tnllb\neng\teng_Latn\nswa\tswh_Latn\ndiv\t\n", "utf-8")
    *_, head, row = table(tmp_path)
    assert head == "code\tlog_ratio\tspread\tpairs"
    code, log_ratio, spread, count = row.split("\t")
    assert (code, count) == ("sw", "600")
    assert float(log_ratio) == pytest.approx(math.log(1.5), abs=0.03) and float(spread) == pytest.approx(0.1, abs=0.02)


@given(st.text(), st.text(), st.sampled_from(["sw", "th", "ja", "am", "lo"]))
def test_it_survives_any_text(source: str, target: str, lang: str) -> None:
    value = score(source, target, lang)
    assert value is None or math.isfinite(value)
