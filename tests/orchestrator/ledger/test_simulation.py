"""A simulated shop: what breaks is noticed on its first night, what does not is left alone.

docs/judging.md has the figures of more nights and shops than there is time for here.
"""

import pytest

from orchestrator.ledger import findings
from orchestrator.ledger.models import Verdict
from tests.orchestrator.ledger import given
from tests.orchestrator.ledger.nightly import crawled, judgement, verdict
from tests.orchestrator.ledger.simulated_shop import BREAKS, Shop

pytestmark = [pytest.mark.judging, pytest.mark.usefixtures("database")]

#: Nights before something breaks, and between two breaks.
BEFORE, BETWEEN = 7, 1


@pytest.mark.timeout(300)
def test_each_break_is_noticed_on_its_first_night_and_no_other_night_is() -> None:
    shop, target_id = Shop(seed=1), given.a_target()
    nights = [crawled(target_id, shop.night()) for _ in range(BEFORE)]
    for broken in BREAKS:
        job_id = crawled(target_id, broken.does(shop, shop.night()))
        shop.nights.pop()  # nobody has seen what there really was
        found = judgement(job_id).findings
        assert verdict(job_id) is not Verdict.GOOD, broken.name
        named = {each["field"] for each in found}
        assert not broken.fields or named & set(broken.fields), (broken.name, named)
        nights += [crawled(target_id, shop.night()) for _ in range(BETWEEN)]
    alarms = {str(each): judgement(each).findings for each in nights}
    assert not any(alarms.values()), [
        findings.sentence(one) for each in alarms.values() for one in each
    ]
