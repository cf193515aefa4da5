"""Columns: rows that are read to be shown, past what a session does for objects.

A session looks for objects in every statement and again in every row of what it gives. Of the
statements that each page of the dashboard asks, that took longer than the driver.
"""

from collections.abc import Mapping
from typing import Any, TypeVarTuple

from sqlalchemy import CursorResult, Select
from sqlalchemy.orm import Session

Columns = TypeVarTuple("Columns")


def read(
    session: Session, query: Select[*Columns], values: Mapping[str, Any] | None = None
) -> CursorResult[*Columns]:
    """The rows of a query that names columns and no whole table.

    What the session has not flushed is not among them.
    """
    return session.connection().execute(query, values)
