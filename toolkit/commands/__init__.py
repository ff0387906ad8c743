"""The signatures of all commands; importing this package registers them, in the order of ``mlt --help``."""

from . import translate, merge, filter, mix, train, eval, study, cards, tools  # noqa: F401, I001
