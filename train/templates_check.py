"""What a model's chat template does with what it is given, found out by rendering a conversation of made-up words.

A template says nothing about what it leaves out: one without ``{% generation %}`` marks no token as the assistant's,
one that knows no ``tools`` drops them, and one that writes a call's arguments as Python does teaches a model no JSON.
Each of these trains a model, without an error, on something else than was meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..toolkit.errors import UsageError

WAY_OUT = "use prompts instead (mlt mix --format prompt)"

_QUESTION, _ANSWER, _TOOL, _CALL = "qzquestion", "qzanswer", "qztool", "qzcall"
_KEY, _VALUE = "qzkey", "qzvälue"
_TOOLS = [
    {
        "type": "function",
        "function": {
            "name": _TOOL,
            "description": "",
            "parameters": {"type": "object", "properties": {_KEY: {"type": "string"}}},
        },
    }
]


@dataclass(frozen=True, slots=True)
class Template:
    """What a chat template does.

    ``marks_answers``, ``marks_calls``: the assistant's words, its calls, are marked as tokens to learn, and the user's
    words are not. ``shows_tools``: the tools that are offered stand in the text. ``shows_calls``: a call's name and its
    arguments, which are given as an object, stand there as they are.
    """

    marks_answers: bool
    marks_calls: bool
    shows_tools: bool
    shows_calls: bool


def examine(tokenizer: Any) -> Template:
    """What the chat template of a tokenizer does. UsageError where it has none."""
    if not getattr(tokenizer, "chat_template", None):
        raise UsageError(f"the model's tokenizer has no chat template, and the data are messages: {WAY_OUT}")
    said = [_message("user", _QUESTION), _message("assistant", _ANSWER)]
    called = [_message("user", _QUESTION), _call()]
    return Template(
        marks_answers=_marks(tokenizer, said, [_ANSWER]),
        marks_calls=_marks(tokenizer, called, [_CALL, _VALUE]),
        shows_tools=_TOOL in (_text(tokenizer, said, _TOOLS) or ""),
        shows_calls=_shows_call(tokenizer),
    )


def require(template: Template, *, tools: bool, calls: bool) -> None:
    """UsageError, with the way out, where the template cannot hold such data: rows with ``tools``, with ``calls``."""
    if not template.marks_answers:
        raise UsageError(
            "the chat template marks no token as the assistant's (it has no {% generation %}), so nothing would be "
            f"learned: {WAY_OUT}, or a tokenizer whose template marks them"
        )
    if tools and not template.shows_tools:
        raise UsageError(
            f"the chat template leaves the tools out: the model would call what it was never shown; {WAY_OUT}"
        )
    if calls and not template.shows_calls:
        raise UsageError(f"the chat template does not write a call's name and arguments as they are: {WAY_OUT}")
    if calls and not template.marks_calls:
        raise UsageError(f"the chat template marks the assistant's words but not its calls: {WAY_OUT}")


def _message(role: str, content: str) -> dict[str, Any]:
    return {"role": role, "content": content}


def _call() -> dict[str, Any]:
    function = {"name": _CALL, "arguments": {_KEY: _VALUE}}
    return _message("assistant", "") | {"tool_calls": [{"id": "call_0", "type": "function", "function": function}]}


def _shows_call(tokenizer: Any) -> bool:
    text = _text(tokenizer, [_message("user", _QUESTION), _call()], None) or ""
    # A key in single quotes is how Python writes an object, one behind a backslash is text within text.
    return all(part in text for part in (_CALL, _KEY, _VALUE)) and not any(
        wrong in text for wrong in (f"'{_KEY}'", f'\\"{_KEY}')
    )


def _text(tokenizer: Any, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None) -> str | None:
    """The rendered text; None where the template fails."""
    from jinja2.exceptions import TemplateError

    try:
        text: str = tokenizer.apply_chat_template(messages, tools=tools, tokenize=False)
    except (TemplateError, TypeError, ValueError, KeyError):
        return None
    return text


def _marks(tokenizer: Any, messages: list[dict[str, Any]], wanted: list[str]) -> bool:
    """Whether the tokens marked as the assistant's read as what it says, and not as what the user says."""
    from jinja2.exceptions import TemplateError

    try:
        rendered = tokenizer.apply_chat_template(
            messages, tokenize=True, return_dict=True, return_assistant_tokens_mask=True
        )
    except (TemplateError, TypeError, ValueError, KeyError):
        return False
    pairs = zip(rendered["input_ids"], rendered["assistant_masks"], strict=True)
    text = tokenizer.decode([token for token, marked in pairs if marked])
    return all(part in text for part in wanted) and _QUESTION not in text
