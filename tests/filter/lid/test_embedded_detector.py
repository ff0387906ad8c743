"""py3langid over many texts at once gives what the library gives one by one."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lid_texts import LANGUAGES, SENTENCES

from mlt.filter.lid.detector import Priors
from mlt.filter.lid.embedded import Embedded, _encoded, _model
from mlt.toolkit.languages import resolve

langid = pytest.importorskip("py3langid.langid")
PRIORS = Priors(0.1, 0.01)
ALL = [sentence for sentences in SENTENCES.values() for sentence in sentences]


LIBRARY = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)


def ours(texts: list[str]) -> list[dict[str, float]]:
    model = _model()
    found, _ = model.probabilities([_encoded(text) for text in texts])
    merged = []
    for row in found:
        entry: dict[str, float] = {}
        for label, value in zip(model.classes, row.tolist(), strict=True):
            entry[label] = entry.get(label, 0.0) + value
        merged.append(entry)
    return merged


def test_probabilities_are_the_librarys() -> None:
    texts = [*ALL, *(sentence * 40 for sentence in ALL[::5]), "IN CAPITALS", "\ud800 text"]
    for text, found in zip(texts, ours(texts), strict=True):
        assert found == pytest.approx(dict(LIBRARY.rank(text)), abs=1e-4)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=30))
def test_any_texts_get_the_librarys_probabilities(texts: list[str]) -> None:
    texts = [unicodedata.normalize("NFC", text) for text in texts]
    # The library is even-handed where it has seen nothing; a verdict says None there.
    known = [text for text in texts if LIBRARY._raw_score(_encoded(text)).any()]
    for text, found in zip(known, ours(known) if known else [], strict=True):
        assert found == pytest.approx(dict(LIBRARY.rank(text)), abs=1e-4)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_sentences_belong_to_their_language(lang: str) -> None:
    verdicts = Embedded().judge(SENTENCES[lang], resolve(lang).language, PRIORS)
    assert all(verdict.share > 0.5 for verdict in verdicts)


@pytest.mark.parametrize("lang", ["sw", "yo", "th", "ja", "bn", "es", "te"])
def test_sentences_of_others_do_not(lang: str) -> None:
    others = [sentence for other, sentences in SENTENCES.items() if other != lang for sentence in sentences]
    verdicts = Embedded().judge(others, resolve(lang).language, PRIORS)
    assert all(verdict.share < 0.3 for verdict in verdicts)


def test_the_company_of_other_texts_changes_no_verdict() -> None:
    swahili = resolve("sw").language
    alone = [Embedded().judge([text], swahili, PRIORS)[0].share for text in ALL]
    together = [verdict.share for verdict in Embedded().judge(ALL * 3, swahili, PRIORS)]
    assert together == pytest.approx(alone * 3, abs=1e-5)


def test_text_without_a_known_feature_says_nothing() -> None:
    assert Embedded().judge(["", "\x01"], resolve("sw").language, PRIORS)[0].share is None


def test_priors_of_zero_leave_a_number() -> None:
    verdicts = Embedded().judge([SENTENCES["th"][0] * 20], resolve("sw").language, Priors(0.0, 0.0))
    assert verdicts[0].share is not None
    assert np.isfinite(verdicts[0].share)


@pytest.mark.parametrize(("lang", "known"), [("yo", True), ("zh-Hant", True), ("ilo", False), ("prs", False)])
def test_it_says_which_languages_it_knows(lang: str, known: bool) -> None:
    assert Embedded().knows(resolve(lang).language) is known


def test_name_revision_and_license_are_stated() -> None:
    detector = Embedded()
    assert (detector.name, detector.license) == ("py3langid", "BSD-3-Clause")
    assert detector.revision[0].isdigit()
