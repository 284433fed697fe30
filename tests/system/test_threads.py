"""All cores at once: the order stays, little waits, and who stops early does not wait for the rest."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from pellucid.system import threads
from pellucid.system.threads import AHEAD, Shared, in_order


@pytest.fixture(autouse=True)
def three_cores(monkeypatch):
    monkeypatch.setattr(threads, "cores", lambda: 3)


def test_results_come_in_the_order_of_the_items():
    def late_first(number):
        time.sleep(0.02 if number % 3 == 0 else 0)
        return number**2

    assert list(in_order(late_first, range(40))) == [number**2 for number in range(40)]
    assert list(in_order(abs, [])) == []


def test_items_are_worked_on_at_the_same_time():
    together = threading.Barrier(3)
    assert sorted(in_order(lambda _: together.wait(60), range(3))) == [0, 1, 2]


def test_few_items_are_drawn_ahead():
    drawn = []
    results = in_order(abs, (drawn.append(number) or number for number in range(100)))
    assert drawn == []
    for done in range(10):
        assert next(results) == done
        assert len(drawn) == done + 3 * AHEAD


def test_an_exception_waits_for_its_turn():
    results = in_order(lambda number: 1 // number, [1, -1, 0, 1])
    assert [next(results), next(results)] == [1, -1]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_ctrl_c_waits_for_nothing_but_what_is_running(monkeypatch):
    begun, released, shutdown = [], threading.Event(), ThreadPoolExecutor.shutdown

    def slow(number):
        begun.append(number)
        released.wait(60)

    def then_release(pool, **how):
        shutdown(pool, **how | {"wait": False})
        released.set()
        shutdown(pool)

    def pressed(self, timeout=None):
        raise KeyboardInterrupt

    monkeypatch.setattr(Future, "result", pressed)
    monkeypatch.setattr(ThreadPoolExecutor, "shutdown", then_release)
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        list(in_order(slow, range(100)))
    assert len(begun) <= 3  # of the twelve that were waiting
    assert threading.active_count() == before


def test_a_shared_context_is_left_by_the_last():
    """Two that overlap, the first in leaving first, as two trainings in threads do."""
    told = []

    @contextmanager
    def limit():
        told.append("entered")
        yield
        told.append("left")

    shared = Shared(limit)
    for _ in range(2):
        shared.__enter__()
        shared.__enter__()
        shared.__exit__()
        assert told.pop() == "entered" and not told
        shared.__exit__()
        assert told.pop() == "left" and not told
