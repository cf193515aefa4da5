"""What came of a question: its rounds, the load meanwhile, kept as JSON and read again."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from benchmarks import machine
from benchmarks.question import Question
from benchmarks.rounds import Rounds


@dataclass(frozen=True)
class Outcome:
    """The answer to a question."""

    question: Question
    rounds: Rounds
    #: The machine's load average before and after: others make figures worse.
    load: tuple[float, float]
    quick: bool

    def keep(self, folder: Path) -> Path:
        """Writes it into a file of its own in the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        file = folder / f"{self.question.name}-{moment}.json"
        file.write_text(json.dumps(self._record(), indent=2, ensure_ascii=False) + "\n")
        return file

    @classmethod
    def newest(cls, folder: Path, question: Question) -> Self | None:
        """The last one that was kept, of those that mean something."""
        for file in sorted(folder.glob(f"{question.name}-[0-9]*.json"), reverse=True):
            record = json.loads(file.read_text())
            if not record["quick"]:
                rounds = Rounds(tuple(record["contenders"]), record["rounds"])
                return cls(question, rounds, tuple(record["load"]), quick=False)
        return None

    def _record(self) -> dict[str, object]:
        return {
            "question": self.question.name,
            "quick": self.quick,
            "measures": [asdict(each) for each in self.question.measures],
            "machine": machine.described(),
            "load": self.load,
            "contenders": self.rounds.contenders,
            "rounds": self.rounds.samples,
        }
