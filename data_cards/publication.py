"""What ``mlt push`` publishes: a data set or a model, each with what it asks of a place and its card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from ..toolkit.errors import UsageError
from ..toolkit.files import read_json
from ..toolkit.progress import Progress
from ..toolkit.shard_files import short
from ..toolkit.signature import diff
from .bundle import Bundle, open_bundle
from .card import Declared, declared_in, make_card
from .changes import Changes, Place, describe, lost, read_object, require_kind, require_same_set
from .changes import is_own as is_own_of_set
from .evidence import read_evidence
from .licenses import Judgement
from .model_card import make_model_card, published_card
from .model_terms import judge_model
from .previous import Choice, card_text, choose_previous
from .published import MANIFEST, README
from .remote import RepoType
from .terms import judge_bundle
from .trained_model import TRAINING, TrainedModel, is_trained, open_trained
from .trained_model import is_own as is_own_of_model

_DECIDING = ("recipe", "data", "model")
"""What makes a training another one; with other releases of the libraries it is the same, made again."""


class Publication(Protocol):
    """What is published of a folder, but for the card."""

    @property
    def files(self) -> Mapping[str, Path]:
        """Published path -> the local file."""
        ...

    @property
    def signature(self) -> str:
        """What the commit says that it is."""
        ...

    def owns(self, name: str) -> bool:
        """Whether a published path is one that publishing may write or remove."""
        ...

    def declared(self) -> Declared:
        """What the folder's own card declares."""
        ...

    def judge(self, license: str | None) -> Judgement:
        """What follows from its licences where it is published under ``license``."""
        ...

    def require_fits(self, place: Place, *, prune: bool) -> None:
        """UsageError where the place holds something else, or more and ``prune`` does not allow to remove that."""
        ...

    def card(self, place: Place, declared: Declared, choice: Choice, progress: Progress) -> str:
        """The card, with the hand-written text of the place's or of the folder's."""
        ...

    def describe(self, changes: Changes, place: Place) -> str:
        """What the changes do, in a few words."""
        ...


def hub_kind(folder: Path) -> RepoType:
    """What a folder is published as."""
    return "model" if is_trained(folder) else "dataset"


@contextmanager
def open_publication(folder: Path) -> Iterator[Publication]:
    """What would be published of a folder. Files made for it are gone when the context ends.

    Raises DataError or UsageError for a folder that holds nothing to publish, or nothing finished.
    """
    if is_trained(folder):
        with TemporaryDirectory(prefix="mlt-model-", ignore_cleanup_errors=True) as scratch:
            yield _Model(open_trained(folder, Path(scratch)))
        return
    with open_bundle(folder) as bundle:
        yield _DataSet(bundle, folder)


class _DataSet:
    """A run or mixtures."""

    def __init__(self, bundle: Bundle, folder: Path) -> None:
        self._bundle, self._folder = bundle, folder
        self.files = bundle.files
        self.signature: str = read_json(bundle.files[MANIFEST])["signature"]

    def owns(self, name: str) -> bool:
        return is_own_of_set(name)

    def declared(self) -> Declared:
        local = self._local_card()
        return Declared() if local is None else declared_in(local)

    def judge(self, license: str | None) -> Judgement:
        return judge_bundle(self._bundle, license)

    def require_fits(self, place: Place, *, prune: bool) -> None:
        require_same_set(self._bundle, place)
        if not prune and (more := lost(self._bundle, place)):
            raise UsageError(
                f"{place.name} also holds {', '.join(more)}: get it with `mlt pull` and extend that, or remove them "
                "with --prune"
            )

    def card(self, place: Place, declared: Declared, choice: Choice, progress: Progress) -> str:
        progress.message("counting for the card")
        evidence = read_evidence(self._bundle, progress)
        held = card_text(place.read(README), place.name)

        def fresh() -> str:
            return make_card(evidence, self._bundle, declared)

        previous = choose_previous(self._local_card(), held, fresh, choice, place.name)
        return make_card(evidence, self._bundle, declared, previous)

    def describe(self, changes: Changes, place: Place) -> str:
        return describe(self._bundle, changes, place)

    def _local_card(self) -> str | None:
        path = self._folder / README
        return card_text(path.read_bytes() if path.is_file() else None, str(self._folder))


class _Model:
    """A training."""

    def __init__(self, model: TrainedModel) -> None:
        self._model = model
        self.files = model.files
        self.signature: str = model.manifest["signature"]

    def owns(self, name: str) -> bool:
        return is_own_of_model(name)

    def declared(self) -> Declared:
        return declared_in(self._model.card)

    def judge(self, license: str | None) -> Judgement:
        return judge_model(self._model, license)

    def require_fits(self, place: Place, *, prune: bool) -> None:
        """A training replaces all of an earlier one, so there is nothing that ``prune`` could keep."""
        published = require_kind("model", place)
        if published is None:
            return
        if published.get("form") != self._model.form:
            raise UsageError(
                f"{place.name} holds a model of the form {short(published.get('form'))}, this one is "
                f"{self._model.form}: choose another place"
            )
        held = (read_object(place, TRAINING) or {}).get("identity")
        identities = (held if isinstance(held, dict) else {}, self._model.manifest["identity"])
        before, now = ({key: values.get(key) for key in _DECIDING} for values in identities)
        for name, was, is_now in diff(before, now):
            raise UsageError(
                f"{place.name} holds another training: {name} = {short(was)}, this one has {short(is_now)}; choose "
                "another place"
            )

    def card(self, place: Place, declared: Declared, choice: Choice, progress: Progress) -> str:
        judgement = self.judge(declared.license)
        held = card_text(place.read(README), place.name)

        def fresh() -> str:
            return make_model_card(self._model, judgement)

        local = published_card(self._model.card)
        previous = choose_previous(local, held, fresh, choice, place.name)
        return make_model_card(self._model, judgement, previous)

    def describe(self, changes: Changes, place: Place) -> str:
        if read_object(place, MANIFEST) is None:
            return f"publish {self._model.manifest['identity']['recipe']['name']}, {self._model.form}"
        return "update the card" if set(changes.written) == {README} and not changes.removed else "update the model"
