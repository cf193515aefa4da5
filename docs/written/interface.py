"""The HTTP interface, from the OpenAPI document that the dashboard itself serves."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from docs.written import markdown

Part = Mapping[str, Any]


def written() -> str:
    if find_spec("dashboard.api") is None:
        return ""
    return told(_document())


def told(document: Part) -> str:
    """An OpenAPI document as a page: what may be asked by noun, and then the shapes."""
    nouns = [part for tag in document["tags"] for part in _noun(tag, document["paths"])]
    shapes = document["components"]["schemas"]
    return "\n".join([*nouns, *(_shape(name, shapes[name]) for name in sorted(shapes))])


def _document() -> Part:
    api, document = import_module("dashboard.api"), import_module("dashboard.api.document")
    of: Part = document.of(api.create({"SESSION_COOKIE_NAME": "kumo_8000"}))
    return of


def _noun(tag: Part, paths: Part) -> Iterator[str]:
    yield f"## {tag['name'].capitalize()}\n\n{tag.get('description', '')}\n"
    for path, operations in paths.items():
        for method, operation in operations.items():
            if tag["name"] in operation["tags"]:
                yield _operation(f"{method.upper()} {path}", operation)


def _operation(address: str, operation: Part) -> str:
    says = " ".join(filter(None, (f"{operation['summary']}.", operation.get("description"))))
    rows = [
        (
            markdown.code(each["name"]),
            each["in"],
            markdown.kind(each["schema"]),
            each.get("description", ""),
        )
        for each in operation.get("parameters", [])
    ]
    parameters = markdown.table(("parameter", "stands in", "value", "what it says"), rows)
    body = _content(operation.get("requestBody", {}))
    takes = f"The body is {body}.\n\n" if body else ""
    return f"### {address}\n\n{says}\n\n{parameters}\n{takes}{_answers(operation['responses'])}\n"


def _answers(responses: Part) -> str:
    """What it answers with when all is well."""
    well = {status: each for status, each in responses.items() if status < "400"}
    return "".join(f"- {status}: {_answer(each)}\n" for status, each in well.items())


def _answer(answer: Part) -> str:
    content = _content(answer)
    return f"{answer['description']} ({content})" if content else str(answer["description"])


def _content(part: Part) -> str:
    """The shape of a body, or the kinds of file that it may be."""
    content = part.get("content", {})
    shapes = [markdown.kind(each["schema"]) for each in content.values() if "schema" in each]
    return " or ".join(shapes or map(markdown.code, content))


def _shape(name: str, schema: Part) -> str:
    required = schema.get("required", [])
    rows = [
        (
            markdown.code(field),
            markdown.kind(each),
            "always there" if field in required else markdown.default(each),
            each.get("description", ""),
        )
        for field, each in schema.get("properties", {}).items()
    ]
    fields = markdown.table(("field", "value", "default", "what it is"), rows)
    return f"## {name}\n\n{schema.get('description', '')}\n\n{fields or markdown.kind(schema)}\n"
