"""`kumo chaos`: a kill storm against an installation of its own, and a verdict on what is left.

Nothing in the product knows of it: it starts what people start, kills from outside, and counts
rows and pages afterwards.
"""
