"""fastText models: labels without loading, verdicts, and texts that fastText itself cannot take."""

from pathlib import Path

import pytest
from lid_texts import SENTENCES

from mlt.filter.lid import fasttext_model
from mlt.filter.lid.detector import Priors
from mlt.filter.lid.fasttext_file import labels_of
from mlt.filter.lid.fasttext_model import FastText
from mlt.toolkit.errors import DataError, EnvironmentProblem
from mlt.toolkit.languages import resolve

PRIORS = Priors(0.1, 0.01)


def test_labels_are_read_as_fasttext_reads_them(tiny_fasttext: Path) -> None:
    import fasttext

    assert list(labels_of(tiny_fasttext)) == fasttext.load_model(str(tiny_fasttext)).get_labels()


def test_labels_of_a_quantised_file_are_read_too(tiny_fasttext: Path, tmp_path: Path) -> None:
    import fasttext

    model = fasttext.load_model(str(tiny_fasttext))
    model.quantize()
    model.save_model(str(tmp_path / "tiny.ftz"))
    assert labels_of(tmp_path / "tiny.ftz") == labels_of(tiny_fasttext)
    assert FastText(tmp_path / "tiny.ftz", "tiny.ftz").knows(resolve("sw").language)


@pytest.mark.parametrize("lang", [lang for lang in SENTENCES if lang not in ("yo", "en")])
def test_a_sentence_belongs_to_its_language_and_english_does_not(tiny_fasttext: Path, lang: str) -> None:
    texts = [SENTENCES[lang][0], SENTENCES["en"][0]]
    own, english = FastText(tiny_fasttext, "tiny").judge(texts, resolve(lang).language, PRIORS)
    assert own.share > 0.5
    assert english.share < 0.3
    assert english.rival == "__label__eng_Latn"


def test_a_language_without_a_label_is_not_known(tiny_fasttext: Path) -> None:
    detector = FastText(tiny_fasttext, "tiny")
    assert detector.knows(resolve("sw").language)
    assert not detector.knows(resolve("yo").language)


def test_a_label_known_to_fail_is_not_trusted(tiny_fasttext: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FastText, "_is_lid_176", True)
    detector = FastText(tiny_fasttext, "lid.176.ftz")
    assert not detector.knows(resolve("sw").language)
    assert detector.knows(resolve("th").language)
    assert detector.license == "cc-by-sa-3.0"


@pytest.mark.parametrize("text", ["\ud800 a lone surrogate", "", "\x00", "🙂🙂🙂", "__label__swh_Latn", "x" * 100_000])
def test_any_text_gets_a_verdict(tiny_fasttext: Path, text: str) -> None:
    (verdict,) = FastText(tiny_fasttext, "tiny").judge([text], resolve("sw").language, PRIORS)
    assert verdict.share is None or 0 <= verdict.share <= 1


def test_a_file_is_known_by_its_content(tiny_fasttext: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.bin"
    copy.write_bytes(tiny_fasttext.read_bytes())
    assert FastText(copy, "a").revision == FastText(tiny_fasttext, "b").revision
    copy.write_bytes(tiny_fasttext.read_bytes() + b"\0")
    assert FastText(copy, "a").revision != FastText(tiny_fasttext, "b").revision
    assert FastText(copy, "a", revision="c0ffee").revision == "c0ffee"


@pytest.mark.parametrize("hub_id", ["cis-lmu/glotlid", "facebook/fasttext-language-identification"])
def test_licenses_of_known_models_are_stated_where_the_hub_does_not(tiny_fasttext: Path, hub_id: str) -> None:
    assert (
        FastText(tiny_fasttext, hub_id, "c0ffee").license
        == {
            "cis-lmu/glotlid": "apache-2.0",
            "facebook/fasttext-language-identification": "cc-by-nc-4.0",
        }[hub_id]
    )
    assert FastText(tiny_fasttext, hub_id, "c0ffee", "mit").license == "mit"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no model", None], ids=["empty", "other", "cut"])
def test_a_file_that_is_no_model_is_one_line(tiny_fasttext: Path, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "odd.bin"
    path.write_bytes(tiny_fasttext.read_bytes()[:120] if content is None else content)
    with pytest.raises(DataError, match=r"odd\.bin is no fastText classifier") as caught:
        FastText(path, "odd")
    assert "\n" not in str(caught.value)


def test_word_vectors_are_no_classifier(tmp_path: Path) -> None:
    fasttext = pytest.importorskip("fasttext")
    (tmp_path / "text.txt").write_text("a b c d\n" * 20)
    model = fasttext.train_unsupervised(str(tmp_path / "text.txt"), dim=10, minCount=1, bucket=10, epoch=1, thread=10)
    model.save_model(str(tmp_path / "vectors.bin"))
    with pytest.raises(DataError, match="no fastText classifier"):
        labels_of(tmp_path / "vectors.bin")


def test_a_missing_package_is_one_line(tiny_fasttext: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fasttext_model, "find_spec", lambda name: None)
    with pytest.raises(EnvironmentProblem, match="pip install fasttext-numpy2"):
        FastText(tiny_fasttext, "tiny")
