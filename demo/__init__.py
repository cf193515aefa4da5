"""A small shop website whose prices change, for people to try Kumo on and for its tests.

It stands apart from the other packages: whoever crawls it meets it only over HTTP.
"""
