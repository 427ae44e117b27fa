"""The Celery application. Jobs are published through it by every process, so it lives down here."""

from dataclasses import dataclass
from typing import Any

from celery import Celery
from django.conf import settings
from kombu.exceptions import OperationalError
from psycopg import Error as DatabaseRefusal
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from portal.jobs.kinds import QUEUES

# How the embedded broker answers in milliseconds without polling; a killed worker's message comes back after
# `visibility_timeout` seconds, or when the embedded server starts. The reaper is faster than both.
PGMQ_OPTIONS: dict[str, Any] = {
    "visibility_timeout": 7200,
    "wait_time_seconds": 0,
    "use_notify": True,
    "notify_throttle_interval_ms": 0,
    "polling_interval": 5,
    "init_extension": False,
    "pool_timeout": 3,
    "max_retries": 1,
}


def configure(application: Celery, broker_url: str | None) -> None:
    """Set what every process needs to publish to and read from this broker."""
    application.conf.update(
        broker_url="pgmq://" if (broker_url or "").startswith("pgmq://") else broker_url,
        broker_transport_options=_transport_options(broker_url or ""),
        broker_connection_timeout=3,
        broker_connection_retry_on_startup=True,
        # A broker that is away must not hold up the one who asks: the relay publishes later.
        task_publish_retry=False,
        task_default_queue="notices",
        task_default_queue_type="quorum" if (broker_url or "").startswith("amqp") else "classic",
        task_create_missing_queue_type="quorum" if (broker_url or "").startswith("amqp") else "classic",
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        timezone="UTC",
    )


def _transport_options(broker_url: str) -> dict[str, Any]:
    if broker_url.startswith("pgmq://"):
        # The transport reads hosts, not socket folders, out of URLs; beside one it takes a connection string.
        url = broker_url.replace("pgmq://", "postgresql://", 1)
        return PGMQ_OPTIONS | {"conn_string": make_conninfo("", **conninfo_to_dict(url))}
    return {"confirm_publish": True} if broker_url.startswith("amqp") else {}


app = Celery("countersign")
configure(app, settings.CELERY_BROKER_URL)
UNREACHABLE = (OperationalError, OSError, DatabaseRefusal)
"""What a broker that is away, or that refuses us, is heard as."""


@dataclass(frozen=True)
class Depth:
    """How many messages wait in a queue, and who takes from it (None where the broker does not know)."""

    queue: str
    messages: int
    consumers: int | None


def ping() -> None:
    """Connect to the broker and leave; raises one of UNREACHABLE."""
    with app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, timeout=2)


def queue_depths() -> list[Depth]:
    """Return the depth of every queue that exists; raises one of UNREACHABLE."""
    found = []
    with app.connection_for_read() as connection:
        connection.ensure_connection(max_retries=1, timeout=2)
        counts_consumers = connection.transport.driver_type == "amqp"
        for queue in QUEUES:
            try:
                # A channel of its own: asking for a queue that nobody made yet closes it.
                with connection.channel() as channel:
                    told = channel.queue_declare(queue, passive=True)  # type: ignore[attr-defined]
            except connection.channel_errors:
                continue
            found.append(Depth(queue, told.message_count, told.consumer_count if counts_consumers else None))
    return found
