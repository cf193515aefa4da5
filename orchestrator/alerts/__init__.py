"""Alerts: what is noted in the ledger is said in words and sent to where people read.

`delivering` takes messages from the ledger, `texts` writes them in the reader's language, `senders`
sends them through Apprise or, signed, to a webhook, and `guard` sees where a connection leads.
"""
