"""The forms of channels and their rules.

An address is typed and never shown again: it holds the password of wherever it leads.
"""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    PasswordField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    SubmitField,
)
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from dashboard.languages import LANGUAGES
from orchestrator.ledger.models import AlertKind, SavedFilter

KIND_WORDS = {
    AlertKind.FAILED: lazy_gettext("A target begins to fail"),
    AlertKind.SUSPICIOUS: lazy_gettext("A job completes that cannot be believed"),
    AlertKind.RECOVERED: lazy_gettext("A target works again"),
    AlertKind.LATE: lazy_gettext("A job is late, or was missed"),
    AlertKind.PAGES_GIVEN_UP: lazy_gettext("A job goes on without some pages"),
    AlertKind.CHANGES: lazy_gettext("A job changes what a filter asks for"),
    AlertKind.DAILY: lazy_gettext("Every day at 8:00, what there was"),
    AlertKind.WEEKLY: lazy_gettext("Every Monday at 8:00, what there was"),
}


class ChannelForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """Whom to tell, and how."""

    name = StringField(
        lazy_gettext("Name"),
        [InputRequired(), Length(max=100)],
        render_kw={"autocomplete": "off", "maxlength": 100},
    )
    url = PasswordField(
        lazy_gettext("Address"),
        [Length(max=2_000)],
        description=lazy_gettext(
            "As Apprise writes it: mailto://, slack://, discord://, tgram:// and a hundred more. "
            "json:// or https:// is a webhook of your own, whose messages are signed. It is not "
            "shown again."
        ),
        render_kw={"autocomplete": "new-password"},
    )
    language = SelectField(
        lazy_gettext("Language"),
        choices=[SelectChoice(code, name) for code, name in LANGUAGES.items()],
    )
    timezone = StringField(
        lazy_gettext("Time zone"),
        [InputRequired(), Length(max=100)],
        description=lazy_gettext("Like Asia/Tokyo."),
        render_kw={"autocapitalize": "none", "maxlength": 100},
    )
    active = BooleanField(lazy_gettext("Messages are sent"), default=True)
    save = SubmitField(lazy_gettext("Save"))

    @property
    def values(self) -> dict[str, Any]:
        """As the ledger takes them; an address left empty stays as it is."""
        names = ("name", "language", "timezone", "active")
        values = {name: self._fields[name].data for name in names}
        return values | ({"url": self.url.data.strip()} if self.url.data else {})


class RuleForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """Of what to tell a channel."""

    kinds = SelectMultipleField(
        lazy_gettext("Tell it when"),
        choices=[SelectChoice(kind.value, words) for kind, words in KIND_WORDS.items()],
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )
    target = StringField(
        lazy_gettext("Target"),
        [Length(max=200)],
        description=lazy_gettext("Its name; empty = all targets, or those with the tag."),
        render_kw={"autocomplete": "off", "autocapitalize": "none", "maxlength": 200},
    )
    tag = StringField(
        lazy_gettext("Tag"),
        [Length(max=100)],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "maxlength": 100},
    )
    filter = SelectField(
        lazy_gettext("Filter of changes"),
        description=lazy_gettext("For changes; those that are saved for everybody."),
        validate_choice=False,
    )
    add = SubmitField(lazy_gettext("Add the rule"))

    def __init__(self, filters: Sequence[SavedFilter]) -> None:
        super().__init__()
        self.filter.choices = [
            SelectChoice("", "–"),
            *(SelectChoice(str(each.id), each.name) for each in filters),
        ]

    @property
    def filter_id(self) -> int | None:
        known = {choice.value for choice in self.filter.choices if choice.value}
        return int(self.filter.data) if self.filter.data in known else None
