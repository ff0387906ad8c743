"""Transformers' generate: what reaches a model, and where its output ends."""

from __future__ import annotations

import json
from typing import Any

import pytest
from asking import CALLED, PROMPTS, TOOLS, item, outputs
from causal_models import byte_tokenizer, tiny_model

from mlt.eval.engine import Output, cut_at_stop
from mlt.eval.items import Item
from mlt.eval.prompting import chat_ids, prompt_ids
from mlt.toolkit.errors import UsageError


class Scripted:
    """Stands in for a model's ``generate``: writes the bytes of ``texts[prompt]`` and, where told so, an end token."""

    def __init__(self, model: Any, tokenizer: Any, texts: dict[str, str], *, ends: bool = True) -> None:
        self.model, self.tokenizer, self.texts, self.ends = model, tokenizer, texts, ends
        self.calls: list[dict[str, Any]] = []
        self.steps: list[int] = []
        model.generate = self.generate

    def generate(self, **options: Any) -> Any:
        import torch

        self.calls.append(options)
        ids, mask = options["input_ids"].tolist(), options["attention_mask"].tolist()
        prompts = [
            self.tokenizer.decode([t for t, m in zip(r, s, strict=True) if m]) for r, s in zip(ids, mask, strict=True)
        ]
        said = [self.tokenizer(self.texts[prompt])["input_ids"] + ([0] if self.ends else []) for prompt in prompts]
        out = [list(row) for row in ids]
        finished = [False] * len(out)
        for step in range(min(options["max_new_tokens"], max(map(len, said)))):
            for row, tokens in enumerate(said):
                over = finished[row] or step >= len(tokens)
                out[row].append(options["pad_token_id"] if over else tokens[step])
            for criterion in options["stopping_criteria"] or ():
                finished = [a or bool(b) for a, b in zip(finished, criterion(torch.tensor(out), None), strict=True)]
            if all(finished):
                break
        self.steps.append(step + 1)
        return torch.tensor(out)


def generator(model: Any = None, **options: Any) -> Any:
    from mlt.eval.engines.transformers import HfGenerator

    return HfGenerator(model or tiny_model(), byte_tokenizer(), **options)


def test_a_batch_answers_as_each_prompt_alone() -> None:
    items = [item(prompt) for prompt in PROMPTS]
    assert outputs(generator(batch_size=3), items) == outputs(generator(batch_size=1), items)


def test_the_longest_prompts_come_first() -> None:
    items = [item(prompt) for prompt in PROMPTS]
    order = [index for index, _ in generator(batch_size=2).generate(items, max_new_tokens=1)]
    lengths = [len(PROMPTS[index].encode()) for index in order]
    assert lengths == sorted(lengths, reverse=True)


def test_greedy_whatever_the_checkpoint_says() -> None:
    items = [item(prompt) for prompt in PROMPTS]
    expected = outputs(generator(), items)
    model = tiny_model()
    model.generation_config.do_sample = True
    model.generation_config.temperature = 5.0
    model.generation_config.repetition_penalty = 9.0
    model.generation_config.max_length = 3
    assert outputs(generator(model), items) == expected


def test_the_end_token_is_no_text_and_what_follows_it_neither() -> None:
    model, tokenizer = tiny_model(), byte_tokenizer()
    Scripted(model, tokenizer, {"a": "It is 18.", "b": "18"})
    assert outputs(generator(model), [item("a"), item("b")], 50) == [
        Output("It is 18.", "stop", 1, 10),
        Output("18", "stop", 1, 3),
    ]


def test_an_output_that_was_cut_off_says_so() -> None:
    model, tokenizer = tiny_model(), byte_tokenizer()
    Scripted(model, tokenizer, {"a": "It is 18."})
    assert outputs(generator(model), [item("a")], 5) == [Output("It is", "length", 1, 5)]


def test_an_output_ends_at_a_stop_string_and_so_does_the_work() -> None:
    model, tokenizer = tiny_model(), byte_tokenizer()
    script = Scripted(model, tokenizer, {"a": "\n\nIt is 18.\n\n" + "How many? " * 50, "b": "18\n\nNext"})
    items = [item("a", stop=("\n\n",)), item("b", stop=("\n\n",))]
    assert [(output.text, output.finish) for output in outputs(generator(model), items, 500)] == [
        ("It is 18.", "stop"),
        ("18", "stop"),
    ]
    assert script.steps == [len("\n\nIt is 18.\n\n")]


def test_items_without_a_stop_go_on_beside_items_with_one() -> None:
    model, tokenizer = tiny_model(), byte_tokenizer()
    Scripted(model, tokenizer, {"a": "One.\n\nTwo.", "b": "One.\n\nTwo."})
    found = outputs(generator(model), [item("a", stop=("\n\n",)), item("b")], 50)
    assert [output.text for output in found] == ["One.", "One.\n\nTwo."]


def test_a_prompt_without_room_is_cut_off_and_the_others_are_answered() -> None:
    items = [item("x" * 64), item("How many?\n"), item("x" * 80)]
    found = outputs(generator(tiny_model(positions=64), batch_size=3), items, 5)
    assert found[0] == Output("", "length", 64, 0)
    assert found[2] == Output("", "length", 80, 0)
    assert found[1] == outputs(generator(tiny_model(positions=64)), [items[1]], 5)[0]


def test_a_model_in_training_is_left_as_it_was() -> None:
    model = tiny_model().train()
    model.config.use_cache = False
    outputs(generator(model), [item("How many?\n")], 3)
    assert model.training
    assert model.config.use_cache is False
    assert all(parameter.grad is None for parameter in model.parameters())


def test_what_is_done_is_neither_asked_nor_given_again() -> None:
    items = [item(prompt) for prompt in PROMPTS]
    whole = dict(generator(batch_size=2).generate(items, max_new_tokens=8))
    model = tiny_model()
    asked: list[int] = []
    original = model.generate
    model.generate = lambda **options: asked.append(len(options["input_ids"])) or original(**options)
    order = list(whole)
    rest = dict(generator(model, batch_size=2).generate(items, max_new_tokens=8, done=order[:3]))
    assert rest == {index: whole[index] for index in order[3:]}
    assert asked == [2, 1]  # the batch of which one item is done is decoded as it was, the first one not at all


def test_chat_asks_through_the_template() -> None:
    asked = item("", messages=[{"role": "user", "content": "How many?"}], stop=("\n",))
    [output] = outputs(generator(chat=True), [asked], 3)
    assert output.sent == "<user>How many?\n<assistant>"


def test_a_template_gets_tools_and_arguments_as_objects() -> None:
    said = [
        {"role": "user", "content": "Add", "tool_calls": None, "tool_call_id": None},
        {"role": "assistant", "content": "", "tool_calls": [CALLED], "tool_call_id": None},
        {"role": "tool", "content": "11", "tool_calls": None, "tool_call_id": "call_0"},
    ]
    tokenizer = byte_tokenizer()
    asked = item("", messages=said, tools=json.dumps(TOOLS))
    assert tokenizer.decode(chat_ids(asked, tokenizer)) == (
        '<tools>Add </tools>\n<user>Add\n<assistant>[Add {"a": "5"}]\n<tool>11\n<assistant>'
    )


def test_a_prompt_has_no_end_token_behind_it() -> None:
    class Closing:
        eos_token_id = 0

        def __call__(self, text: str) -> dict[str, list[int]]:
            return {"input_ids": [*byte_tokenizer()(text)["input_ids"], self.eos_token_id]}

    assert prompt_ids(item("18"), Closing()) == byte_tokenizer()("18")["input_ids"]


@pytest.mark.parametrize(
    ("asked", "chat", "said"),
    [
        (item("", messages=[{"role": "user", "content": "?"}]), False, "--chat on"),
        (item("How many?"), True, "--chat off"),
    ],
)
def test_items_that_cannot_be_asked_so_name_the_other_way(asked: Item, chat: bool, said: str) -> None:
    from mlt.eval.engines.transformers import HfGenerator

    bare = HfGenerator(tiny_model(), byte_tokenizer(chat=False), chat=chat)
    with pytest.raises(UsageError, match=said):
        outputs(bare, [asked])


@pytest.mark.parametrize(
    ("text", "stop", "expected"),
    [
        ("a\n\nb", ("\n\n",), ("a", True)),
        ("\n\na\n\nb", ("\n\n",), ("a", True)),
        ("a b", ("\n\n",), ("a b", False)),
        ("a\n\nb", (), ("a\n\nb", False)),
        ("aXbY", ("Y", "X"), ("a", True)),
        ("\n\n", ("\n\n",), ("\n\n", False)),
    ],
)
def test_cutting_at_a_stop(text: str, stop: tuple[str, ...], expected: tuple[str, bool]) -> None:
    assert cut_at_stop(text, stop) == expected
