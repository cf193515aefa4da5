"""The link to the next page of a list, in several languages and manners."""

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from spiders_project.extraction import Page
from spiders_project.extraction.texts import text_of
from spiders_project.proposals.outline import Element, Node, Outline
from spiders_project.proposals.selectors import Place, is_called, is_only, names, quoted
from spiders_project.proposals.slots import is_address

#: What such a link says, in lower case and without arrows.
_SAID = (
    "next|next page|older|older posts|older entries|more|load more|show more|"
    "次|次へ|次のページ|次ページ|次の10件|次の20件|次の50件|もっと見る|続き|"
    "weiter|nächste|nächste seite|suivant|suivante|page suivante|siguiente|página siguiente|"
    "próximo|próxima|seguinte|successivo|successiva|avanti|volgende|næste|nästa|neste|seuraava|"
    "następna|dalej|další|následující|ďalšia|далее|следующая|вперед|вперёд|наступна|"
    "下一页|下一頁|下页|后页|다음|다음 페이지|sonraki|következő|επόμενη|التالي|הבא|ถัดไป|tiếp"
)
_WORDS = frozenset(_SAID.split("|"))
_CLASSES = frozenset(
    ("next", "nextpage", "next-page", "pager-next", "pagination-next", "pagination__next")
)
_CURRENT = frozenset(("active", "current", "is-active", "is-current", "selected", "on", "now"))
_CURRENT_ENDS = ("-current", "--current", "--active", "-active")
_ARROWS = re.compile(r"[\s›»→>≫▶➔⟩…・.-]+")
_ARROW = re.compile(r"\s*[›»→>≫▶➔⟩]\s*")
_LAST = re.compile(r"\s*(?:»»|>>|≫|last|最後|letzte|dernière)", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,5}")
_MOST_LETTERS = 40
_MOST_LINKS = 1_500
_UNQUOTABLE = re.compile(r"[\"'\\]")


def next_page(page: Page, outline: Outline) -> Place | None:
    """Where the link to the next page is; None where nothing looks like one."""
    return next(_places(page, outline), None)


def _places(page: Page, outline: Outline) -> Iterator[Place]:
    for tag in ("a", "link"):
        for found in outline.root.iter(tag):
            if "next" in (found.get("rel") or "").lower().split() and is_address(found.get("href")):
                yield {"css": f'{tag}[rel~="next"]'}
    links = [node for node in outline.by_tag["a"] if node.text <= _MOST_LETTERS]
    # A pager is above or below its list.
    links = [*links[:_MOST_LINKS], *links[_MOST_LINKS:][-_MOST_LINKS:]]
    for node in links:
        if _says_next(node) and _leads_on(page, node):
            yield from _named(node, outline)
    for node in links:
        if _is_number(node) and _leads_on(page, node):
            yield from _numbered(node)


def _leads_on(page: Page, node: Node) -> bool:
    """Whether it leads to another page of the same site."""
    href = node.element.get("href")
    if not isinstance(href, str) or not is_address(href) or len(href) > 2_000:
        return False
    try:
        there, here = urlsplit(urljoin(page.base, href)), urlsplit(page.url)
    except ValueError:
        return False
    return there.netloc == here.netloc and there[:4] != here[:4]


def _says_next(node: Node) -> bool:
    element = node.element
    said = (text_of(element), element.get("aria-label") or "", element.get("title") or "")
    # Japanese pages write arrows and digits twice as wide.
    texts = [unicodedata.normalize("NFKC", text) for text in said]
    if _LAST.match(texts[0]):
        return False
    if any(_ARROWS.sub(" ", text).strip().lower() in _WORDS for text in texts if text):
        return True
    holders = [node, *([node.parent] if node.parent else [])]
    if any(name in _CLASSES for holder in holders for name in holder.tokens):
        return True
    return bool(_ARROW.fullmatch(texts[0])) and _is_in_pager(node)


def _is_in_pager(node: Node) -> bool:
    """Whether a link stands beside numbers of pages."""
    near = [up for up in list(node.above())[:3] if up.text < 200]
    return any(_NUMBER.fullmatch(text_of(one.element)) for up in near for one in up.below())


def _named(node: Node, outline: Outline) -> Iterator[Place]:
    for holder, ending in ((node, ""), (node.parent, " a")):
        for token in holder.tokens if holder else ():
            if holder and "next" in token.lower() and is_only(outline, holder, token):
                yield {"css": f"{holder.tag}.{token}{ending}"}
    label = node.element.get("aria-label") or ""
    if "next" in label.lower() and not _UNQUOTABLE.search(label):
        yield {"css": f'a[aria-label="{label}"]'}
    text = quoted(text_of(node.element))
    if text is not None and len(text) > 2:
        yield {"xpath": f"//a[normalize-space()={text}]"}


def _is_number(node: Node) -> bool:
    return node.text <= 5 and bool(_NUMBER.fullmatch(text_of(node.element)))


def _numbered(node: Node) -> Iterator[Place]:
    """The link with the number that comes after the one a reader is on."""
    holder = _holder(node)
    before = holder.element.getprevious()
    if before is not None and text_of(before) == str(int(text_of(node.element)) - 1):
        yield from _behind(before, node, holder)


def _holder(node: Node) -> Node:
    """The link, or the entry of the pager that holds it alone."""
    while node.parent is not None and node.element.getprevious() is None:
        if node.parent.text != node.text:
            break
        node = node.parent
    return node


def _behind(current: Element, node: Node, holder: Node) -> Iterator[Place]:
    """The link behind what is marked as the page one is on."""
    ending = "+ a" if holder is node else f"+ {holder.tag} a"
    if marks := _marks(current):
        yield {"css": f"{current.tag}{marks} {ending}"}
        return
    for child in current:
        if isinstance(child.tag, str) and (marks := _marks(child)) and holder.parent is not None:
            mark = "@aria-current" if "aria" in marks else f"contains(@class, {quoted(marks[1:])})"
            yield {
                "xpath": f"//{current.tag}[{child.tag}[{mark}]]"
                f"/following-sibling::{holder.tag}[1]//a"
            }
            return
    plain = current.tag in ("strong", "b", "em", "span") and current.get("href") is None
    if plain and holder.parent is not None and (way := names(holder.parent)):
        assert is_called(holder.parent, way[0])
        yield {"css": f"{way[0]} {current.tag} {ending}"}


def _marks(element: Element) -> str:
    """What marks an element as current, as a selector says it."""
    if element.get("aria-current"):
        return "[aria-current]"
    for token in (element.get("class") or "").split():
        if token.lower() in _CURRENT or token.lower().endswith(_CURRENT_ENDS):
            return f".{token}"
    return ""
