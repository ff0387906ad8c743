from __future__ import annotations

import pytest

from mlt.data_cards.licenses import check_declared, find_license, judge, known_licenses, require_license
from mlt.toolkit.errors import UsageError

NLLB = ("facebook/nllb-200-distilled-600M", "cc-by-nc-4.0")
M2M = ("facebook/m2m100_418M", "mit")

CONFLICTS = [
    # source, models, declared, what the only conflict speaks of (None: there is none)
    ("MIT", [M2M], "mit", None),
    ("CC0-1.0", [("tiny", "CC0-1.0")], "cc0-1.0", None),
    ("MIT", [NLLB], "cc-by-nc-4.0", None),
    ("MIT", [NLLB], None, None),
    ("MIT", [NLLB], "mit", "disputed"),
    ("MIT", [NLLB], "cc-by-sa-4.0", "disputed"),
    ("CC-BY-SA-4.0", [M2M], "cc-by-sa-4.0", None),
    ("CC-BY-SA-3.0", [M2M], "cc-by-sa-4.0", None),
    ("CC-BY-SA-4.0", [M2M], "cc-by-4.0", "share alike"),
    ("CC-BY-NC-4.0", [M2M], "cc-by-4.0", "the source is under cc-by-nc-4.0 (no commercial use)"),
    ("CC-BY-NC-SA-4.0", [M2M], "cc-by-nc-4.0", "share alike"),
    ("CC-BY-ND-4.0", [M2M], "cc-by-nd-4.0", "a translation is one"),
    ("CC-BY-4.0", [M2M], "cc0-1.0", "attribution"),
    ("unknown", [M2M], "mit", "the source (unknown)"),
    ("my own words", [M2M], "mit", "the source (my own words)"),
    ("MIT", [("model", None)], "mit", "(unknown) says of its output is not known"),
    ("MIT", [("llama", "llama3.1")], "mit", "read them"),
    ("CC-BY-NC-4.0", [M2M], "my-terms=https://example.org/terms", "no commercial use"),
    ("MIT", [M2M], "my-terms=https://example.org/terms", None),
    ("MIT, CC-BY-SA-4.0", [M2M], "mit", "share alike"),
]


@pytest.mark.parametrize(("source", "models", "declared", "about"), CONFLICTS)
def test_a_conflict_of_licences_is_named_in_one_line(source, models, declared, about) -> None:  # type: ignore[no-untyped-def]
    found = judge(source, models, declared).conflicts
    assert len(found) == (about is not None)
    assert all(about in line and "\n" not in line for line in found)


def test_a_gated_source_is_named() -> None:
    found = judge("CC-BY-4.0", [M2M], "cc-by-4.0", gated=["owner/set"]).conflicts
    assert found == ("owner/set is given only to those who accept its terms: publish only what they allow",)


def test_a_statement_names_every_licence_and_the_dispute() -> None:
    said = judge("MIT", [NLLB], "cc-by-nc-4.0").statement
    assert "source is under MIT License" in said
    assert "nllb-200-distilled-600M, which wrote translations, is under CC BY-NC 4.0" in said
    assert "disputed, so this card names it" in said
    assert said.endswith("published under CC BY-NC 4.0.")


@pytest.mark.parametrize(
    ("text", "hub_id"),
    [("MIT", "mit"), ("CC BY 4.0", "cc-by-4.0"), ("Apache License 2.0", "apache-2.0"), ("CC0", "cc0-1.0")],
)
def test_licences_are_known_by_spdx_and_common_names(text: str, hub_id: str) -> None:
    found = find_license(text)
    assert found is not None and found.hub_id == hub_id


def test_every_listed_licence_has_a_link_and_known_terms() -> None:
    terms = {"attribution", "share-alike", "noncommercial", "no-derivatives", "own-terms"}
    for hub_id, entry in known_licenses().items():
        assert (entry.link or "").startswith("http"), hub_id
        assert entry.asks <= terms, hub_id
        assert ("-nc" in hub_id) == ("noncommercial" in entry.asks), hub_id
        assert ("-nd" in hub_id) == ("no-derivatives" in entry.asks), hub_id


def test_publishing_needs_a_licence() -> None:
    with pytest.raises(UsageError, match="needs --license"):
        require_license(judge("MIT", [M2M], None), checked=True)


def test_a_conflict_is_refused_until_it_was_checked() -> None:
    judged = judge("unknown", [NLLB], "mit")
    with pytest.raises(UsageError, match=r"and 1 more.*--i-have-checked-the-license"):
        require_license(judged, checked=False)
    require_license(judged, checked=True)


def test_a_licence_without_conflicts_needs_no_further_word() -> None:
    require_license(judge("MIT", [NLLB], "cc-by-nc-4.0"), checked=False)


@pytest.mark.parametrize("text", ["cc-by-nc-40", "mine", "x=ftp://y", ""])
def test_a_licence_that_the_hub_does_not_know_is_refused_even_when_checked(text: str) -> None:
    with pytest.raises(UsageError, match="NAME=URL"):
        require_license(judge("MIT", [M2M], text), checked=True)
    with pytest.raises(UsageError):
        check_declared(text)


def test_a_mistyped_licence_gets_a_suggestion() -> None:
    with pytest.raises(UsageError, match=r"did you mean cc-by-nc-4\.0"):
        check_declared("cc-by-nc-40")


def test_terms_of_ones_own_have_a_name_and_a_link() -> None:
    found = check_declared("my-terms=https://example.org/terms")
    assert (found.hub_id, found.name, found.link) == ("other", "my-terms", "https://example.org/terms")
