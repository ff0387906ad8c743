"""The table of languages that are taken for one another."""

import pytest

from mlt.filter.lid.confusables import groups, neighbours
from mlt.toolkit.languages import all_languages, resolve

CODES = {language.code for language in all_languages()}


def test_groups_hold_codes_of_ours_and_at_least_two_each() -> None:
    for group in groups():
        assert group <= CODES, group - CODES
        assert len(group) >= 2


def test_neighbours_are_mutual_and_never_the_language_itself() -> None:
    near = {language.code: neighbours(language) for language in all_languages()}
    for code, others in near.items():
        assert code not in others
        assert all(code in near[other] for other in others)


@pytest.mark.parametrize(
    ("lang", "near"),
    [
        ("es", {"pt", "gl", "ca", "ast"}),
        ("bn", {"as"}),
        ("id", {"ms"}),
        ("hr", {"bs"}),
        ("nb", {"da", "sv", "nn"}),
        ("zh-Hans", {"zh-Hant", "yue", "ja"}),
        ("hi", {"mr", "ne", "mai", "bho"}),
        ("uk", {"ru", "be", "bg", "mk"}),
        ("zu", {"xh", "ss"}),
        ("fa", {"prs", "ps", "ur"}),
        ("yo", set()),
    ],
)
def test_neighbours_of_a_language(lang: str, near: set[str]) -> None:
    found = neighbours(resolve(lang).language)
    assert near <= found
    assert near or not found
