"""The app as a WSGI server takes it."""

import gc

from flask import has_request_context, request

from dashboard import create_app
from orchestrator import log_format, reports, subjects


def _asked_about() -> dict[str, str]:
    """The job or the target whose page is asked for."""
    asked = (request.view_args or {}) if has_request_context() else {}
    return {name: str(asked[name]) for name in ("job_id", "target_id") if name in asked}


subjects.are_known_by(_asked_about)
log_format.begin()
reports.begin(reports.DASHBOARD)
app = create_app()

# What is there now stays. A full collection would look at it again and again, which took a tenth
# of a second out of some reader's page.
gc.collect()
gc.freeze()
