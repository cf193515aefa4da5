"""Manifests: targets as text, in YAML; what one would change, and how the stored ones are written.

A manifest says what a target is, and leaves out what is as by default: what it does not say, the
target does not have.
"""
