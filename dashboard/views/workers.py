"""Workers: who lives, what they crawl, and what answers through Redis.

The page is made of rows, so it is there at once; what has to be asked for comes after it.
"""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from orchestrator import database, inspection
from orchestrator.ledger import bells, outlook, vitals
from orchestrator.ledger import workers as ledger

blueprint = Blueprint("workers", __name__)


@blueprint.get("/workers")
def index() -> ResponseReturnValue:
    with database.transaction() as session:
        parts = {
            "workers": ledger.all_known(session),
            "slots": outlook.taken_slots(session),
            "vitals": vitals.read(session),
            "waiting": bells.count_due(session),
        }
    return render_template("workers.html", **parts)


@blueprint.get("/workers/answers")
def answers() -> ResponseReturnValue:
    with database.transaction() as session:
        living = [worker for worker, lives in ledger.all_known(session) if lives]
        queues = {*vitals.unserved(session), *(each for worker in living for each in worker.queues)}
    found = inspection.look(expected=len(living) or None, queues=queues)
    silent = [worker.name for worker in living if worker.name not in found.workers]
    return render_template("answers.html", found=found, silent=silent)
