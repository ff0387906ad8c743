"""Which OPUS-MT model translates English into a language: the published models of one pair.

Models of several targets (``opus-mt-en-ROMANCE``, ``opus-mt-en-mul``) are not among them: that a language shares its
model with others is for a user to choose.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...toolkit.languages import Language

OWNER = "Helsinki-NLP"
OPUS_CODES: Mapping[str, str] = {"zh-Hans": "zh", "zh-Hant": "zh", "ja": "jap"}
"""Our code -> that of OPUS, where they differ. One model writes Chinese in both scripts, each with its token."""

# What comes after opus-mt-en-, as the Hub has it, for languages that we know.
_PAIRS = (
    "af ar az bem bg ca ceb cs cy da de ee el eo es et eu fi fj fr ga gl ha he hi ht hu hy id ig ilo is it jap kg lg "
    "ln lua luo lus mg mk ml mos mr mt nl nso ny om pag pap rn ro ru rw sg sk sm sn sq ss st sv sw ti tl tn tpi ts tw "
    "uk umb ur vi xh zh"
)
_LARGER = "ko lt lv pt tr"  # after opus-mt-tc-big-en-, where there is no other


def opus_model(language: Language) -> str | None:
    """The Hub id of the model from English into ``language``; None where no model of that pair is known."""
    code = OPUS_CODES.get(language.code, language.code)
    if code in _PAIRS.split():
        return f"{OWNER}/opus-mt-en-{code}"
    return f"{OWNER}/opus-mt-tc-big-en-{code}" if code in _LARGER.split() else None
