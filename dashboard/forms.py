"""The forms that people fill in."""

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField, SubmitField
from wtforms.validators import InputRequired, Length


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
