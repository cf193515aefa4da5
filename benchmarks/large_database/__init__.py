"""A database as large as Kumo promises to serve, made inside the database.

No row passes through Python: rows are made by `INSERT … SELECT generate_series`, into tables whose
indexes and constraints are dropped first and made again afterwards, foreign keys too, which proves
the rows true. `python -m benchmarks.large_database --help` tells how.
"""
