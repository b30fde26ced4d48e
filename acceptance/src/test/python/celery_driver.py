"""Publishes tasks to a running Celery worker and checks the results. Usage: celery_driver.py SCENARIO..."""

import sys
import threading

from celery import group

from celery_app import app, double, slow, third_time_lucky

TIMEOUT_SECONDS = 60


def thousand():
    """A thousand tasks; the results come back through the broker."""
    results = group(double.s(number) for number in range(1000)).apply_async()
    values = results.get(timeout=TIMEOUT_SECONDS)
    assert values == [2 * number for number in range(1000)], values


def retries():
    """Tasks that fail twice and publish themselves again each time."""
    results = [third_time_lucky.delay(number) for number in range(20)]
    assert [result.get(timeout=TIMEOUT_SECONDS) for result in results] == list(range(20))


def countdown():
    """Tasks with a start time wait unacknowledged in the worker, which raises its prefetch count meanwhile."""
    results = [double.apply_async((number,), countdown=1) for number in range(50)]
    assert [result.get(timeout=TIMEOUT_SECONDS) for result in results] == [2 * number for number in range(50)]


def control():
    """Remote control: a fanout to all workers, answers in a reply queue that expires."""
    assert len(app.control.ping(timeout=5, limit=1)) == 1
    stats = app.control.inspect(timeout=5, limit=1).stats()
    assert len(stats) == 1, stats
    assert next(iter(stats.values()))["pool"]["max-concurrency"] == 2
    app.control.add_consumer("other", reply=True, limit=1)
    assert double.apply_async((21,), queue="other").get(timeout=TIMEOUT_SECONDS) == 42
    app.control.cancel_consumer("other", reply=True, limit=1)


def events():
    """Every life-cycle event of a task reaches a monitor."""
    expected = {"task-sent", "task-received", "task-started", "task-succeeded"}
    seen = set()
    bound = threading.Event()
    complete = threading.Event()

    def on_event(event):
        seen.add(event["type"])
        if seen >= expected:
            complete.set()

    def monitor():
        with app.connection_for_read() as connection:
            receiver = app.events.Receiver(connection, handlers={"*": on_event})
            with receiver.consumer_context() as (consuming, _, _):
                bound.set()
                while not complete.is_set():
                    consuming.drain_events(timeout=TIMEOUT_SECONDS)

    thread = threading.Thread(target=monitor, daemon=True)
    thread.start()
    assert bound.wait(TIMEOUT_SECONDS)
    assert double.delay(4).get(timeout=TIMEOUT_SECONDS) == 8
    assert complete.wait(TIMEOUT_SECONDS), seen
    thread.join(TIMEOUT_SECONDS)


def confirmed():
    """Publishing waits for the broker's confirm."""
    app.conf.broker_transport_options = {"confirm_publish": True}
    for number in range(20):
        slow.apply_async((number, 0.25), ignore_result=True)


SCENARIOS = (thousand, retries, countdown, control, events, confirmed)

if __name__ == "__main__":
    for scenario in SCENARIOS:
        if scenario.__name__ in sys.argv[1:]:
            scenario()
            print(f"{scenario.__name__}: ok", flush=True)
