"""Reading processes: reused, confined, and killed when they hang."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from flows.articles.entry import Reading
from flows.articles.parse import NotAFeedError
from flows.articles.readers import Readers
from flows.errors import ReadError
from tests.articles.conftest import item, read, rss
from tests.conftest import NOW

FEED = rss(item("One", "https://blog.example/1", body="<p>Hello</p>"))
URL = "https://blog.example/feed"


def ask(readers: Readers, body: bytes) -> Reading:
    return readers.read(body, content_type="text/xml", url=URL, now=NOW)


def code(readers: Readers, body: bytes) -> str:
    with pytest.raises(ReadError) as failed:
        ask(readers, body)
    return failed.value.code


def test_a_process_reads_what_the_function_reads(readers: Readers) -> None:
    assert ask(readers, FEED) == read(FEED, content_type="text/xml")
    assert readers.peak_kib > 0


def test_F05_errors_come_back_as_they_are(readers: Readers) -> None:
    assert code(readers, b"<?xml version='1.0' encoding='punycode'?><rss/>") == "unreadable_feed"
    with pytest.raises(NotAFeedError) as page:
        ask(readers, b"<html><link rel=alternate type='application/rss+xml' href='/feed'></html>")
    assert page.value.feeds == ("https://blog.example/feed",)


def test_many_threads_share_one_process(readers: Readers) -> None:
    with ThreadPoolExecutor(4) as threads:
        readings = list(threads.map(lambda _turn: ask(readers, FEED), range(12)))
    assert readings == [ask(readers, FEED)] * 12


def test_F12_a_body_that_hangs_the_parser_is_killed_and_the_next_is_read() -> None:
    nested = rss(item("Deep", "https://blog.example/1", body="<div>" * 60_000))
    with Readers(1, seconds=1.0) as readers:
        assert code(readers, nested) == "too_complex"
        assert ask(readers, FEED) == read(FEED, content_type="text/xml")


def test_F12_a_body_that_asks_for_too_much_memory_is_an_error_and_the_next_is_read() -> None:
    body = "<p>" + "<i>x</i>" * 100_000
    large = rss(*(item(f"Large {n}", f"https://blog.example/{n}", body=body) for n in range(8)))
    with Readers(1, memory_bytes=160 * 2**20) as readers:
        assert code(readers, large) == "too_complex"
        assert ask(readers, FEED) == read(FEED, content_type="text/xml")


def test_a_process_that_died_between_two_feeds_is_replaced() -> None:
    with Readers(1) as readers:
        ask(readers, FEED)
        (process,) = readers._all
        os.kill(process._process.pid, signal.SIGKILL)
        process._process.wait()
        assert ask(readers, FEED) == read(FEED, content_type="text/xml")


def test_no_process_outlives_its_pool() -> None:
    with Readers(2) as readers:
        ask(readers, FEED)
        processes = list(readers._all)
    assert not any(process.alive for process in processes)


def test_F12_two_that_hang_at_once_hold_nobody_up_for_long() -> None:
    nested = rss(item("Deep", "https://blog.example/1", body="<div>" * 60_000))
    with Readers(2, seconds=4.0) as readers, ThreadPoolExecutor(3) as threads:
        ask(readers, FEED)
        hanging = [threads.submit(code, readers, nested) for _ in range(2)]
        time.sleep(0.3)
        started = time.monotonic()
        ask(readers, FEED)
        waited = time.monotonic() - started
        assert [one.result() for one in hanging] == ["too_complex"] * 2
        for _ in range(6):
            ask(readers, FEED)  # the pool is whole again
        assert len([process for process in readers._all if process.alive]) <= 2
    assert waited < 3.5


def test_an_entry_as_long_as_a_book_is_cut_and_says_so(readers: Readers) -> None:
    book = rss(item("Long", "https://blog.example/1", body="<p>word " * 300_000))
    (entry,) = ask(readers, book).entries
    assert len(entry.text) < 500_000
    assert "too long" in entry.review
