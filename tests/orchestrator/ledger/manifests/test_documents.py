import pytest

from orchestrator.exceptions import ManifestInvalid
from orchestrator.ledger.manifests import documents


def fault_of(text: str) -> tuple[int, str]:
    with pytest.raises(ManifestInvalid) as raised:
        documents.read(text)
    (fault,) = raised.value.faults
    return fault


def test_plain_values_are_read_with_their_lines() -> None:
    document = documents.read(
        "a:\n  b: [1, 2.5, yes]\n  c: null\n# why\nd: 2026-01-01\ne: true\nf: '7'\n"
        "g: |\n  two\n  lines\n"
    )
    assert document.value == {
        "a": {"b": [1, 2.5, "yes"], "c": None},
        "d": "2026-01-01",
        "e": True,
        "f": "7",
        "g": "two\nlines\n",
    }
    assert document.line(("a", "b", 2)) == 2
    assert document.line(("d",)) == 5
    assert document.line(("a", "x", "y")) == 1


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n"])
def test_a_file_may_be_empty(text: str) -> None:
    assert documents.read(text).value is None


BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (BOMB, 1, "anchors and aliases"),
        ("a: 1\nb: *a\n", 2, "anchors and aliases"),
        ("a:\n  <<: *x\n", 2, "anchors and aliases"),
        ("a: 1\nb: !!python/object/apply:os.system [ls]\n", 2, "tags"),
        ("a: !env HOME\n", 1, "tags"),
        ("[" * 90 + "]" * 90, 1, "nested deeper"),
        ("a: " + "{b: " * 40_000, 1, "nested deeper"),
        ("a: 1\n---\nb: 2\n", 2, "one document"),
        ("a: [1\nb: 2\n", 2, "this is no YAML"),
        ("a:\n\tb: 1\n", 2, "this is no YAML"),
        ("a: 1\n? [x]\n: 2\n", 2, "a key should be a word"),
        ("a: 1\nb: \0\n", 2, "does not allow"),
        ("a: 1\nb: 2\na: 3\n", 3, "a is there already, on line 1"),
        ("x" * (documents.MOST_BYTES + 1), 1, "at most 4 MB"),
    ],
)
def test_what_is_not_read_is_named_with_its_line(text: str, line: int, words: str) -> None:
    found, fault = fault_of(text)
    assert words in fault
    assert found == line
