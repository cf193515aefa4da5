import pytest

from dashboard.returns import own_path


@pytest.mark.parametrize("path", ["/", "/jobs?status=failed&older=1-2", "/targets/3", "/商品"])
def test_a_path_of_this_dashboard_is_taken(path: str) -> None:
    assert own_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "jobs",
        "https://evil.example/",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "/ok\r\nSet-Cookie: a=b",
        "//[broken",
        "/" + "x" * 5_000,
    ],
)
def test_anything_that_could_lead_elsewhere_is_not(path: str) -> None:
    assert own_path(path) is None
