"""The shop as a process: it starts, counts, waits and stops as it was told."""

import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime

import pytest
from parsel import Selector

from demo.catalogue import Shop, day_of


def run_demo(*options):
    command = [sys.executable, "-m", "demo", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_requests_are_counted_by_address(open_shop):
    shop = open_shop()
    assert shop.stats()["first_request_at"] is None
    began = time.time()
    for address in ("/", "/", "/category/tea?page=2", "/nowhere"):
        shop.get(address)
    stats = shop.stats()
    assert stats["requests"] == 4
    assert stats["paths"] == {"/": 2, "/category/tea?page=2": 1, "/nowhere": 1}
    assert began <= stats["first_request_at"] <= stats["last_request_at"] <= time.time()


def test_the_counts_can_be_reset(open_shop):
    shop = open_shop()
    shop.get("/")
    assert shop.get("/_stats", method="DELETE").status == 204
    assert shop.stats() == {
        "requests": 0,
        "bytes": 0,
        "paths": {},
        "first_request_at": None,
        "last_request_at": None,
    }


def test_without_a_day_of_its_own_the_shop_shows_the_clocks(open_shop):
    shop = open_shop()
    days = {day_of(datetime.now(UTC).date())}
    text = Selector(shop.get("/").text).css("footer p::text").get()
    days.add(day_of(datetime.now(UTC).date()))
    assert int(text.split()[1]) in days


def test_every_answer_waits_out_the_delay(open_shop):
    shop = open_shop("--delay", "0.3")
    began = time.monotonic()
    shop.get("/")
    assert time.monotonic() - began >= 0.3


def test_many_delayed_answers_wait_at_the_same_time(open_shop):
    shop = open_shop("--delay", "0.5")
    visitors = [threading.Thread(target=shop.get, args=("/",)) for _ in range(20)]
    began = time.monotonic()
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    assert time.monotonic() - began < 5  # one after another they would take ten seconds


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_shop_at_once_and_quietly(open_shop, number):
    shop = open_shop("--delay", "60")
    with socket.create_connection(shop.url.removeprefix("http://").split(":")) as visitor:
        visitor.sendall(b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n")
        while not shop.stats()["requests"]:
            pass
        shop.process.send_signal(number)
        assert shop.process.wait(timeout=5) == 0
    assert shop.process.stdout.read() == ""
    assert shop.process.stderr.read() == ""


def test_a_port_in_use_is_one_sentence_and_exit_status_1(shop):
    port = shop.url.rpartition(":")[2]
    ended = run_demo("--port", port)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.startswith(f"Port {port} on 127.0.0.1 is in use: ")
    assert ended.stderr.count("\n") == 1


def test_an_address_of_another_machine_is_one_sentence(shop):
    ended = run_demo("--port", "0", "--host", "203.0.113.9")
    assert ended.returncode == 1
    assert ended.stderr.startswith("The demo shop cannot listen on 203.0.113.9:0 ")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("option", [("--pages", "4"), ("--day", "-1"), ("--delay", "x")])
def test_a_wrong_option_is_refused_before_anything_starts(option):
    ended = run_demo("--port", "0", *option)
    assert ended.returncode == 2
    assert option[0] in ended.stderr


def test_the_size_and_the_day_are_the_ones_asked_for(open_shop):
    shop = open_shop("--pages", "30", "--day", "12")
    newest = Shop(30).products(12)[-1]
    assert newest.name in shop.get("/").text
    assert f"{len(Shop(30).products(12))} products today" in shop.get("/").text
