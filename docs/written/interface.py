"""The HTTP interface, from the OpenAPI document that the dashboard itself serves."""


def written() -> str:
    return ""
