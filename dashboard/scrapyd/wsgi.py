"""The app as a WSGI server takes it."""

from dashboard.scrapyd import create_app

app = create_app()
