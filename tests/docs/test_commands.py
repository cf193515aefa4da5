"""Every command in the documents is typed as it stands, in one installation for all pages."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs import pages
from tests.docs.pages import PAGES, ROOT
from tests.docs.reader import Reader, read
from tests.orchestrator.embedded.installation import awaited

README = ROOT / "README.md"
TYPED = [page for page in PAGES if pages.steps(page)]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with Reader(tmp_path_factory.mktemp("reader")).started() as reader:
        # Pages tell of the first crawl as of something that is over.
        awaited(lambda: reader.asks("SELECT 1 FROM scraping_jobs WHERE status = 'completed'"))
        yield reader


@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", TYPED, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_does_what_it_says(reader: Reader, page: Path) -> None:
    assert read(reader, page) == []
    if page == README:
        assert names_of("shelves", reader) == names_of("demo_shop", reader)


def test_make_up_says_what_the_first_page_shows(reader: Reader) -> None:
    consoles = [each for each in pages.blocks(ROOT / "docs" / "start.md") if each.kind == "console"]
    (shown,) = pages.dialogue(consoles[0])
    assert shown.typed == "make up\n"
    assert pages.fits(shown.says or "", reader.started_with())


def test_each_mark_stands_before_a_block_and_says_why() -> None:
    for page in PAGES:
        marked = [block for block in pages.blocks(page) if block.mark]
        assert len(marked) == pages.marks(page), f"{page}: a mark without a block"
        assert [block.line for block in marked if len(block.said) < 5] == [], page


def test_most_blocks_are_typed() -> None:
    blocks = [block for page in PAGES for block in pages.blocks(page)]
    left_out = [block for block in blocks if block.mark == "not run"]
    assert len(left_out) < len(blocks) / 3


def test_every_block_says_what_it_is() -> None:
    """One without a language could hide a command."""
    fences = {page: re.findall(r"^ *```(.*)$", page.read_text(), re.MULTILINE) for page in PAGES}
    assert {page: [kind for kind in kinds[::2] if not kind] for page, kinds in fences.items()} == {
        page: [] for page in PAGES
    }


@pytest.mark.parametrize(
    ("expected", "said", "fit"),
    [
        ("Added shop.\n", "Added shop.\n", True),
        ("Added shop.\n", "Added shelf.\n", False),
        ("Added shop.\n", "Added shop.\nAnd more.\n", False),
        ("… items (0 new)\n", "1,204 items (0 new)\n", True),
        ("NAME … ENDED\n…\n", "NAME   SPIDER   ENDED\n", True),
        ("first\n…\nlast\n", "first\none\ntwo\nlast\n", True),
        ("first\n…\nlast\n", "first\none\ntwo\n", False),
    ],
)
def test_what_is_said_fits_what_is_shown(expected: str, said: str, *, fit: bool) -> None:
    assert pages.fits(expected, said) is fit


def test_a_page_whose_command_fails_is_noticed(reader: Reader) -> None:
    with pytest.raises(AssertionError, match=r"line 7 failed:\nit is not there"):
        reader.types([pages.Step(7, "echo it is not there\nfalse\n", None)])


def names_of(target: str, reader: Reader) -> set[str]:
    asked = "SELECT data ->> 'name' FROM scraped_items i JOIN scraping_targets t"
    return set(reader.asks(f"{asked} ON t.id = i.target_id WHERE t.name = '{target}'"))
