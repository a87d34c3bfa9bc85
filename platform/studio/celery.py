"""The Celery application: a doorbell, not a queue.

The job table is the queue (docs/adr/0002); a message only says "wake up, there is work of this kind". So nothing is
lost when a message is, results are ignored, and publishing is best effort: a request never fails because the broker
is down.
"""

import logging
import os
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from celery import Celery, Task
from celery.signals import beat_embedded_init
from django.conf import settings

from studio import filebroker

logger = logging.getLogger(__name__)
# A ring that nobody heard for so long is worth nothing: the sweeper has rung again since.
RING_SECONDS = 300
# The apps with rows that wait for a worker: a sweep rings again for whatever was not heard.
SWEPT = ("jobs", "review", "catalogue", "policies", "portrayals", "references", "audit", "webhooks")
# Read before the worker forks its scheduler, which can so tell its parent from whoever adopts it.
PROCESS = os.getpid()


def broker_options(url: str) -> tuple[str, dict[str, object]]:
    """The broker URL for kombu and its transport options; `filesystem:///folder` is the embedded default."""
    if not url.startswith("filesystem://"):
        return url, {"socket_timeout": 2, "socket_connect_timeout": 2, "visibility_timeout": 7200}
    folder = Path(urlsplit(url).path)
    for name in ("messages", "control"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    filebroker.register()
    return f"{filebroker.SCHEME}://localhost", {
        # One folder for both directions is how kombu's filesystem transport connects two processes.
        "data_folder_in": str(folder / "messages"),
        "data_folder_out": str(folder / "messages"),
        "control_folder": str(folder / "control"),
        "polling_interval": 0.02,
    }


def _every(seconds: float, task: str, *, expires: int = 60) -> dict[str, object]:
    """A line of the timetable; one that nobody took up in time is worth nothing, for the next has come."""
    return {"task": task, "schedule": seconds, "options": {"expires": expires}}


class _Task(Task):  # type: ignore[misc]
    """Every task of ours."""

    # By name: only a worker has any use for what it imports.
    Request = "studio.acknowledging:Request"


app = Celery("studio", task_cls=_Task)
url, options = broker_options(settings.BROKER_URL)
app.conf.update(
    broker_url=url,
    broker_transport_options=options,
    broker_connection_retry_on_startup=True,
    broker_connection_timeout=2,
    # However long a broker is away, whoever waits for it goes on when it is back.
    broker_connection_max_retries=None,
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    task_acks_late=True,
    # A worker that dies is noticed by its lease, which counts attempts; redelivery would not.
    task_reject_on_worker_lost=False,
    task_publish_retry=False,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_enable_remote_control=False,
    task_default_queue="control",
    task_routes={
        "studio.jobs.tasks.generate": {"queue": "generate"},
        # Whatever asks a classifier.
        "studio.jobs.tasks.answer": {"queue": "screen"},
        "studio.jobs.tasks.screen": {"queue": "screen"},
        "studio.jobs.tasks.finish": {"queue": "screen"},
        "studio.policies.tasks.answer": {"queue": "screen"},
        "studio.policies.tasks.rehearse": {"queue": "screen"},
        "studio.portrayals.tasks.measure": {"queue": "screen"},
        "studio.references.tasks.register": {"queue": "screen"},
        "studio.review.tasks.describe": {"queue": "screen"},
        "studio.catalogue.tasks.teach": {"queue": "train"},
        # Whatever needs a signing key, and nothing else.
        "studio.jobs.tasks.seal": {"queue": "seal"},
        "studio.jobs.tasks.checkpoints": {"queue": "seal"},
        "studio.review.tasks.release": {"queue": "seal"},
        "studio.review.tasks.render": {"queue": "seal"},
        "studio.audit.tasks.sign": {"queue": "seal"},
        "studio.operations.tasks.make_keys": {"queue": "seal"},
    },
    beat_schedule={
        **{f"{name} sweep": _every(settings.SWEEP_SECONDS, f"studio.{name}.tasks.sweep") for name in SWEPT},
        "deliveries": _every(3600, "studio.webhooks.tasks.forget", expires=600),
        "retention": _every(3600, "studio.operations.tasks.retain", expires=600),
        "keys of first steps": _every(10, "studio.operations.tasks.make_keys"),
        "quarantine": _every(600, "studio.jobs.tasks.clear_quarantine"),
        "strays": _every(3600, "studio.audit.tasks.clear_strays", expires=600),
        "checkpoints": _every(settings.CHECKPOINT_SECONDS, "studio.jobs.tasks.checkpoints"),
    },
    timezone="UTC",
)
app.autodiscover_tasks()


@beat_embedded_init.connect  # type: ignore[untyped-decorator]
def end_with_worker(**_: object) -> None:
    """In the scheduler's process, a child of the control worker: end when the worker is killed, ring no more."""

    def watch() -> None:
        while os.getppid() == PROCESS:
            time.sleep(1)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


class _Silence:
    """How long this process leaves a broker alone that did not answer, so that requests do not wait one by one."""

    SECONDS = 10

    def __init__(self) -> None:
        self._until = 0.0

    def begin(self) -> None:
        self._until = time.monotonic() + self.SECONDS

    @property
    def lasts(self) -> bool:
        return time.monotonic() < self._until


_silence = _Silence()


def ring(task: str, *arguments: str, queue: str | None = None) -> None:
    """Wake a worker, of the task's own queue or of another.

    A broker that is down is logged and forgiven, because the sweeper rings again; for some seconds nobody asks it.
    """
    if _silence.lasts:
        return
    try:
        elsewhere = {"queue": queue} if queue else {}
        app.send_task(task, args=list(arguments), ignore_result=True, retry=False, expires=RING_SECONDS, **elsewhere)
    except Exception as error:  # noqa: BLE001  every transport raises its own kinds, and none may fail a request
        _silence.begin()
        logger.warning("broker not reached (%s); the sweeper will ring for %s", type(error).__name__, task)
