"""The Celery application that the acceptance tests run: a worker's tasks, configured from the environment.

BROKER_URL  where the broker listens
TASK_LOG    a file to which every task execution appends one line "name id"
"""

import os
import time

from celery import Celery

app = Celery("acceptance", broker=os.environ["BROKER_URL"], backend="rpc://")
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=4,
    broker_connection_retry_on_startup=True,
    task_send_sent_event=True,
)


def log(name, task_id):
    """One short write in append mode: lines of several processes never mix."""
    with open(os.environ["TASK_LOG"], "ab", buffering=0) as file:
        file.write(f"{name} {task_id}\n".encode())


@app.task
def double(number):
    log("double", number)
    return 2 * number


@app.task(bind=True, max_retries=3)
def third_time_lucky(self, number):
    log("attempt", number)
    if self.request.retries < 2:
        raise self.retry(countdown=0.05)
    return number


@app.task
def slow(number, seconds):
    log("started", number)
    time.sleep(seconds)
    log("finished", number)
    return number
