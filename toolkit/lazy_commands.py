"""A command line whose list of commands is quick however many options they have.

Typer reads the signature of every command before it prints the list of them; here a command's signature is read
when the command is run, or its own help is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import typer
from typer.core import TyperGroup

Function = TypeVar("Function", bound=Callable[..., Any])


class LazyGroup(TyperGroup):
    """A group that holds names and first lines only, and makes a command out when it is chosen."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the arguments begin with, with its options."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, made_out(command), rest


class LazyTyper(typer.Typer):
    """A :class:`typer.Typer` for commands that are made out when they are chosen."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"add_completion": False, "pretty_exceptions_enable": False, **options}, cls=LazyGroup)

    def command(self, name: str | None = None, **options: Any) -> Callable[[Function], Function]:
        """Registers a function under ``name``, or its own, as :meth:`typer.Typer.command` does."""

        def register(function: Function) -> Function:
            def listed() -> None: ...

            listed.__name__, listed.__doc__ = function.__name__, function.__doc__
            listed.made_out = lambda: _single(name, options, function)  # type: ignore[attr-defined]
            super(LazyTyper, self).command(name, **options)(listed)
            return function

        return register


def made_out(command: Any) -> Any:
    """A command with its options; what is no listed command comes back as it is."""
    make = getattr(getattr(command, "callback", None), "made_out", None)
    return command if make is None else make()


def _single(name: str | None, options: dict[str, Any], function: Callable[..., Any]) -> Any:
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command(name, **options)(function)
    return typer.main.get_command(app)
