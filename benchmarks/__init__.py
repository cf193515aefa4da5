"""What is measured, and how to run it: `python -m benchmarks`.

A figure alone says more about the machine than about Kumo, so everything is measured beside its
rivals in the same run, in turns, and only the ratio within a run is claimed.
"""
