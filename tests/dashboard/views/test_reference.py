import re

from flask import Flask

from dashboard.api import document
from tests.dashboard.conftest import Browser


def test_the_page_tells_every_operation_and_every_link_in_it_leads_somewhere(
    app: Flask, viewer: Browser
) -> None:
    page = viewer.get("/api/v1/docs").text
    told = document.of(app.extensions["kumo_api"])
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            assert f'id="{operation["operationId"]}"' in page
            line = f'{method.upper()}</code> <code class="operation-path">{path}</code>'
            assert line in page
    places = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= places
    assert "`" not in page.partition("<main")[2]
    assert "http://localhost/api/v1/targets/demo_shop/jobs" in page


def test_the_pages_of_tokens_lead_there(admin: Browser) -> None:
    for path in ("/tokens", "/account"):
        assert 'href="/api/v1/docs"' in admin.get(path).text
