"""Labels of every family of detectors are read as our languages."""

import pytest

from mlt.filter.lid.labels import read_labels
from mlt.toolkit.languages import all_languages


@pytest.mark.parametrize(
    ("label", "codes"),
    [
        ("__label__swh_Latn", {"sw"}),
        ("__label__sw", {"sw"}),
        ("swa", {"sw"}),
        ("swc_Latn", {"sw"}),
        ("__label__zh", {"zh-Hans", "zh-Hant"}),
        ("cmn_Hani", {"zh-Hans", "zh-Hant"}),
        ("zho", {"zh-Hans", "zh-Hant"}),
        ("zho_Hans", {"zh-Hans"}),
        ("__label__zho_Hant", {"zh-Hant"}),
        ("yue_Hani", {"yue"}),
        ("arb_Arab", {"ar"}),
        ("ar", {"ar"}),
        ("ara", {"ar"}),
        ("arz", {"arz"}),
        ("jpn_Jpan", {"ja"}),
        ("kor_Hang", {"ko"}),
        ("ekk_Latn", {"et"}),
        ("als_Latn", {"sq"}),
        ("sqi", {"sq"}),
        ("no", {"nb"}),
        ("nob_Latn", {"nb"}),
        ("msa", {"ms"}),
        ("zsm_Latn", {"ms"}),
        ("fas", {"fa"}),
        ("fil_Latn", {"tl"}),
        ("gug", {"gn"}),
        ("bh", {"bho"}),
        ("ace", {"ace-Latn"}),
        ("ace_Arab", {"ace-Arab"}),
        ("kr", {"kr-Latn"}),
        ("sat_Olck", {"sat"}),
        ("sat_Beng", {"sat"}),
        ("srp_Latn", set()),
        ("uzn_Cyrl", set()),
        ("la", set()),
        ("zxx", set()),
        ("", set()),
    ],
)
def test_a_label_means_our_language(label: str, codes: set[str]) -> None:
    assert read_labels([label]) == {label: codes}


def test_every_code_of_nllb_is_read_as_its_own_language() -> None:
    labels = {f"__label__{language.flores}": frozenset({language.code}) for language in all_languages()}
    assert read_labels(labels) == labels


def test_a_longer_label_beside_a_two_letter_one_means_something_else() -> None:
    assert read_labels(["__label__sq", "__label__als"]) == {"__label__sq": {"sq"}, "__label__als": frozenset()}
