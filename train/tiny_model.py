"""The model of the ``tiny`` recipes: a Llama of some hundred thousand random weights and a tokenizer of bytes.

Both are made on the spot from a seed, so that training can be tried anywhere, in seconds, without a download.
"""

from __future__ import annotations

from typing import Any

NAME = "tiny"

END, PAD, ROLE, TOOLS = "<|end|>", "<|pad|>", "<|role|>", "<|tools|>"

# Tokens of the assistant's turns are marked as such, the end token with them; calls are written as Hermes writes them.
_CHAT_TEMPLATE = """\
{%- if tools %}<|tools|>{% for tool in tools %}{{ tool | tojson }}
{% endfor %}<|end|>{% endif %}
{%- for message in messages %}<|role|>{{ message.role }}
{% if message.role == 'assistant' %}{% generation %}{{ message.content or '' }}
{%- for call in message.tool_calls or [] %}<tool_call>
{"name": {{ call.function.name | tojson }}, "arguments": {{ call.function.arguments | tojson }}}
</tool_call>{% endfor %}<|end|>{% endgeneration %}
{%- else %}{{ message.content or '' }}<|end|>{% endif %}
{%- endfor %}
{%- if add_generation_prompt %}<|role|>assistant
{% endif %}"""


def make_tiny(seed: int) -> tuple[Any, Any]:
    """A model and its tokenizer: the same for the same seed, whatever was drawn at random before."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = _tokenizer()
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=192,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=16384,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlamaForCausalLM(config)
    return model, tokenizer


def _tokenizer() -> Any:
    """A token a byte, so that no language has an unknown letter, and the marks."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    backend = Tokenizer(models.BPE(vocab={letter: index for index, letter in enumerate(alphabet)}, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.decoder = decoders.ByteLevel()
    backend.add_special_tokens([AddedToken(mark, special=True, normalized=False) for mark in (PAD, END, ROLE, TOOLS)])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, eos_token=END, pad_token=PAD, clean_up_tokenization_spaces=False
    )
    tokenizer.chat_template = _CHAT_TEMPLATE
    return tokenizer
