"""Saving the database to a file, and bringing it back.

Postgres holds everything, so its own pg_dump saves everything: one snapshot, while crawls run. What
a restore has to think of is Redis, which goes on where the database goes back. A frontier never
knows less than the database: a page is acknowledged after the commit that holds its items. But one
that is *later* than the database acknowledges pages whose items are not there any more, and a job
that went on with it would be proven complete without them. So no frontier outlives a restore; jobs
begin again at their start pages, and what they have already is not recorded twice.
"""

from orchestrator.backup.restoring import follow_up, restore
from orchestrator.backup.saving import save, save_into

__all__ = ["follow_up", "restore", "save", "save_into"]
