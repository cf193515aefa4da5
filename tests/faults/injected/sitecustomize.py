"""What Python runs at the start of every process that has this folder on its PYTHONPATH.

It does nothing unless the environment asks: `KUMO_TEST_OFF` names a mechanism of the product to
do without, `KUMO_TEST_KILL_POINTS` a folder in which kill points are armed.
"""

import os


def _inject() -> None:
    if mechanism := os.environ.get("KUMO_TEST_OFF"):
        import mechanisms

        mechanisms.switch_off(mechanism)
    if folder := os.environ.get("KUMO_TEST_KILL_POINTS"):
        import kill_points

        kill_points.lie_in_wait(folder)


try:
    _inject()
except Exception as error:
    # Python would print an error of this module and go on, with everything switched on.
    raise SystemExit(f"Nothing could be injected: {error!r}") from error
