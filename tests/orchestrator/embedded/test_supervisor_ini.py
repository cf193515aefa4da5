import shlex
from pathlib import Path

import pytest
from supervisor.options import ServerOptions

from orchestrator.embedded import supervisor_ini
from orchestrator.embedded.programs import DATABASES, WORKERS, Program
from orchestrator.exceptions import EmbeddedFailed

SOCKET = Path("/tmp/kumo-socket")


def read(home: Path, *programs: Program) -> dict[str, list[ServerOptions]]:
    """The programs by group, as supervisor reads them from our file."""
    (home / "logs").mkdir(parents=True)
    ini = home / "supervisor.ini"
    ini.write_text(supervisor_ini.text(home, programs, SOCKET))
    options = ServerOptions()
    options.realize(["-c", str(ini)])
    return {group.name: group.process_configs for group in options.process_group_configs}


def test_supervisor_reads_back_the_command_that_was_written(tmp_path: Path) -> None:
    command = ("/a path/python", "-n", "crawls@%h", 'quo"ted', "100%", "蜘蛛#;")
    groups = read(tmp_path / "100 % 蜘蛛", Program("it", command, rank=WORKERS, stop_seconds=2))
    [program] = groups["rank-3"]
    assert shlex.split(program.command) == list(command)
    assert program.stdout_logfile == str(tmp_path / "100 % 蜘蛛" / "logs" / "it.log")


def test_only_the_databases_start_by_themselves(tmp_path: Path) -> None:
    database = Program("database", ("true",), rank=DATABASES, stop_seconds=2)
    worker = Program("worker", ("true",), rank=WORKERS, stop_seconds=2)
    groups = read(tmp_path / "home", database, worker)
    started = {group: each.autostart for group, [each] in groups.items()}
    assert started == {"rank-1": True, "rank-3": False}


def test_programs_of_one_rank_stop_together(tmp_path: Path) -> None:
    workers = [Program(name, ("true",), rank=WORKERS, stop_seconds=22) for name in ("a", "b")]
    groups = read(tmp_path / "home", *workers)
    assert [each.name for each in groups["rank-3"]] == ["a", "b"]


@pytest.mark.parametrize("unwritable", [" #", " ;", "\n"])
def test_a_path_that_supervisor_cannot_read_is_one_sentence(unwritable: str) -> None:
    folder = Path(f"/a{unwritable}b")
    program = Program("it", ("true",), rank=WORKERS, stop_seconds=2, folder=folder)
    with pytest.raises(EmbeddedFailed, match="move Kumo, or set KUMO_HOME"):
        supervisor_ini.text(Path("/home"), [program], SOCKET)
