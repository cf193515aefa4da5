"""Lay the first tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column(
            "details", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    op.create_index("ix_audit_log_at", "audit_log", ["at"], unique=False)
    op.create_table(
        "scraping_targets",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("spider", sa.Text(), nullable=False),
        sa.Column("start_urls", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column(
            "arguments",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="{}",
            nullable=False,
        ),
        sa.Column(
            "settings", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False
        ),
        sa.Column("key_fields", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("priority", sa.SmallInteger(), server_default="5", nullable=False),
        sa.Column("schedule", sa.Text(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=True),
        sa.Column("next_run_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("max_attempts", sa.SmallInteger(), server_default="3", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("name ~ '^[a-z0-9][a-z0-9_-]*$'", name=op.f("ck_scraping_targets_name")),
        sa.CheckConstraint(
            "max_attempts BETWEEN 1 AND 100", name=op.f("ck_scraping_targets_max_attempts")
        ),
        sa.CheckConstraint("priority BETWEEN 0 AND 9", name=op.f("ck_scraping_targets_priority")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scraping_targets")),
    )
    op.create_index(
        "ix_scraping_targets_next_run_at",
        "scraping_targets",
        ["next_run_at"],
        unique=False,
        postgresql_where=sa.text("active AND deleted_at IS NULL"),
    )
    op.create_index(
        "uq_scraping_targets_name",
        "scraping_targets",
        ["name"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "ticks",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_ticks")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "viewer",
                "operator",
                "admin",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("session_epoch", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
    )
    op.create_index("uq_users_name", "users", [sa.literal_column("lower(name)")], unique=True)
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_api_tokens_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
    )
    op.create_table(
        "scraping_jobs",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "running",
                "paused",
                "completed",
                "failed",
                "cancelled",
                "skipped",
                name="jobstatus",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            server_default="pending",
            nullable=False,
        ),
        sa.Column(
            "trigger",
            sa.Enum(
                "dashboard",
                "beat",
                "celery",
                "cli",
                "api",
                name="trigger",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("priority", sa.SmallInteger(), server_default="5", nullable=False),
        sa.Column("definition", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "run_after", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "rung_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=True
        ),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failures", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("retry_of", sa.Uuid(), nullable=True),
        sa.Column(
            "requested",
            sa.Enum(
                "cancel",
                "pause",
                name="requested",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
        sa.Column(
            "queued_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finish_reason", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("items_scraped", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("items_new", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("items_changed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("items_rejected", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("pages", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("pages_given_up", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("errors", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("bytes_received", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "stats", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False
        ),
        sa.CheckConstraint("priority BETWEEN 0 AND 9", name=op.f("ck_scraping_jobs_priority")),
        sa.ForeignKeyConstraint(
            ["retry_of"],
            ["scraping_jobs.id"],
            name=op.f("fk_scraping_jobs_retry_of"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["target_id"], ["scraping_targets.id"], name=op.f("fk_scraping_jobs_target_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scraping_jobs")),
    )
    op.create_index(
        "ix_scraping_jobs_completed_at",
        "scraping_jobs",
        ["completed_at"],
        unique=False,
        postgresql_where=sa.text("completed_at IS NOT NULL"),
    )
    op.create_index(
        "ix_scraping_jobs_newest",
        "scraping_jobs",
        [sa.literal_column("queued_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_scraping_jobs_pending",
        "scraping_jobs",
        ["priority", "queued_at"],
        unique=False,
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index(
        "ix_scraping_jobs_retry_of",
        "scraping_jobs",
        ["retry_of"],
        unique=False,
        postgresql_where=sa.text("retry_of IS NOT NULL"),
    )
    op.create_index(
        "ix_scraping_jobs_status_newest",
        "scraping_jobs",
        ["status", sa.literal_column("queued_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_scraping_jobs_target_newest",
        "scraping_jobs",
        ["target_id", sa.literal_column("queued_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "uq_scraping_jobs_active",
        "scraping_jobs",
        ["target_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('pending', 'running', 'paused')"),
    )
    op.create_index(
        "uq_scraping_jobs_occasion",
        "scraping_jobs",
        ["target_id", "due_at"],
        unique=True,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "charged_pages",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.LargeBinary(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("charges", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["scraping_jobs.id"],
            name=op.f("fk_charged_pages_job_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("job_id", "request_id", name=op.f("pk_charged_pages")),
    )
    op.create_table(
        "crawls",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "heartbeat_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("checkpoint", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("pages", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["job_id"], ["scraping_jobs.id"], name=op.f("fk_crawls_job_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_id", "attempt", name=op.f("pk_crawls")),
    )
    op.create_index(
        "ix_crawls_lease_until",
        "crawls",
        ["lease_until"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "job_log_lines",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("logged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("logger", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["scraping_jobs.id"],
            name=op.f("fk_job_log_lines_job_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("job_id", "attempt", "seq", name=op.f("pk_job_log_lines")),
    )
    op.create_table(
        "rejected_items",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("excerpt", sa.Text(), nullable=False),
        sa.Column(
            "rejected_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["scraping_jobs.id"],
            name=op.f("fk_rejected_items_job_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rejected_items")),
        sa.UniqueConstraint(
            "job_id", "content_hash", name=op.f("uq_rejected_items_job_id_content_hash")
        ),
    )
    op.create_table(
        "scraped_items",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("first_job_id", sa.Uuid(), nullable=True),
        sa.Column("last_job_id", sa.Uuid(), nullable=True),
        sa.Column(
            "first_seen_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "last_seen_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "changed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["first_job_id"],
            ["scraping_jobs.id"],
            name=op.f("fk_scraped_items_first_job_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["last_job_id"],
            ["scraping_jobs.id"],
            name=op.f("fk_scraped_items_last_job_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["target_id"],
            ["scraping_targets.id"],
            name=op.f("fk_scraped_items_target_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scraped_items")),
        sa.UniqueConstraint("target_id", "key", name=op.f("uq_scraped_items_target_id_key")),
    )
    op.create_index(
        "ix_scraped_items_first_job_id", "scraped_items", ["first_job_id"], unique=False
    )
    op.create_index(
        "ix_scraped_items_last_job_id", "scraped_items", ["last_job_id", "id"], unique=False
    )
    op.create_table(
        "item_revisions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column(
            "replaced_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["scraped_items.id"],
            name=op.f("fk_item_revisions_item_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["scraping_jobs.id"],
            name=op.f("fk_item_revisions_job_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_revisions")),
        sa.UniqueConstraint("item_id", "job_id", name=op.f("uq_item_revisions_item_id_job_id")),
    )
    op.create_index("ix_item_revisions_job_id", "item_revisions", ["job_id"], unique=False)
    op.create_index(
        "ix_item_revisions_replaced_at", "item_revisions", ["replaced_at"], unique=False
    )


def downgrade() -> None:
    op.drop_index("ix_item_revisions_replaced_at", table_name="item_revisions")
    op.drop_index("ix_item_revisions_job_id", table_name="item_revisions")
    op.drop_table("item_revisions")
    op.drop_index("ix_scraped_items_last_job_id", table_name="scraped_items")
    op.drop_index("ix_scraped_items_first_job_id", table_name="scraped_items")
    op.drop_table("scraped_items")
    op.drop_table("rejected_items")
    op.drop_table("job_log_lines")
    op.drop_index(
        "ix_crawls_lease_until", table_name="crawls", postgresql_where=sa.text("ended_at IS NULL")
    )
    op.drop_table("crawls")
    op.drop_table("charged_pages")
    op.drop_index(
        "uq_scraping_jobs_occasion",
        table_name="scraping_jobs",
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.drop_index(
        "uq_scraping_jobs_active",
        table_name="scraping_jobs",
        postgresql_where=sa.text("status IN ('pending', 'running', 'paused')"),
    )
    op.drop_index("ix_scraping_jobs_target_newest", table_name="scraping_jobs")
    op.drop_index("ix_scraping_jobs_status_newest", table_name="scraping_jobs")
    op.drop_index(
        "ix_scraping_jobs_retry_of",
        table_name="scraping_jobs",
        postgresql_where=sa.text("retry_of IS NOT NULL"),
    )
    op.drop_index(
        "ix_scraping_jobs_pending",
        table_name="scraping_jobs",
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.drop_index("ix_scraping_jobs_newest", table_name="scraping_jobs")
    op.drop_index(
        "ix_scraping_jobs_completed_at",
        table_name="scraping_jobs",
        postgresql_where=sa.text("completed_at IS NOT NULL"),
    )
    op.drop_table("scraping_jobs")
    op.drop_table("api_tokens")
    op.drop_index("uq_users_name", table_name="users")
    op.drop_table("users")
    op.drop_table("ticks")
    op.drop_index(
        "uq_scraping_targets_name",
        table_name="scraping_targets",
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.drop_index(
        "ix_scraping_targets_next_run_at",
        table_name="scraping_targets",
        postgresql_where=sa.text("active AND deleted_at IS NULL"),
    )
    op.drop_table("scraping_targets")
    op.drop_index("ix_audit_log_at", table_name="audit_log")
    op.drop_table("audit_log")
