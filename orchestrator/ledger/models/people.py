"""People: who may sign in, what they may do, and what they did."""

from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.ledger.models.schema import At, AtNow, Id, Json, Table, words


class Role(StrEnum):
    """What a person may do."""

    VIEWER = "viewer"  #: Reads.
    OPERATOR = "operator"  #: Also runs and edits targets.
    ADMIN = "admin"  #: Also manages users and tokens.

    def covers(self, other: "Role") -> bool:
        """Whether it is that one or a higher one."""
        order = list(Role)
        return order.index(self) >= order.index(other)


class Scope(StrEnum):
    """What a program may do with a token; never more than its person may."""

    READ = "read"  #: As a viewer.
    OPERATE = "operate"  #: As an operator.
    ADMIN = "admin"  #: As an admin.


class User(Table):
    """A person who may sign in."""

    __tablename__ = "users"
    __table_args__ = (Index("uq_users_name", text("lower(name)"), unique=True),)

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(Text)
    #: By argon2.
    password_hash: Mapped[str] = mapped_column(Text)
    role: Mapped[Role] = mapped_column(words(Role))
    #: Raised when the password changes, which signs out every session.
    session_epoch: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[AtNow]
    signed_in_at: Mapped[At | None]


class ApiToken(Table):
    """A program's password, shown once and stored as a digest."""

    __tablename__ = "api_tokens"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(Text)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    #: A `Scope`.
    scope: Mapped[str] = mapped_column(Text)
    user_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("users.id", ondelete="CASCADE")
    )
    created_at: Mapped[AtNow]
    expires_at: Mapped[At | None]
    used_at: Mapped[At | None]


class AuditEntry(Table):
    """Who did what, and when."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("ix_audit_log_at", "at"),
        Index("ix_audit_log_who", "who", "id"),
        Index("ix_audit_log_action", "action", "id"),
        Index("ix_audit_log_who_action", "who", "action", "id"),
    )

    id: Mapped[Id]
    at: Mapped[AtNow]
    #: The person's or token's name, kept when they are deleted.
    who: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    #: What it was done to, as a name or id.
    subject: Mapped[str] = mapped_column(Text)
    details: Mapped[Json] = mapped_column(server_default="{}")
