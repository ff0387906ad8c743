"""A tiny fastText model, trained in a moment."""

from pathlib import Path

import pytest
from lid_texts import SENTENCES

from mlt.toolkit.languages import resolve


@pytest.fixture(scope="session")
def tiny_fasttext(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier of the languages of ``lid_texts`` but Yoruba, with labels as NLLB's (``__label__swh_Latn``)."""
    fasttext = pytest.importorskip("fasttext")
    folder = tmp_path_factory.mktemp("fasttext")
    lines = [
        f"__label__{resolve(lang).language.flores} {sentence}\n"
        for lang, sentences in SENTENCES.items()
        if lang != "yo"
        for sentence in sentences
    ]
    (folder / "train.txt").write_text("".join(lines * 10), encoding="utf-8")
    # fastText sets its matrix's first values in ten parts, one a thread: with fewer threads or a size that ten does not
    # divide, some stay as the memory was, and training may end in NaN.
    model = fasttext.train_supervised(
        str(folder / "train.txt"), dim=10, minn=1, maxn=2, bucket=5000, epoch=20, lr=0.5, thread=10, verbose=0
    )
    model.save_model(str(folder / "tiny.bin"))
    return folder / "tiny.bin"
