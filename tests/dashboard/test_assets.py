import re

from tests.dashboard.conftest import Browser


def files(stranger: Browser) -> list[str]:
    page = stranger.get("/sign-in").text
    return re.findall(r'(?:href|src)="(/(?:bootstrap/)?static/[^"]+)"', page)


def test_files_are_named_with_their_version_and_kept_for_good(stranger: Browser) -> None:
    assert len(files(stranger)) > 5
    for path in files(stranger):
        assert "?v=" in path
        with stranger.client.get(path) as answer:
            assert "immutable" in answer.headers["Cache-Control"]


def test_a_file_of_another_version_is_asked_for_anew(stranger: Browser) -> None:
    for path in files(stranger):
        with stranger.client.get(path.partition("?")[0] + "?v=older") as answer:
            assert "immutable" not in answer.headers.get("Cache-Control", "")


def test_pages_are_not_kept(stranger: Browser) -> None:
    assert stranger.get("/sign-in").headers["Cache-Control"] == "no-store"
