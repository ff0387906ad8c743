"""The tokenizer of the tiny model: byte-pair pieces over the templates, one piece a digit, NLLB's special tokens."""

from __future__ import annotations

from collections.abc import Iterable
from string import ascii_letters, digits, punctuation
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# FLORES-200 codes, as NLLB names its languages.
FLORES = {
    "en": "eng_Latn",
    "es": "spa_Latn",
    "fr": "fra_Latn",
    "de": "deu_Latn",
    "ru": "rus_Cyrl",
    "ja": "jpn_Jpan",
    "zh": "zho_Hans",
    "th": "tha_Thai",
    "bn": "ben_Beng",
    "te": "tel_Telu",
    "sw": "swh_Latn",
    "yo": "yor_Latn",
}
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")  # in NLLB's order
# Latin words, digits and punctuation are cut apart from scripts that write no spaces, so that a name or a number
# has the same pieces whatever stands beside it.
_CUTS = r"▁(?=\p{N})|\p{N}|▁?\p{Latin}[\p{Latin}\p{M}]*|▁?[^\p{L}\p{M}\p{N}▁]"


def train_tokenizer(texts: Iterable[str], vocabulary_size: int) -> Tokenizer:
    """A trained tokenizer; printable ASCII is always in its alphabet."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(prepend_scheme="always"),
            pre_tokenizers.Split(Regex(_CUTS), behavior="isolated"),
        ]
    )
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size,
        special_tokens=[*SPECIAL, *FLORES.values()],
        initial_alphabet=list(ascii_letters + digits + punctuation),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer
