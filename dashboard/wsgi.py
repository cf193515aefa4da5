"""The app as a WSGI server takes it."""

import gc

from dashboard import create_app

app = create_app()

# What is there now stays. A full collection would look at it again and again, which took a tenth
# of a second out of some reader's page.
gc.collect()
gc.freeze()
