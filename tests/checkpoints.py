"""Small random checkpoints of every family, made as transformers writes them: no network, about a second each."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

MADLAD_CODES = ["<2en>", "<2sw>", "<2th>", "<2zh>"]
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


def make_madlad(folder: Path) -> Path:
    """A MADLAD-400-shaped checkpoint: an untied, gated T5 that begins with <unk> and has <s> for padding."""
    import sentencepiece
    import torch
    from transformers import T5Config, T5ForConditionalGeneration, T5Tokenizer

    folder.mkdir(parents=True, exist_ok=True)
    model = _sentencepiece_model(model_type="unigram", vocab_size=90, user_defined_symbols=MADLAD_CODES)
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    size = processor.get_piece_size()
    vocabulary = [(processor.id_to_piece(i), processor.get_score(i)) for i in range(size)]
    tokenizer = T5Tokenizer(vocab=vocabulary, extra_ids=0, additional_special_tokens=MADLAD_CODES, pad_token="<s>")
    tokenizer.save_pretrained(folder)
    torch.manual_seed(1)
    config = T5Config(
        vocab_size=size + 2,
        d_model=32,
        d_kv=16,
        d_ff=64,
        num_layers=2,
        num_heads=2,
        feed_forward_proj="gated-gelu",
        tie_word_embeddings=False,
        initializer_factor=3.0,
        decoder_start_token_id=0,
        eos_token_id=2,
        pad_token_id=1,
    )
    network = T5ForConditionalGeneration(config)
    head = torch.randn(config.vocab_size, config.d_model) * 0.5
    head[config.eos_token_id] *= 2.0
    head[size:] = 0.0
    network.lm_head.weight = torch.nn.Parameter(head)
    network.save_pretrained(folder)
    stored = json.loads((folder / "config.json").read_text())
    stored.pop("scale_decoder_outputs", None)  # transformers 5's own; the published config.json is older
    (folder / "config.json").write_text(json.dumps(stored | {"tie_word_embeddings": False}))
    return folder


def make_marian(folder: Path, *, codes: Sequence[str] = (), pair: tuple[str, str] = ("en", "sw")) -> Path:
    """An OPUS-MT-shaped checkpoint: two SentencePiece models, one vocabulary, and ``>>code<<`` for ``codes``."""
    import sentencepiece
    import torch
    from transformers import MarianConfig, MarianMTModel, MarianTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    sides = {"source.spm": SENTENCES, "target.spm": [sentence[::-1] for sentence in SENTENCES]}
    pieces = ["</s>", "<unk>"]
    for name, sentences in sides.items():
        (folder / name).write_bytes(_sentencepiece_model(sentences))
        processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / name))
        pieces += [processor.id_to_piece(i) for i in range(3, processor.get_piece_size())]
    pieces = [*dict.fromkeys([*pieces, *(f">>{code}<<" for code in codes)]), "<pad>"]
    (folder / "vocab.json").write_text(json.dumps({piece: i for i, piece in enumerate(pieces)}))
    paths = {"source_spm": "source.spm", "target_spm": "target.spm", "vocab": "vocab.json"}
    files = {name: str(folder / file) for name, file in paths.items()}
    MarianTokenizer(**files, source_lang=pair[0], target_lang=pair[1]).save_pretrained(folder)
    torch.manual_seed(9)
    config = MarianConfig(
        vocab_size=len(pieces),
        max_position_embeddings=POSITIONS,
        d_model=32,
        init_std=0.8,
        scale_embedding=True,
        activation_function="swish",
        static_position_embeddings=True,
        pad_token_id=len(pieces) - 1,
        decoder_start_token_id=len(pieces) - 1,
        bos_token_id=0,
        eos_token_id=0,
        forced_eos_token_id=0,
        **_layers(),
    )
    network = MarianMTModel(config)
    network.generation_config.bad_words_ids = [[config.pad_token_id]]
    with torch.no_grad():
        network.final_logits_bias.normal_()
        network.final_logits_bias[0, config.eos_token_id] = 14.0
    network.save_pretrained(folder)
    return folder


def _sentencepiece_model(sentences: Sequence[str] = SENTENCES, **options: Any) -> bytes:
    import sentencepiece

    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences),
        model_writer=written,
        hard_vocab_limit=False,
        minloglevel=2,
        num_threads=1,
        **{"vocab_size": 110, "model_type": "bpe", **options},
    )
    return written.getvalue()


def _layers() -> dict[str, Any]:
    return {
        f"{side}_{name}": value
        for side in ("encoder", "decoder")
        for name, value in (("layers", 2), ("ffn_dim", 64), ("attention_heads", 2), ("layerdrop", 0.0))
    }


def _save_model(folder: Path, vocabulary: int, spare: int) -> None:
    import torch
    from transformers import M2M100Config, M2M100ForConditionalGeneration

    torch.manual_seed(1)
    config = M2M100Config(
        vocab_size=vocabulary + spare, d_model=32, max_position_embeddings=POSITIONS, init_std=0.8, **_layers()
    )
    model = M2M100ForConditionalGeneration(config)
    with torch.no_grad():  # random decoding seldom ends: a longer row is chosen more often
        model.model.shared.weight[config.eos_token_id] *= 2.0
        model.model.shared.weight[vocabulary:] = 0.0
    model.save_pretrained(folder)
