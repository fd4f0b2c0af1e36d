"""Workers: limits end one task and no other, a dead worker costs nothing, nothing outlives the run."""

import multiprocessing
import os
import signal
import time

import pytest

from proofs_checks.workers import Begun, Ended, Limits, Sent, supervise

ROOMY = Limits(60, 4096)


def _square(task, send):
    send(task * task)


def _run(tasks, work, jobs=2, limits=ROOMY, **more):
    """(pieces by task, endings by task)."""
    pieces, ends = {}, {}
    for event in supervise(tasks, work, jobs=jobs, limits=limits, **more):
        if isinstance(event, Sent):
            pieces.setdefault(event.task, []).append(event.piece)
        elif isinstance(event, Ended):
            assert event.task not in ends
            ends[event.task] = event
    assert not multiprocessing.active_children()
    return pieces, ends


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_every_task_is_done_once_whatever_the_number_of_workers(jobs):
    pieces, ends = _run(range(20), _square, jobs)
    assert pieces == {i: [i * i] for i in range(20)}
    assert all(not e.limit and not e.error for e in ends.values())
    assert sorted(ends) == list(range(20))


def _sleepy(task, send):
    send("begun")
    time.sleep(60 if task == 1 else 0)


def test_a_task_that_takes_too_long_is_ended_alone_and_keeps_what_it_sent():
    start = time.monotonic()
    pieces, ends = _run(range(4), _sleepy, limits=Limits(0.7, 4096))
    assert time.monotonic() - start < 10
    assert [bool(ends[i].limit) for i in range(4)] == [False, True, False, False]
    assert ends[1].limit == "time: more than 0.7 s"
    assert pieces[1] == ["begun"]


def _greedy(task, send):
    held = []
    while task == 1:
        held.append(bytearray(20 * 2**20))
        time.sleep(0.02)


def _huge(task, send):
    if task == 1:
        bytearray(2**44)


def test_a_task_that_needs_too_much_memory_is_ended_alone():
    _, ends = _run(range(3), _greedy, limits=Limits(30, 600))
    assert ends[1].limit == "memory: more than 600 MB"
    assert not ends[0].limit
    assert not ends[2].limit
    _, ends = _run(range(3), _huge)
    assert ends[1].limit.startswith("memory")
    assert not ends[1].error


def _dies(task, send):
    mark = os.environ["INFODYN_TEST_MARK"]
    if task == 1 and not os.path.exists(mark):
        open(mark, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    if task == 2:
        os._exit(9)
    send(task)


def test_a_dead_worker_costs_nothing_and_two_deaths_are_told(monkeypatch, tmp_path):
    monkeypatch.setenv("INFODYN_TEST_MARK", str(tmp_path / "mark"))
    pieces, ends = _run(range(4), _dies)
    assert pieces == {0: [0], 1: [1], 3: [3]}
    assert ends[2].died
    assert "exit code 9" in ends[2].error
    assert not any(ends[i].error for i in (0, 1, 3))


def _breaks(task, send):
    if task == 0:
        raise OSError("a file is missing")
    send(lambda: None)  # cannot be pickled


def test_a_defect_belongs_to_its_task():
    _, ends = _run(range(2), _breaks, jobs=1)
    assert "a file is missing" in ends[0].error
    assert "internal error" in ends[1].error
    assert not ends[0].died


def test_a_worker_killed_while_it_waits_is_replaced():
    pieces, victims = [], 0
    for event in supervise(range(12), _square, jobs=2, limits=ROOMY):
        if isinstance(event, Begun) and victims < 5:
            for child in multiprocessing.active_children()[:1]:
                os.kill(child.pid, signal.SIGKILL)
                victims += 1
        if isinstance(event, Sent):
            pieces.append(event.piece)
        assert not isinstance(event, Ended) or not event.died
        if len(pieces) >= 6:
            victims = 5
    assert set(pieces) == {i * i for i in range(12)}


def test_stopping_ends_the_workers_at_once():
    start = time.monotonic()
    _, ends = _run([1, 1, 1], _sleepy, stop=lambda: time.monotonic() - start > 0.5)
    assert not ends
    assert time.monotonic() - start < 5


def test_leaving_the_loop_leaves_no_process():
    events = supervise([1, 1], _sleepy, jobs=2, limits=ROOMY)
    next(events)
    children = multiprocessing.active_children()
    events.close()
    assert children
    assert not multiprocessing.active_children()
