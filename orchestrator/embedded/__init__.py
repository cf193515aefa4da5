"""The two embedded servers and `kumo up`, which runs them with everything else.

An extra: where DATABASE_URL and REDIS_URL are set, none of it is imported.
"""
