import pytest

from orchestrator.cli.definition_options import fields_from


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("0.5", 0.5),
        ("true", True),
        ("[1, 2]", [1, 2]),
        ('{"a": "b"}', {"a": "b"}),
        ('"1"', "1"),
        ("007", "007"),
        ("a=b", "a=b"),
        ("", ""),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ("日本", "日本"),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_a_value_is_json_or_else_text(text: str, value: object):
    assert fields_from({"argument": (f"x={text}",)}, {}) == {"arguments": {"x": value}}


def test_what_is_not_given_is_left_alone():
    given = {"spider": None, "schedule": None, "start_url": (), "argument": (), "priority": 0}
    assert fields_from(given, {"arguments": {"a": 1}}) == {"priority": 0}
