"""The forms about people: sign in, accounts, passwords, tokens.

What makes a name or a password acceptable is the ledger's to say; its sentence is put beside the
field here, so that the rule stands in one place.
"""

from datetime import timedelta
from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import PasswordField, SelectChoice, SelectField, StringField, SubmitField
from wtforms.validators import EqualTo, InputRequired, Length

from dashboard import languages
from orchestrator.exceptions import ChannelInvalid, SiteInvalid, TokenInvalid, UserInvalid
from orchestrator.ledger.models import Role, Scope

ROLE_WORDS = {
    Role.VIEWER: lazy_gettext("Viewer"),
    Role.OPERATOR: lazy_gettext("Operator"),
    Role.ADMIN: lazy_gettext("Admin"),
}
SCOPE_WORDS = {
    Scope.READ: lazy_gettext("Read"),
    Scope.OPERATE: lazy_gettext("Read, run and edit targets"),
    Scope.ADMIN: lazy_gettext("Everything an admin may"),
}
_ROLES = [SelectChoice(role, words) for role, words in ROLE_WORDS.items()]
_ROLES_EXPLAINED = lazy_gettext(
    "A viewer reads; an operator also runs and edits targets; "
    "an admin also manages people and tokens."
)
#: Nothing to choose from means no end.
_NEVER = "never"
_UNSEEN = {"autocomplete": "new-password"}


class SignInForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """Name and password."""

    name = StringField(
        lazy_gettext("Name"),
        [InputRequired(), Length(max=100)],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "autofocus": True},
    )
    password = PasswordField(
        lazy_gettext("Password"),
        [InputRequired(), Length(max=1_000)],
        render_kw={"autocomplete": "current-password"},
    )
    submit = SubmitField(lazy_gettext("Sign in"))


class RoleForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """What a person may do."""

    role = SelectField(lazy_gettext("Role"), choices=_ROLES, description=_ROLES_EXPLAINED)
    submit = SubmitField(lazy_gettext("Change role"))


class PasswordForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """A password for somebody else."""

    password = PasswordField(
        lazy_gettext("New password"),
        description=lazy_gettext("Leave it empty to have one made, which is shown once."),
        render_kw=_UNSEEN,
    )
    submit = SubmitField(lazy_gettext("Set password"))


class PersonForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """A new account."""

    name = StringField(
        lazy_gettext("Name"),
        [InputRequired()],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "maxlength": 100},
    )
    role = SelectField(lazy_gettext("Role"), choices=_ROLES, description=_ROLES_EXPLAINED)
    password = PasswordField(
        lazy_gettext("Password"),
        description=lazy_gettext("Leave it empty to have one made, which is shown once."),
        render_kw=_UNSEEN,
    )
    submit = SubmitField(lazy_gettext("Add"))


class OwnPasswordForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """One's own password; typed twice, since nobody sees it."""

    current = PasswordField(
        lazy_gettext("Current password"),
        [InputRequired()],
        render_kw={"autocomplete": "current-password"},
    )
    password = PasswordField(
        lazy_gettext("New password"),
        [InputRequired()],
        description=lazy_gettext("10 characters or more."),
        render_kw=_UNSEEN,
    )
    again = PasswordField(
        lazy_gettext("New password again"),
        [EqualTo("password", lazy_gettext("The two new passwords differ."))],
        render_kw=_UNSEEN,
    )
    change = SubmitField(lazy_gettext("Change password"))


class TokenForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """A program's way in; offers what the person may give."""

    name = StringField(
        lazy_gettext("Name"),
        [InputRequired()],
        description=lazy_gettext("Which program it is for."),
        render_kw={"autocomplete": "off", "maxlength": 100},
    )
    scope = SelectField(lazy_gettext("It may"))
    days = SelectField(lazy_gettext("It lasts"))
    make = SubmitField(lazy_gettext("Make a token"))

    def __init__(self, scopes: list[Scope], *, may_last: bool) -> None:
        super().__init__()
        self.scope.choices = [SelectChoice(scope, SCOPE_WORDS[scope]) for scope in scopes]
        self.days.choices = [
            SelectChoice(str(days), gettext("%(count)s days", count=days)) for days in (30, 90, 365)
        ]
        if may_last:
            self.days.choices.append(SelectChoice(_NEVER, gettext("For ever")))

    @property
    def life(self) -> timedelta | None:
        return None if self.days.data == _NEVER else timedelta(days=int(self.days.data))


def blame(form: Any, error: UserInvalid | TokenInvalid | SiteInvalid | ChannelInvalid) -> None:
    """Puts the ledger's sentence beside the field it is about, else above the form."""
    sentence = languages.said(error.args[0])
    field = form._fields.get(error.field)
    if field is None:
        form.form_errors.append(sentence)
    else:
        field.errors = [*field.errors, sentence]
