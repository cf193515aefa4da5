"""The form of a site's budget."""

from typing import Any

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import FloatField, IntegerField, StringField, SubmitField
from wtforms.validators import Length, Optional

from orchestrator.ledger.budgets import Budget


class SiteForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """How many requests a site is to bear; an empty field is as by default."""

    requests_per_second = FloatField(
        lazy_gettext("Requests a second"), [Optional()], render_kw={"inputmode": "decimal"}
    )
    in_flight = IntegerField(
        lazy_gettext("Requests at once"), [Optional()], render_kw={"inputmode": "numeric"}
    )
    note = StringField(
        lazy_gettext("Note"),
        [Length(max=500)],
        description=lazy_gettext("Why, for whoever reads it later."),
        render_kw={"maxlength": 500},
    )
    save = SubmitField(lazy_gettext("Save"))

    def __init__(self, default: Budget, **given: Any) -> None:
        super().__init__(**given)
        for field, number in (
            (self.requests_per_second, default.requests_per_second),
            (self.in_flight, default.in_flight),
        ):
            field.description = (
                lazy_gettext("0 = no cap. Empty = as by default, %(number)s.", number=f"{number:g}")
                if number
                else lazy_gettext("0 or empty = no cap.")
            )

    @property
    def values(self) -> dict[str, Any]:
        """As the ledger takes them."""
        return {
            "requests_per_second": self.requests_per_second.data,
            "in_flight": self.in_flight.data,
            "note": self.note.data or "",
        }
