"""Counting tokens: what counts, where a tokenizer comes from, and what a refusal says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from mlt.toolkit.errors import DataError, UsageError
from mlt.toolkit.hub_files import HubFiles
from mlt.train import tokens
from mlt.train.tokens import TokenCounter

WORDS = ["<s>", "</s>", "<unk>", "one", "two"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A tokenizer of words that cuts at three tokens, pads to ten and puts a mark at each end."""
    made = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    made.post_processor = processors.TemplateProcessing("<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)])
    made.enable_truncation(3)
    made.enable_padding(length=10)
    path = tmp_path / "tiny-words"
    path.mkdir()
    made.save(str(path / "tokenizer.json"))
    return path


def test_each_text_counts_its_tokens_and_one_that_ends_it(folder: Path) -> None:
    counter = TokenCounter.open(folder)
    assert counter.count(["one two", "", "one", "two two two two two two"]) == [3, 1, 2, 7]
    assert counter.count([]) == []


def test_local_tokenizer_is_named_by_its_folder_and_its_content(folder: Path, tmp_path: Path) -> None:
    first = TokenCounter.open(folder)
    assert first.name == "tiny-words"
    assert first.revision.startswith("blake2b:")
    by_file = TokenCounter.open(folder / "tokenizer.json")
    assert (by_file.name, by_file.revision) == (first.name, first.revision)
    moved = Path(shutil.copy(folder / "tokenizer.json", tmp_path / "other.json"))
    assert (TokenCounter.open(moved).name, TokenCounter.open(moved).revision) == ("other.json", first.revision)
    moved.write_text(moved.read_text().replace('"two"', '"deux"'))
    assert TokenCounter.open(moved).revision != first.revision


@pytest.mark.parametrize(
    ("spec", "revision", "asked"),
    [("who/model", None, None), ("who/model@v2", None, "v2"), ("who/model@v2", "v3", "v3"), ("gpt2", None, None)],
)
def test_hub_tokenizer_is_named_by_its_id_and_commit(
    spec: str, revision: str | None, asked: str | None, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def fetch(hub_id: str, patterns: list[str], **options: object) -> HubFiles:
        seen.append((hub_id, patterns, options["option"], options["revision"]))
        return HubFiles(folder, "c0ffee", "mit")

    monkeypatch.setattr(tokens, "fetch_files", fetch)
    counter = TokenCounter.open(spec, revision=revision)
    name = spec.partition("@")[0]
    assert seen == [(name, ["tokenizer.json"], "--tokenizer", asked)]
    assert (counter.name, counter.revision, counter.count(["one"])) == (name, "c0ffee", [2])


def test_what_is_no_tokenizer_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{}")
    (tmp_path / "empty").mkdir()
    for spec, kind, said in [
        (tmp_path / "empty", UsageError, "holds no tokenizer.json"),
        (tmp_path / "bad.json", DataError, "bad.json cannot be read"),
        ("no such/thing/here", UsageError, "no such file or folder, and no Hub id"),
    ]:
        with pytest.raises(kind, match=said) as caught:
            TokenCounter.open(spec)
        assert "\n" not in str(caught.value)
