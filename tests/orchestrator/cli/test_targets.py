import json
from pathlib import Path

import pytest

from orchestrator import database as storage
from orchestrator.ledger import demo_targets, targets
from orchestrator.ledger.models import JobStatus, Trigger
from orchestrator.ledger.requests import Terms, request
from tests.orchestrator.cli.conftest import Kumo
from tests.orchestrator.cli.refusals import sentence

pytestmark = pytest.mark.usefixtures("database")


def add(kumo: Kumo, name: str = "shop", *options: str) -> None:
    result = kumo("targets", "add", name, "--spider", "demo_shop", "--unchecked", *options)
    assert result.exit_code == 0, result.output


def shown(kumo: Kumo, name: str = "shop") -> dict:
    return json.loads(kumo("targets", "show", name, "--json").stdout)


def names(kumo: Kumo) -> list[str]:
    return [target["name"] for target in json.loads(kumo("targets", "list", "--json").stdout)]


def test_no_targets_say_how_to_make_one(kumo: Kumo):
    assert "kumo targets add" in kumo("targets", "list").stdout


def test_a_target_is_added_with_everything_that_was_said(kumo: Kumo):
    add(
        kumo, "shop",
        "--start-url", "https://a.example/", "--start-url", "https://b.example/",
        "--argument", "category=tea", "--argument", "pages=[1, 2]",
        "--setting", "DOWNLOAD_DELAY=0.5", "--setting", "COOKIES_ENABLED=false",
        "--key-field", "sku", "--schedule", "30 3 * * *", "--timezone", "Asia/Tokyo",
        "--window", "22:00-6:00", "--overlap", "queue", "--spread", "900",
        "--priority", "2", "--max-attempts", "7", "--crawlers", "4", "--worker-tag", "eu",
    )  # fmt: skip
    target = shown(kumo)
    assert target["spider"] == "demo_shop"
    assert target["start_urls"] == ["https://a.example/", "https://b.example/"]
    assert target["arguments"] == {"category": "tea", "pages": [1, 2]}
    assert target["settings"] == {"DOWNLOAD_DELAY": 0.5, "COOKIES_ENABLED": False}
    assert target["key_fields"] == ["sku"]
    assert (target["schedule"], target["timezone"]) == ("30 3 * * *", "Asia/Tokyo")
    assert (target["crawl_window"], target["overlap"]) == ("22:00-06:00", "queue")
    assert target["spread_seconds"] == 900
    assert (target["priority"], target["max_attempts"], target["active"]) == (2, 7, True)
    assert (target["crawlers"], target["worker_tag"]) == (4, "eu")
    kumo(
        "targets", "edit", "shop",
        "--window", "", "--overlap", "skip", "--spread", "", "--crawlers", "1", "--worker-tag", "",
    )  # fmt: skip
    edited = shown(kumo)
    assert (edited["crawl_window"], edited["spread_seconds"]) == (None, None)
    assert (edited["overlap"], edited["crawlers"], edited["worker_tag"]) == ("skip", 1, None)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--schedule", "every day"], "schedule: 'every day' is no cron line"),
        (["--schedule", "99 3 * * *"], "is no cron line"),
        (["--window", "at night"], "crawl_window: 'at night' is no window"),
        (["--spread", "long"], "spread_seconds: should be a whole number"),
        (["--timezone", "Mars/Base"], "timezone: 'Mars/Base' is no time zone"),
        (["--setting", "ITEM_PIPELINES={}"], "ITEM_PIPELINES cannot be set by a target"),
        (["--setting", "DOWNLOAD_DELAY=soon"], "DOWNLOAD_DELAY should be a number"),
        (["--start-url", "file:///etc/passwd"], "is no web address"),
        (["--argument", "not-a-name=1"], "each argument needs a name"),
        (["--argument", "big=123456789012345678901234567890"], "arguments: "),
        (["--priority", "11"], "priority: "),
        (["--max-attempts", "0"], "max_attempts: "),
        (["--crawlers", "65"], "crawlers: should be 64 or less"),
        (["--worker-tag", "EU"], "worker_tag: should be small letters"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_written(kumo: Kumo, options: list[str], words: str):
    said = sentence(kumo("targets", "add", "shop", "--spider", "x", "--unchecked", *options))
    assert words in said
    assert names(kumo) == []


@pytest.mark.parametrize("name", ["a/b", "../shop", "Shop", "店", "", " shop", "-"])
def test_a_name_that_is_no_name_is_refused(kumo: Kumo, name: str):
    said = sentence(kumo("targets", "add", "--spider", "x", "--unchecked", "--", name))
    assert "name: should be small letters" in said
    assert names(kumo) == []


def test_all_faults_are_told_together(kumo: Kumo):
    options = ["--schedule", "never", "--priority", "11"]
    said = sentence(kumo("targets", "add", "a/b", "--spider", "x", "--unchecked", *options))
    assert "name: " in said
    assert "schedule: " in said
    assert "priority: " in said


@pytest.mark.parametrize("argument", ["[1, 2]", "plain", "=1", ""])
def test_an_argument_without_a_name_is_a_usage_error(kumo: Kumo, argument: str):
    result = kumo("targets", "add", "shop", "--spider", "x", "--argument", argument)
    assert result.exit_code == 2
    assert f"{argument!r} is no NAME=VALUE" in result.stderr
    assert names(kumo) == []


def test_a_name_in_use_is_refused(kumo: Kumo):
    add(kumo)
    again = kumo("targets", "add", "shop", "--spider", "other", "--unchecked")
    assert "a target named shop exists already" in sentence(again)
    assert shown(kumo)["spider"] == "demo_shop"


def test_a_name_in_use_is_refused_for_a_rename(kumo: Kumo):
    add(kumo)
    add(kumo, "other")
    assert "exists already" in sentence(kumo("targets", "edit", "other", "--name", "shop"))
    assert names(kumo) == ["other", "shop"]


def test_an_unknown_spider_is_told_its_likeliest_neighbour(kumo: Kumo):
    said = sentence(kumo("targets", "add", "shop", "--spider", "demo_shp"))
    assert "no spider is called 'demo_shp'; did you mean demo_shop?" in said
    assert names(kumo) == []


def test_a_known_spider_is_accepted(kumo: Kumo):
    assert kumo("targets", "add", "shop", "--spider", "demo_shop").exit_code == 0
    assert names(kumo) == ["shop"]


def test_an_edit_to_an_unknown_spider_changes_nothing(kumo: Kumo):
    add(kumo)
    said = sentence(kumo("targets", "edit", "shop", "--spider", "zzz", "--priority", "1"))
    assert "`scrapy list` shows all" in said
    assert (shown(kumo)["spider"], shown(kumo)["priority"]) == ("demo_shop", 5)


def test_an_edit_leaves_what_it_does_not_name(kumo: Kumo):
    add(kumo, "shop", "--priority", "3", "--argument", "a=1", "--argument", "b=2")
    assert kumo("targets", "edit", "shop", "--argument", "b=3", "--argument", "c=x").exit_code == 0
    target = shown(kumo)
    assert target["arguments"] == {"a": 1, "b": 3, "c": "x"}
    assert target["priority"] == 3


def test_an_empty_value_clears_a_field(kumo: Kumo):
    urls = ["--start-url", "https://a.example/"]
    add(kumo, "shop", *urls, "--schedule", "30 3 * * *", "--argument", "a=1", "--argument", "b=2")
    options = ["--start-url", "", "--schedule", "", "--argument", "a=null"]
    assert kumo("targets", "edit", "shop", *options).exit_code == 0
    target = shown(kumo)
    assert (target["start_urls"], target["schedule"]) == ([], None)
    assert target["arguments"] == {"b": 2}


def test_a_target_is_disabled_and_enabled(kumo: Kumo):
    add(kumo)
    assert kumo("targets", "disable", "shop").exit_code == 0
    assert shown(kumo)["active"] is False
    assert json.loads(kumo("targets", "enable", "shop", "--json").stdout)["active"] is True


@pytest.mark.parametrize("verb", ["show", "edit", "enable", "disable", "delete"])
@pytest.mark.parametrize("reference", ["nothing", "12", "9" * 40, "a/b", "店"])
def test_an_unknown_target_is_refused(kumo: Kumo, verb: str, reference: str):
    said = sentence(kumo("targets", verb, reference))
    assert f"There is no target {reference!r}" in said


def test_a_target_is_deleted_only_after_a_yes(kumo: Kumo):
    add(kumo)
    refused = kumo("targets", "delete", "shop", typed="n\n")
    assert refused.exit_code == 1
    assert names(kumo) == ["shop"]
    assert kumo("targets", "delete", "shop", typed="y\n").exit_code == 0
    assert names(kumo) == []


def test_a_script_deletes_without_being_asked(kumo: Kumo):
    add(kumo)
    assert json.loads(kumo("targets", "delete", "shop", "--yes", "--json").stdout)["deleted"]
    assert names(kumo) == []


@pytest.mark.usefixtures("redis_url")
def test_deleting_a_target_cancels_its_job(kumo: Kumo):
    add(kumo)
    with storage.transaction() as session:
        job_id = request(session, targets.find(session, "shop").id, Terms(Trigger.CLI)).job_id
    assert kumo("targets", "delete", "shop", "--yes").exit_code == 0
    assert json.loads(kumo("jobs", "show", str(job_id), "--json").stdout)["status"] == "cancelled"


def test_the_list_shows_each_target_with_its_last_job(kumo: Kumo):
    with storage.transaction() as session:
        demo_targets.register(session)
        request(session, targets.find(session, "demo_shop").id, Terms(Trigger.CLI))
    lines = kumo("targets", "list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [
        "NAME", "books_toscrape", "demo_shop", "quotes_toscrape",
    ]  # fmt: skip
    assert JobStatus.PENDING in lines[2]
    assert JobStatus.PENDING not in lines[1]


def test_a_spider_that_does_not_load_is_hinted_at(
    kumo: Kumo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "broken_spiders.py").write_text("1 / 0\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUMO_SPIDER_MODULES", "broken_spiders")
    said = sentence(kumo("targets", "add", "shop", "--spider", "mine"))
    assert "some modules do not load, see `kumo doctor`" in said
