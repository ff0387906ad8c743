"""Calculator annotations: the source's, all of them and no others."""

import pytest
from filter_stories import text_pair
from hypothesis import given
from hypothesis import strategies as st

from mlt.filter.checks.sums import SumsCheck

SOURCE = "He sold 48/2 = <<48/2=24>>24 and 24+48 = <<24+48=72>>72."


def problems(source: str, target: str) -> list[str] | None:
    score = SumsCheck().score_pair(text_pair(source, target, "sw"))
    return None if score.value is None else (score.detail.split("; ") if score.detail else [])


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (SOURCE, "Aliuza 48/2 = <<48/2=24>>24 na 24+48 = <<24+48=72>>72."),
        (SOURCE, "24+48 = <<24+48=72>>72, baada ya 48/2 = <<48/2=24>>24."),
        ("A wrong one: <<2+2=5>>5", "Kosa: <<2+2=5>>5"),
    ],
)
def test_the_same_sums_are_sound_right_or_wrong(source: str, target: str) -> None:
    assert problems(source, target) == []


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("Aliuza <<48/2=24>>24.", ["<<24+48=72>> is missing"]),
        (
            "<<48/2=25>>25 na <<24+48=72>>72",
            ["<<48/2=24>> is missing", "<<48/2=25>> does not hold"],
        ),
        ("<<48/2=24>>24 <<24+48=72>>72 <<1+1=2>>2", ["<<1+1=2>> was not there"]),
        ("<<48/2=24>>24 na <.<.2.4.+.4.8.=.7.2.>.>.7.2", ["<<24+48=72>> is missing"]),
    ],
)
def test_lost_new_and_wrong_sums_are_named(target: str, found: list[str]) -> None:
    assert problems(SOURCE, target) == found


def test_a_text_without_annotations_is_not_judged() -> None:
    assert problems("48/2 = 24", "48/2 = 25") is None


@given(st.text("<>=+/0123456789a "), st.text("<>=+/0123456789a "))
def test_any_text_is_judged(source: str, target: str) -> None:
    assert problems(f"<<1=1>>{source}", target) is not None
