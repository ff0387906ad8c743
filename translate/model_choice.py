"""Which model each language of a request is translated with (``--model`` and ``--model-for``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..toolkit.errors import UsageError
from ..toolkit.languages import Language, resolve
from .engine import Engine
from .engines.by_language import ByLanguage
from .families.opus_models import opus_model
from .models import load_engine

OPUS = "opus-mt"
"""As a model: for each language the OPUS-MT model of English and that language."""


def load_engines(
    model: str, *, languages: Sequence[Language], model_for: str | Mapping[str, str] | None = None, **options: Any
) -> Engine:
    """The engine for ``languages``: the one that ``model`` names, or one that has a model a language.

    ``model`` and the models of ``model_for`` are what :func:`~mlt.translate.models.load_engine` takes, or ``opus-mt``.
    ``model_for``: ``sw=MODEL,fr=MODEL``, or a mapping of languages (codes or names) to models; ``model`` is for those
    that it does not name. ``options`` are those of ``load_engine``. With a model a language, each is found when it is
    asked for.

    Raises UsageError for a language that is not among ``languages``, and what ``load_engine`` does.
    """
    own = parse_model_for(model_for)
    wanted = {language.code for language in languages}
    if strangers := [code for code in own if code not in wanted]:
        raise UsageError(f"--model-for {strangers[0]}: it is not among --langs ({', '.join(sorted(wanted))})")
    if not own and model.lower() != OPUS:
        return load_engine(model, **options)
    loaded: dict[str, Engine] = {}

    def make(language: Language) -> Engine:
        spec = _spec(own.get(language.code, model), language)
        if spec not in loaded:  # languages may share a model
            try:
                loaded[spec] = load_engine(spec, **options)
            except UsageError as error:
                option = f"--model-for {language.code}=" if language.code in own else "--model "
                raise UsageError(str(error).replace("--model ", option, 1)) from error
        return loaded[spec]

    return ByLanguage(make)


def parse_model_for(text: str | Mapping[str, str] | None) -> dict[str, str]:
    """``sw=MODEL,fr=MODEL``, or a mapping, as language codes to models; UsageError for anything else."""
    if not text:
        return {}
    pairs = list(text.items()) if isinstance(text, Mapping) else [_pair(part) for part in text.split(",")]
    found: dict[str, str] = {}
    for name, model in pairs:
        code = resolve(name).language.code
        if code in found:
            raise UsageError(f"--model-for {name}: {code} is given two models; name one")
        found[code] = model
    return found


def _pair(part: str) -> tuple[str, str]:
    name, equals, model = (piece.strip() for piece in part.partition("="))
    if not (name and equals and model):
        raise UsageError(f"--model-for {part.strip() or '(nothing)'}: expected LANGUAGE=MODEL, as in sw=opus-mt-en-sw")
    return name, model


def _spec(model: str, language: Language) -> str:
    if model.lower() != OPUS:
        return model
    if found := opus_model(language):
        return found
    raise UsageError(
        f"--model opus-mt: no OPUS-MT model from English into {language.code} ({language.name}) alone is known: leave "
        f"the language out, or name a model, as in --model-for {language.code}=opus-mt-en-mul"
    )
