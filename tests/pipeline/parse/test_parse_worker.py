"""Worker processes: limits hold, what is stuck is killed, what died is replaced, and nothing outlives us."""

import asyncio
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.mail.content import Content
from gateway.pipeline.settings import ParseSettings
from gateway.pipeline.worker import Failure, WorkerFailed, Workers, read_stored_mail, warm_up


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    async with Workers(ParseSettings(workers=1, seconds=1.5, memory=400_000_000)) as running:
        yield running


async def until_taken(workers: Workers) -> None:
    """Let other tasks run until no worker is idle."""
    while not workers._idle.empty():  # noqa: ASYNC110 the workers tell nobody when they are taken
        await asyncio.sleep(0)


async def test_a_mail_is_read_in_another_process(workers: Workers) -> None:
    message = await workers.run(read_stored_mail, Content.of(b"Subject: =?utf-8?q?=C3=A4?=\r\n\r\nHallo"), None)
    assert (message.subject, message.text) == ("ä", "Hallo")
    assert await workers.run(os.getpid) != os.getpid()


async def test_big_attachments_come_back_as_files(workers: Workers, tmp_path: Path) -> None:
    stored = tmp_path / "mail"
    stored.write_bytes(b"Content-Type: application/zip\r\n\r\n" + b"\x00" * 300_000)
    content = Content(sha256="0" * 64, size=300_032, path=stored)
    message = await workers.run(read_stored_mail, content, tmp_path)
    assert message.attachments[0].content.path is not None
    assert message.attachments[0].content.read() == b"\x00" * 300_000


async def test_a_stuck_worker_is_killed_and_replaced(workers: Workers) -> None:
    before = await workers.run(os.getpid)
    with pytest.raises(WorkerFailed) as failed:
        await workers.run(time.sleep, 60)
    assert failed.value.failure is Failure.TIME
    assert not failed.value.is_transient
    assert await workers.run(os.getpid) != before
    with pytest.raises(ProcessLookupError):
        os.kill(before, 0)


async def test_memory_has_a_limit(workers: Workers) -> None:
    with pytest.raises(WorkerFailed) as failed:
        await workers.run(bytes, 10**9)
    assert failed.value.failure is Failure.MEMORY
    assert await workers.run(len, b"abc") == 3


async def test_a_worker_that_dies_is_replaced_and_the_job_may_be_tried_again(workers: Workers) -> None:
    with pytest.raises(WorkerFailed) as failed:
        await workers.run(os.abort)
    assert failed.value.failure is Failure.DIED
    assert failed.value.is_transient
    assert "SIGABRT" in failed.value.detail
    assert await workers.run(len, b"abc") == 3


async def test_a_worker_that_was_killed_while_idle_costs_no_job(workers: Workers) -> None:
    process = workers._all[0]._process
    assert process is not None
    process.kill()
    await process.wait()
    assert await workers.run(len, b"abc") == 3


async def test_an_exception_is_told_and_the_worker_goes_on(workers: Workers) -> None:
    before = await workers.run(os.getpid)
    with pytest.raises(WorkerFailed, match="invalid literal") as failed:
        await workers.run(int, "x")
    assert failed.value.failure is Failure.RAISED
    assert await workers.run(os.getpid) == before


async def test_a_full_disk_is_told_from_a_fault_of_the_job(workers: Workers) -> None:
    with pytest.raises(WorkerFailed, match="No space left") as failed:
        await workers.run(Path.write_bytes, Path("/dev/full"), b"x")
    assert failed.value.failure is Failure.DISK
    assert await workers.run(len, b"abc") == 3


async def test_a_cancelled_job_does_not_answer_the_next_one(workers: Workers) -> None:
    job = asyncio.create_task(workers.run(time.sleep, 60))
    await until_taken(workers)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert await workers.run(len, b"abc") == 3


async def test_a_start_that_is_cancelled_does_not_answer_the_next_job(workers: Workers) -> None:
    with pytest.raises(WorkerFailed):
        await workers.run(os.abort)
    before = workers._all[0]._process
    job = asyncio.create_task(workers.run(len, b"never"))
    while workers._all[0]._process is before:  # noqa: ASYNC110 nothing tells of it
        await asyncio.sleep(0)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert await workers.run(len, b"abc") == 3
    assert await workers.run(len, b"ab") == 2


async def test_jobs_share_the_workers(workers: Workers) -> None:
    results = await asyncio.gather(*(workers.run(len, b"x" * n) for n in range(20)))
    assert results == list(range(20))


async def test_the_loop_goes_on_while_a_worker_works(workers: Workers) -> None:
    job = asyncio.create_task(workers.run(time.sleep, 0.3))
    beats = 0
    while not job.done():
        await asyncio.sleep(0.01)
        beats += 1
    assert beats > 10


async def test_workers_take_no_orders_from_the_keyboard(workers: Workers) -> None:
    before = await workers.run(os.getpid)
    os.kill(before, signal.SIGINT)
    os.kill(before, signal.SIGTERM)
    assert await workers.run(os.getpid) == before
    assert await workers.run(os.getsid, 0) != os.getsid(0)


async def test_stopping_ends_every_process_and_refuses_jobs() -> None:
    workers = Workers(ParseSettings(workers=2))
    await workers.start()
    pids = {p.pid for w in workers._all if (p := w._process) is not None}
    await workers.stop()
    assert len(pids) == 2
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    with pytest.raises(WorkerFailed) as failed:
        await workers.run(len, b"")
    assert failed.value.failure is Failure.STOPPED


async def test_stopping_fails_the_jobs_that_run_and_those_that_wait() -> None:
    workers = Workers(ParseSettings(workers=1))
    await workers.start()
    jobs = [asyncio.create_task(workers.run(time.sleep, 60)) for _ in range(3)]
    await until_taken(workers)
    await workers.stop()
    results = await asyncio.wait_for(asyncio.gather(*jobs, return_exceptions=True), 10)
    assert [r.failure for r in results if isinstance(r, WorkerFailed)] == [Failure.STOPPED] * 3


async def test_stopped_workers_can_be_started_again() -> None:
    workers = Workers(ParseSettings(workers=1))
    for _ in range(2):
        await workers.start()
        assert await workers.run(len, b"abc") == 3
        await workers.stop()


async def test_a_worker_that_cannot_be_prepared_is_an_error_at_the_start() -> None:
    workers = Workers(ParseSettings(workers=1), prepare=os.abort)
    with pytest.raises(WorkerFailed):
        await workers.start()


ORPHAN = """
import asyncio, os, time
from gateway.pipeline.settings import ParseSettings
from gateway.pipeline.worker import Workers

async def main():
    workers = Workers(ParseSettings(workers=1, seconds=60))
    await workers.start()
    print(workers._all[0]._process.pid, flush=True)
    await workers.run(time.sleep, 60)

asyncio.run(main())
"""


def test_a_busy_worker_ends_when_its_parent_dies() -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen([sys.executable, "-c", ORPHAN], stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        descriptor = os.pidfd_open(worker)
        parent.kill()
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    assert poller.poll(20_000), "the worker is still there"
    os.close(descriptor)


def test_warming_up_reads_a_mail() -> None:
    warm_up()
