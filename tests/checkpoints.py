"""Small random NLLB and M2M100 checkpoints, made as transformers writes them: no network, about a second each."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

NLLB_CODES = ["eng_Latn", "swh_Latn", "tha_Thai"]
POSITIONS = 64
SENTENCES = [
    f"{name} bought {count} {thing} for {2 * count} dollars."
    for name in ("Ann", "Bob", "Juma", "Mei")
    for count in (3, 7, 12, 48)
    for thing in ("apples", "books", "red pens")
]


def needed() -> None:
    """Skips the calling test where the packages that write checkpoints are missing."""
    for name in ("torch", "transformers", "sentencepiece", "google.protobuf"):
        pytest.importorskip(name, reason=f"making a checkpoint needs {name} (mlt[nllb])")


def make_nllb(folder: Path) -> Path:
    """An NLLB-shaped checkpoint with tokenizer.json, three languages and two rows to spare in its embeddings."""
    from transformers import AutoTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sentencepiece.bpe.model").write_bytes(_sentencepiece_model())
    config = {"tokenizer_class": "NllbTokenizer", "additional_special_tokens": NLLB_CODES}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.save_pretrained(folder)
    _save_model(folder, len(tokenizer), spare=2)
    return folder


def make_m2m100(folder: Path) -> Path:
    """An M2M100-shaped checkpoint, whose tokenizer is a SentencePiece model and vocab.json."""
    import sentencepiece
    from transformers import M2M100Tokenizer

    folder.mkdir(parents=True, exist_ok=True)
    model = folder / "sentencepiece.bpe.model"
    model.write_bytes(_sentencepiece_model())
    processor = sentencepiece.SentencePieceProcessor(model_file=str(model))
    pieces = ["<s>", "<pad>", "</s>", "<unk>"]
    pieces += [processor.id_to_piece(i) for i in range(3, processor.get_piece_size())]
    (folder / "vocab.json").write_text(json.dumps({piece: i for i, piece in enumerate(pieces)}))
    tokenizer = M2M100Tokenizer(str(folder / "vocab.json"), str(model))
    tokenizer.save_pretrained(folder)
    _save_model(folder, len(pieces) + len(tokenizer.lang_code_to_id), spare=tokenizer.num_madeup_words)
    return folder


def _sentencepiece_model() -> bytes:
    import sentencepiece

    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES),
        model_writer=written,
        vocab_size=110,
        model_type="bpe",
        hard_vocab_limit=False,
        minloglevel=2,
        num_threads=1,
    )
    return written.getvalue()


def _save_model(folder: Path, vocabulary: int, spare: int) -> None:
    import torch
    from transformers import M2M100Config, M2M100ForConditionalGeneration

    torch.manual_seed(1)
    sizes: dict[str, Any] = {
        f"{side}_{name}": value
        for side in ("encoder", "decoder")
        for name, value in (("layers", 2), ("ffn_dim", 64), ("attention_heads", 2), ("layerdrop", 0.0))
    }
    config = M2M100Config(
        vocab_size=vocabulary + spare, d_model=32, max_position_embeddings=POSITIONS, init_std=0.8, **sizes
    )
    model = M2M100ForConditionalGeneration(config)
    with torch.no_grad():  # random decoding seldom ends: a longer row is chosen more often
        model.model.shared.weight[config.eos_token_id] *= 2.0
        model.model.shared.weight[vocabulary:] = 0.0
    model.save_pretrained(folder)
