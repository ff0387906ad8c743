"""A model of the exact shape of NLLB-200-distilled-600M with random weights, whose output is as long as its source.

Every matrix is dense and of the real size, so a token costs what it costs in the real model; only what decides the
length is made by hand. The first cross-attention head of the first decoder layer compares position encodings, which
the residual streams carry untouched: at output position p it looks at source position p. The source's end token
carries a mark; when the head meets it, the logit of the end token wins. So n pieces become n tokens, whatever the
text, the precision, the beam or the library. And it says words of one language, as a real model does: 12,000 rows of
the vocabulary are Thai syllables, and a column that is constant in the decoder's output raises their logits above all
others, but below the end token's at the end.

NLLB's tokenizer is not at hand: a SentencePiece model trained on the data is mapped into the 256,206 rows, with NLLB's
own ids for special tokens and language codes. What depends on the vocabulary's words is therefore simulated.
"""

from __future__ import annotations

import base64
import itertools
import json
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .common import Settings, api_bank_files, gsm8k, read_jsonl, say

VERSION = "2"  # raised when the model built here changes
VOCABULARY = 256_206
FIRST_LANGUAGE = 256_001  # NLLB's id of ace_Arab
# 6,000 pieces, learned without the annotations, cut GSM8K into about as many tokens as NLLB's own tokenizer (medians:
# questions 55 and 55, whole answers 87 and 89).
PIECES = 6_000
ANNOTATION = re.compile("<<.*?>>")
HEAD = 64
FREQUENCIES = 31
# Columns of the residual stream: the 31 fastest sines and cosines; the mark of the end token in the encoder; the
# logit of the end token in the decoder; the one that tells Thai words from others; and one that is always about zero,
# for what layer norm subtracts.
POSITIONS = (*range(FREQUENCIES), *range(512, 512 + FREQUENCIES))
MARK, END_LOGIT, WORDS, ZERO = 470, 480, 490, 511
# The logits of Thai words are raised by the product: half of it would do, but a beam's normaliser must not feel the
# other words. Neither factor is so large that its row could not be quantised to 8 bits.
WORDS_INPUT, WORDS_OUTPUT = 0.25, 32.0
THAI_WORDS = 12_000
_CONSONANTS = "กขคฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรลวศษสหฬอฮ"
_VOWELS = "ะาิีึืุู"
SHARPNESS = 6.0
TINY = 1e-6
END = 2


def build(settings: Settings) -> tuple[Path, Path]:
    """The folders of the model, made once: as transformers writes it (float32), and converted to int8."""
    home = settings.cache / f"nllb-600m-shape-v{VERSION}"
    hf, ct2 = home / "transformers", home / "ct2-int8"
    if not hf.is_dir():
        unfinished = _clean_folder(home / "transformers.tmp")
        say("building a random model of NLLB-600M's shape")
        _save_tokenizer(settings, unfinished)
        _save_model(unfinished)
        unfinished.rename(hf)
    if not ct2.is_dir():
        from mlt.translate.convert import convert

        say("converting it to int8")
        unfinished = home / "ct2-int8.tmp"
        shutil.rmtree(unfinished, ignore_errors=True)
        convert(hf, unfinished, "int8")
        unfinished.rename(ct2)
    return hf, ct2


def thai_words() -> list[str]:
    """:data:`THAI_WORDS` distinct strings of a consonant, a vowel and, in most, a final consonant; letters first."""
    syllables = ("".join(letters) for letters in itertools.product(_CONSONANTS, _VOWELS, ("", *_CONSONANTS)))
    return list(itertools.islice(itertools.chain(_CONSONANTS, _VOWELS, syllables), THAI_WORDS))


def _clean_folder(path: Path) -> Path:
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def _texts(settings: Settings) -> Iterator[str]:
    for row in gsm8k(settings):
        yield row["question"]
        yield from ANNOTATION.sub("", row["answer"]).split("\n")
    yield "< << > >>"
    for path in api_bank_files(settings):
        for row in read_jsonl(path):
            yield from _strings(row)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from value.split("\n")
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)


def _save_tokenizer(settings: Settings, folder: Path) -> None:
    """An NLLB tokenizer over all rows but the last two: pieces trained on the data, Thai words, and unused ones."""
    import sentencepiece
    from transformers import NllbTokenizer
    from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES

    corpus = folder / "corpus.txt"
    corpus.write_text("\n".join(text for text in _texts(settings) if text.strip()), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus),
        model_prefix=str(folder / "sentencepiece.bpe"),
        model_type="bpe",
        vocab_size=PIECES,
        character_coverage=1.0,
        max_sentence_length=20_000,
        num_threads=1,
        minloglevel=2,
        unk_id=0,
        bos_id=1,
        eos_id=2,
        pad_id=-1,
    )
    corpus.unlink()
    (folder / "config.json").write_text(json.dumps({"model_type": "m2m_100"}), encoding="utf-8")
    trained = json.loads(NllbTokenizer.from_pretrained(folder).backend_tokenizer.to_str())
    vocabulary = {token: index for token, index in trained["model"]["vocab"].items() if index <= PIECES}
    taken = set(vocabulary.values())
    free = (index for index in range(FIRST_LANGUAGE) if index not in taken)
    vocabulary.update(zip(thai_words(), free, strict=False))
    vocabulary.update((f"▁unused{index}", index) for index in free)
    for index, token in enumerate([*FAIRSEQ_LANGUAGE_CODES, "<mask>"], FIRST_LANGUAGE):
        vocabulary[token] = index
    (folder / "sentencepiece.bpe.model").unlink()
    (folder / "sentencepiece.bpe.vocab").unlink()
    tokenizer = NllbTokenizer(
        vocab=vocabulary,
        merges=[tuple(pair) for pair in trained["model"]["merges"]],
        _spm_precompiled_charsmap=_charsmap(trained["normalizer"]),
    )
    ids = tokenizer.convert_tokens_to_ids(["</s>", "ace_Arab", "zul_Latn"])
    if ids != [END, FIRST_LANGUAGE, FIRST_LANGUAGE + 201]:
        raise RuntimeError(f"the tokenizer's ids are not NLLB's: {ids}")
    tokenizer.save_pretrained(folder)


def _charsmap(normalizer: dict[str, Any]) -> bytes:
    part = next(part for part in normalizer["normalizers"] if part["type"] == "Precompiled")
    return base64.b64decode(part["precompiled_charsmap"])


def _save_model(folder: Path) -> None:
    import torch
    from transformers import M2M100Config, M2M100ForConditionalGeneration

    torch.manual_seed(0)
    config = M2M100Config(
        vocab_size=VOCABULARY,
        d_model=1024,
        max_position_embeddings=1024,
        encoder_layers=12,
        decoder_layers=12,
        encoder_ffn_dim=4096,
        decoder_ffn_dim=4096,
        encoder_attention_heads=16,
        decoder_attention_heads=16,
        activation_function="relu",
        scale_embedding=True,
        tie_word_embeddings=True,
        bos_token_id=0,
        pad_token_id=1,
        eos_token_id=END,
        decoder_start_token_id=END,
        tokenizer_class="NllbTokenizer",
        **dict.fromkeys(("dropout", "attention_dropout", "encoder_layerdrop", "decoder_layerdrop"), 0.0),
    )
    with torch.no_grad():
        model = M2M100ForConditionalGeneration(config).eval()
        _steer(model, _thai_ids(folder))
        model.save_pretrained(folder)


def _thai_ids(folder: Path) -> list[int]:
    vocabulary = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    return [vocabulary[word] for word in thai_words()]


def _steer(model: Any, words: Sequence[int]) -> None:
    """Make the length follow the source's, and the model say nothing but ``words``; see the head of this module."""
    import torch

    decoder, encoder = model.model.decoder, model.model.encoder
    embeddings = model.model.shared.weight
    embeddings.normal_(0, 0.02)
    embeddings[:, [*POSITIONS, MARK, END_LOGIT, WORDS, ZERO]] = 0
    embeddings[[1, END]] = 0
    embeddings[END, END_LOGIT], embeddings[END, MARK] = 1.0, 4.0 / 32  # embeddings are scaled by sqrt(1024)
    embeddings[list(words), WORDS] = WORDS_INPUT
    # Whatever the layers write there, the last normalisation leaves a constant.
    decoder.layer_norm.weight[WORDS], decoder.layer_norm.bias[WORDS] = 0.0, WORDS_OUTPUT
    for layer in encoder.layers:
        for writer in (layer.self_attn.out_proj, layer.fc2):
            _untouched(writer, (*POSITIONS, MARK, ZERO))
    for number, layer in enumerate(decoder.layers):
        if number:  # livelier output than one token over and over
            layer.fc2.weight.normal_(0, 0.2)
            layer.fc2.weight -= layer.fc2.weight.mean(1, keepdim=True)
        _untouched(layer.self_attn.out_proj, (*POSITIONS, END_LOGIT, ZERO))
        _untouched(layer.encoder_attn.out_proj, (END_LOGIT,))
        _untouched(layer.fc2, (END_LOGIT,))
    mark = _mark_height(encoder)
    head = decoder.layers[0].encoder_attn
    for projection in (head.q_proj, head.k_proj, head.v_proj):
        projection.weight[:HEAD] = torch.randn(HEAD, projection.weight.shape[1]) * TINY
        projection.bias[:HEAD] = 0
    for row, column in enumerate(POSITIONS):
        for projection in (head.q_proj, head.k_proj):
            projection.weight[row, column], projection.weight[row, ZERO] = SHARPNESS, -SHARPNESS
    head.v_proj.weight[0, MARK], head.v_proj.weight[0, ZERO] = 1 / mark, -1 / mark
    head.out_proj.weight[:, :HEAD] = 0
    head.out_proj.weight[END_LOGIT, 0] = 600.0
    model.tie_weights()


def _untouched(linear: Any, columns: Sequence[int]) -> None:
    """Keep a layer from writing to these columns (not quite zero, so that a row can be quantised)."""
    import torch

    linear.weight[list(columns)] = torch.randn(len(columns), linear.weight.shape[1]) * TINY
    linear.bias[list(columns)] = 0


def _mark_height(encoder: Any) -> float:
    """How high the end token's mark stands in the encoder's output, on random sentences."""
    import torch

    ids = torch.randint(4, FIRST_LANGUAGE, (4, 40))
    ids[:, -1] = END
    states = encoder(ids).last_hidden_state
    return float((states[:, -1, MARK] - states[:, -1, ZERO]).mean())
