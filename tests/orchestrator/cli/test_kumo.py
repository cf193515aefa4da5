import subprocess
import sys
from pathlib import Path

import click
import pytest

from orchestrator import cli
from tests.orchestrator.cli.conftest import Kumo
from tests.orchestrator.cli.refusals import sentence

COMMAND = Path(sys.executable).with_name("kumo")


def test_help_loads_neither_the_tables_nor_celery():
    code = (
        "import sys; from orchestrator.cli import kumo; kumo(['--help'], standalone_mode=False);"
        "print(sorted({'sqlalchemy', 'celery', 'pydantic', 'scrapy'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.splitlines()[-1] == "[]"
    assert all(name in said.stdout for name in cli.COMMANDS)


def test_every_command_is_where_the_list_says():
    context = click.Context(cli.kumo)
    for name in cli.kumo.list_commands(context):
        command = cli.kumo.get_command(context, name)
        assert command is not None
        assert command.name == name


def test_an_unknown_command_is_a_usage_error(kumo: Kumo):
    result = kumo("fly")
    assert result.exit_code == 2
    assert "No such command 'fly'" in result.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["run", "shop"],
        ["targets", "list"],
        ["targets", "add", "shop", "--spider", "any", "--unchecked"],
        ["jobs", "list"],
        ["jobs", "cancel", "00000000-0000-0000-0000-000000000000"],
        ["user", "list"],
        ["user", "add", "ada", "--password-stdin"],
    ],
    ids=" ".join,
)
class TestTrouble:
    @pytest.mark.usefixtures("database_away")
    def test_a_database_that_is_away_is_one_sentence(self, kumo: Kumo, command: list[str]):
        assert "The database does not answer" in sentence(kumo(*command))

    @pytest.mark.usefixtures("no_tables")
    def test_a_database_without_tables_is_one_sentence(self, kumo: Kumo, command: list[str]):
        assert "run `kumo migrate`" in sentence(kumo(*command))

    @pytest.mark.usefixtures("no_database")
    def test_no_database_is_one_sentence(self, kumo: Kumo, command: list[str]):
        assert "set DATABASE_URL" in sentence(kumo(*command))


def test_a_wrong_environment_is_told_whole(kumo: Kumo, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KUMO_TIMEZONE", "Mars/Base")
    monkeypatch.setenv("PORT", "none")
    said = sentence(kumo("targets", "list"))
    assert "KUMO_TIMEZONE" in said
    assert "PORT" in said


@pytest.mark.usefixtures("no_database")
def test_the_installed_command_answers_an_error_in_one_line():
    said = subprocess.run([COMMAND, "targets", "list"], capture_output=True, text=True, check=False)
    assert said.returncode == 1
    assert said.stderr.startswith("Error: No database is known")
    assert len(said.stderr.splitlines()) == 1
