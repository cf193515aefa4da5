"""The system account that Postgres runs as. It refuses to run as root.

As root we give it a user namespace in which our own id is called nobody: no account is made, no
file changes its owner. Where namespaces are refused (many containers do), it runs as the real
nobody, who must then be able to reach the home and the programs.
"""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

NOBODY = 65534


@dataclass(frozen=True)
class Account:
    """Whom Postgres runs as, and what to put before a command for that."""

    prefix: tuple[str, ...]
    uid: int  #: Who owns its files, as seen from here.

    def run(self, *command: str | Path) -> "subprocess.CompletedProcess[str]":
        """Runs a command under this account and returns what came of it, failed or not."""
        # Not from the caller's directory, which this account may not be allowed to enter.
        return subprocess.run(
            [*self.prefix, *map(str, command)], capture_output=True, text=True, check=False, cwd="/"
        )

    def may(self, right: str, path: Path) -> bool:
        """Whether the account has a right (`-r`, `-w`, `-x`, as `test` calls them) on a path."""
        return self.run("test", right, path).returncode == 0

    def own(self, path: Path) -> None:
        """Gives a file or folder to this account, if it is not its own already."""
        if path.lstat().st_uid != self.uid:
            os.chown(path, self.uid, self.uid, follow_symlinks=False)

    def own_all(self, folder: Path) -> None:
        for path in (folder, *folder.rglob("*")):
            self.own(path)


def choose() -> Account:
    ours = os.geteuid()
    # initdb wants a name for whoever runs it, which a container's arbitrary user has not.
    if ours != 0 and name_of(ours) != str(ours):
        return Account((), ours)
    renamed = Account(("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}"), ours)
    if renamed.run("true").returncode == 0:
        return renamed
    if ours != 0:
        return Account((), ours)
    return Account(("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"), NOBODY)


def name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
