"""The round trip: an engine puts translations back, chrF compares."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar

import pytest
from filter_stories import text_pair, turns_pair

from mlt.filter.checks.roundtrip import RoundTripCheck, RoundTripSettings
from mlt.toolkit.errors import EnvironmentProblem, UsageError
from mlt.toolkit.languages import Language, resolve
from mlt.translate.engine import Decoding, Hypothesis, Prepared

SWAHILI = resolve("sw").language
SPEC = "test_roundtrip_check:Dictionary"


class Dictionary:
    """Knows three Swahili words, and counts what it is asked."""

    name = "dictionary"
    identity: ClassVar[dict[str, Any]] = {"engine": "dictionary", "revision": "7"}
    license = "CC0-1.0"
    max_n_best = 1
    translates = True
    asked: ClassVar[list[list[str]]] = []
    words: ClassVar[dict[str, str]] = {"Paka": "The cat", "analala": "sleeps", "Mbwa": "The dog"}

    def supports(self, language: Language) -> bool:
        return language.code in ("sw", "en")

    def prepare(self, texts: Sequence[str], source: Language, target: Language) -> list[Prepared]:
        assert (source.code, target.code) == ("sw", "en")
        return [Prepared.in_words(text) for text in texts]

    def translate(
        self, batches: Iterable[Sequence[Prepared]], source: Language, target: Language, decoding: Decoding
    ) -> Iterator[list[list[Hypothesis]]]:
        for batch in batches:
            self.asked.append([unit.text for unit in batch])
            yield [[Hypothesis(" ".join(self.words.get(w.strip("."), w) for w in unit.text.split()))] for unit in batch]

    def close(self) -> None:
        self.asked.clear()


@pytest.fixture
def check() -> Iterator[RoundTripCheck]:
    pytest.importorskip("sacrebleu", reason="sacrebleu is an extra")
    made = RoundTripCheck(RoundTripSettings(SPEC))
    Dictionary.asked.clear()
    yield made
    made.close()


def test_without_a_model_no_language_is_covered() -> None:
    assert RoundTripCheck().covers(SWAHILI) == "no model is named"
    assert RoundTripCheck(RoundTripSettings("identity")).covers(SWAHILI) is None


def test_the_engine_says_which_languages_are_covered() -> None:
    check = RoundTripCheck(RoundTripSettings(SPEC))
    assert check.covers(SWAHILI) is None
    assert check.covers(resolve("th").language) == "dictionary does not know th or English"


def test_a_model_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="no such folder or model"):
        RoundTripCheck(RoundTripSettings("no such model")).covers(SWAHILI)


def test_the_engine_is_part_of_the_identity(check: RoundTripCheck) -> None:
    assert check.identity(SWAHILI) == {"engine": {"engine": "dictionary", "revision": "7"}}
    assert [(m.name, m.revision, m.license) for m in check.models(SWAHILI)] == [("dictionary", "7", "CC0-1.0")]


def test_what_comes_back_scores_high_and_something_else_low(check: RoundTripCheck) -> None:
    good, bad = check.score(
        [text_pair("The cat sleeps", "Paka analala", "sw"), text_pair("I bought 7 hats", "Mbwa analala", "sw")], SWAHILI
    )
    assert good.value == pytest.approx(100)
    assert bad.value is not None
    assert bad.value < 30
    assert good.detail == "back in English: The cat sleeps"


def test_each_sentence_is_asked_once_longest_first(check: RoundTripCheck) -> None:
    pairs = [text_pair("x", text, "sw") for text in ("Paka", "Paka analala", "Paka")]
    assert len(check.score(pairs, SWAHILI)) == 3
    assert Dictionary.asked == [["Paka analala", "Paka"]]


def test_spans_come_back_as_an_engine_reads_them(check: RoundTripCheck) -> None:
    [score] = check.score([text_pair("The cat 6/2=<<6/2=3>>3 sleeps", "Paka 6/2=<<6/2=3>>3 analala", "sw")], SWAHILI)
    assert score.value == pytest.approx(100)


def test_all_turns_count(check: RoundTripCheck) -> None:
    [score] = check.score([turns_pair(["The cat", "sleeps"], ["Paka", "analala"], "sw")], SWAHILI)
    assert score.value == pytest.approx(100)


def test_nothing_in_english_is_not_judged(check: RoundTripCheck) -> None:
    [score] = check.score([text_pair("", "Paka", "sw")], SWAHILI)
    assert score.value is None


def test_without_sacrebleu_the_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sacrebleu.metrics.chrf", None)
    check = RoundTripCheck(RoundTripSettings("identity"))
    with pytest.raises(EnvironmentProblem, match="pip install"):
        check.score([text_pair("A cat", "Paka", "sw")], SWAHILI)
