"""Pages, read back with the standard library's parser."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

_VOID = {"meta", "link", "input", "br", "hr", "img", "base"}

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    "]]> --> <!-- <![CDATA[",
    '"><img src=x onerror=alert(3)>',
    "</textarea></div></article></style>",
    "\u202eright to left\u202d \u2066isolated",
    "line\u2028paragraph\u2029nul\x00bell\x07",
    "{{ 7 * 7 }} {% raw %} ${7 * 7} &lt;b&gt;",
)
SAMPLES = {
    "th": "เขามีแอปเปิ้ลห้าลูก",
    "ja": "彼はりんごを五つ持っている。",
    "yo": "Ó ní ẹ̀fọ́ márùn-ún.",
    "bn": "তার কাছে পাঁচটি আপেল আছে।",
    "te": "అతని దగ్గర ఐదు ఆపిల్స్ ఉన్నాయి.",
    "ar": "لديه خمس تفاحات.",
    "zh-Hans": "他有五个苹果。",
}


class Element(NamedTuple):
    """An element: its name, its attributes, and the text inside it, that of its children included."""

    tag: str
    attributes: dict[str, str | None]
    text: str


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Element] = []
        self._open: list[tuple[str, dict[str, str | None], list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            self.found.append(Element(tag, dict(attrs), ""))
        else:
            self._open.append((tag, dict(attrs), []))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(Element(tag, dict(attrs), ""))

    def handle_data(self, data: str) -> None:
        for _, _, texts in self._open:
            texts.append(data)

    def handle_endtag(self, tag: str) -> None:
        name, attributes, texts = self._open.pop()
        assert name == tag, f"</{tag}> closes <{name}>"
        self.found.append(Element(name, attributes, "".join(texts)))

    def close(self) -> None:
        super().close()
        assert not self._open, f"never closed: {[tag for tag, _, _ in self._open]}"


def elements(page: Path | str, tag: str | None = None, css_class: str | None = None) -> list[Element]:
    """The elements of a page, in the order in which they end; AssertionError where tags do not nest."""
    parser = _Parser()
    parser.feed(page if isinstance(page, str) else page.read_text(encoding="utf-8"))
    parser.close()
    return [
        element
        for element in parser.found
        if tag in (None, element.tag)
        and (css_class is None or css_class in (element.attributes.get("class") or "").split())
    ]


def assert_self_contained(page: Path) -> None:
    """Nothing in the page is fetched from anywhere, and its policy says so."""
    for element in elements(page):
        assert element.tag not in ("link", "iframe", "object", "embed", "img", "base", "form")
        assert not any(name.startswith("on") or name == "style" for name in element.attributes)
        for name in ("src", "href", "xlink:href", "srcset", "action"):
            value = element.attributes.get(name)
            assert value is None or value.startswith("#")
        if element.tag == "style":
            assert "@import" not in element.text
            assert all(part.startswith("#") for part in element.text.split("url(")[1:])
    (policy,) = [e.attributes["content"] for e in elements(page, "meta") if "http-equiv" in e.attributes]
    assert policy and policy.startswith("default-src 'none'")
    assert "http" not in policy
