"""Small random COMET checkpoints, made in COMET's own interpreter: ``python random_comet.py FOLDER [LAYERS WIDTH]``.

It writes FOLDER/{encoder,regression,unified,xcomet,reference,unsafe}; nothing is fetched.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Any

SENTENCES = [
    f"{name} bought {count} {thing} for {2 * count} dollars, and then {other}."
    for name in ("Ann", "Bob", "Juma", "Mei")
    for count in (3, 7, 12, 48)
    for thing in ("apples", "books", "red pens")
    for other in ("went home", "alinunua vitabu", "彼女は帰った")
]


class Runs:
    """What a checkpoint must not be able to do: unpickling it makes a folder."""

    def __reduce__(self) -> Any:
        return os.mkdir, (os.environ["MADE_BY_PICKLE"],)


def make_encoder(folder: Path, layers: int, width: int) -> None:
    """The config and tokenizer of an XLM-R; COMET asks for no weights."""
    import sentencepiece
    from transformers import XLMRobertaConfig, XLMRobertaTokenizer, XLMRobertaTokenizerFast

    folder.mkdir(parents=True)
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES),
        model_writer=written,
        vocab_size=200,
        hard_vocab_limit=False,
        minloglevel=2,
        num_threads=1,
    )
    model = folder / "sentencepiece.bpe.model"
    model.write_bytes(written.getvalue())
    tokenizer = XLMRobertaTokenizer(str(model))
    XLMRobertaTokenizerFast(str(model)).save_pretrained(folder)
    config = XLMRobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=max(2, width // 64),
        intermediate_size=4 * width,
        max_position_embeddings=514,
        type_vocab_size=1,
    )
    config.save_pretrained(folder)


def save(model: Any, identifier: str, folder: Path, extra: Any = None) -> None:
    """The checkpoint as Lightning writes it, and hparams.yaml beside it."""
    import torch
    import yaml

    (folder / "checkpoints").mkdir(parents=True)
    hparams = dict(model.hparams)
    content = {
        "state_dict": model.state_dict(),
        "hyper_parameters": hparams,
        "pytorch-lightning_version": "2.0.0",
        "epoch": 0,
        "global_step": 0,
        "loops": extra,
    }
    torch.save(content, folder / "checkpoints" / "model.ckpt")
    (folder / "hparams.yaml").write_text(yaml.safe_dump({**hparams, "class_identifier": identifier}))


def make_all(root: Path, layers: int, width: int) -> None:
    """All checkpoints, with seeded random weights."""
    import torch
    from comet.models import ReferencelessRegression, RegressionMetric, UnifiedMetric, XCOMETMetric

    encoder = root / "encoder"
    make_encoder(encoder, layers, width)
    shared: dict[str, Any] = {
        "pretrained_model": str(encoder),
        "load_pretrained_weights": False,
        "encoder_model": "XLM-RoBERTa",
        "hidden_sizes": [32, 16],
    }
    torch.manual_seed(1)
    regression = ReferencelessRegression(**shared)
    save(regression, "referenceless_regression_metric", root / "regression")
    unified = UnifiedMetric(**shared, input_segments=["mt", "src"], word_layer=layers)
    save(unified, "unified_metric", root / "unified")
    save(XCOMETMetric(**shared, word_layer=layers), "xcomet_metric", root / "xcomet")
    save(RegressionMetric(**shared), "regression_metric", root / "reference")
    save(regression, "referenceless_regression_metric", root / "unsafe", Runs())


if __name__ == "__main__":
    make_all(Path(sys.argv[1]), *(map(int, sys.argv[2:4]) if len(sys.argv) > 2 else (2, 32)))
