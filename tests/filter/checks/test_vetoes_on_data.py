"""Human translations pass the vetoes of text, and the English in their place does not pass for one."""

from pathlib import Path

import pytest
from filter_stories import text_pair

from mlt.filter.check import Check
from mlt.filter.registry import check_class

LANGUAGES = {"deu": "de", "jpn": "ja", "swa": "sw", "tha": "th", "yor": "yo", "zho-CN": "zh-Hans", "ben": "bn"}
VETOES = ("empty", "ending", "unk", "copy", "call", "arguments", "answer", "sums", "structure")


def lines(data_dir: Path, code: str) -> list[str]:
    return (data_dir / "ntrex" / f"{code}.001-500.txt").read_text(encoding="utf-8").split("\n")[:500]


@pytest.mark.parametrize("code", LANGUAGES)
def test_news_that_people_have_translated_passes(data_dir: Path, code: str) -> None:
    language = LANGUAGES[code]
    english, translated = lines(data_dir, "eng"), lines(data_dir, code)
    pairs = [text_pair(source, target, language) for source, target in zip(english, translated, strict=True)]
    found = {name: [s for s in _made(name).score(pairs, pairs[0].language) if s.value] for name in VETOES}
    assert not any(found.values()), found


def test_news_that_was_left_in_english_is_found(data_dir: Path) -> None:
    pairs = [text_pair(text, text, "sw") for text in lines(data_dir, "eng")]
    assert all(score.value == 1 for score in _made("copy").score(pairs, pairs[0].language))


def _made(name: str) -> Check:
    cls = check_class(name)
    return cls(cls.Settings(), None)
