"""Which class names of a page mean something and will still be there next month.

Build tools hash names, layout frameworks describe looks, scripts mark states: a selector that leans
on one of those breaks with the next release of the site.
"""

import re
from functools import lru_cache

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{1,48}")
_PARTS = re.compile(r"[-_]+")
#: Prefixes that styling libraries put before a hash.
_HASHED = re.compile(r"(?:css|sc|jsx|jss|svelte|emotion|chakra|makeStyles|ng)-")
#: The end that CSS modules give a name: `styles_title__2aBcD`.
_MODULE = re.compile(r"__?(?=[a-zA-Z]*(?:\d|[a-z][A-Z]))[A-Za-z0-9]{5,8}$")
_CAMEL = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_NUMBERED = re.compile(r"\d\d|[-_]\d+$")
#: States, places among siblings and hooks of scripts.
_STATES = re.compile(
    r"(?:is|has|js|no|u|ga|gtm|track|lazy|wp|elementor|vc|data)-.*"
    r"|active|current|selected|first|last|odd|even|alt|hidden|visible|show|open|closed|disabled"
    r"|lazy|lazyload\w*|loaded|clearfix|cf|new|hot|sale|featured|promoted|sticky|hentry"
)
#: How something looks or where it lies, as Bootstrap and Tailwind say it.
_LOOKS = re.compile(
    r"(?:[mp][trblxyse]?|gap|space|[wh]|min|max|col|cols|row|offset|flex|grid|justify|align|self|fs"
    r"|fw|leading|tracking|bg|border|rounded|shadow|opacity|z|inset|float|overflow|object|display|d"
    r"|g|gx|gy|cursor|transition|duration|ease|hover|sm|md|lg|xl|xs|visually|sr|ms|me|ps|pe|btn"
    r"|pull|img|container)(?:-[a-z0-9]+)+"
    r"|(?:text|font|items|content|position|list|line|order)-(?:\d?x[sl]|sm|md|lg|xl|[a-z]+-\d+|\d+"
    r"|muted|base"
    r"|center|left|right|start|end|primary|secondary|danger|success|warning|info|dark|light|white"
    r"|nowrap|truncate|bold|semibold|medium|normal|between|relative|absolute|fixed|static|none"
    r"|unstyled|inline|through|clamp-\d|decoration-\w+|wrap|break)"
    r"|row|col|column|flex|grid|btn|container|wrapper|wrap|inner|outer|block|inline|relative"
    r"|absolute|fixed|static|truncate|uppercase|lowercase|capitalize|italic|bold|underline|center"
    r"|left|right|large|small|medium|one|two|three|four|card-body|media|media-body"
)


@lru_cache(maxsize=4096)
def stands(token: str) -> bool:
    """Whether a class name is a word of the page's author, rather than a hash or a state."""
    if not _WORD.fullmatch(token) or _NUMBERED.search(token):
        return False
    if _HASHED.match(token) or _MODULE.search(token) or _STATES.fullmatch(token):
        return False
    return not any(_is_noise(part) for part in _PARTS.split(token))


@lru_cache(maxsize=4096)
def means(token: str) -> bool:
    """Whether a class name also says what something is, rather than how it looks."""
    return stands(token) and not _LOOKS.fullmatch(token)


def tokens(classes: str | None) -> tuple[str, ...]:
    """The class names of an element that a selector may lean on."""
    return tuple(token for token in (classes or "")[:400].split()[:12] if means(token))


def words(token: str) -> list[str]:
    """A class name, id or key in lower-case words: `productCard__title` is product, card, title."""
    return [word.lower() for part in _PARTS.split(token) for word in _CAMEL.findall(part)]


def _is_noise(part: str) -> bool:
    """Whether a part of a name looks drawn by lot: `3xY7z`, `bdVaJa`, `kqxzv`."""
    if re.search(r"\d[A-Za-z]", part) and len(part) > 3:
        return True
    camel = _CAMEL.findall(part)
    if len(camel) > 2 and len(part) / len(camel) < 3:
        return True
    return len(part) > 4 and part.isalpha() and not re.search(r"[aeiouyAEIOUY]", part)
