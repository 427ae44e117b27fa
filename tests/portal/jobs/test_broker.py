"""What the brokers are asked to promise."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from amqp.exceptions import MessageNacked, PreconditionFailed
from celery import Celery
from kombu import Connection

from portal.core.ids import uuid7
from portal.jobs.broker import configure

QUORUM = {"x-queue-type": "quorum"}


@pytest.fixture
def rabbitmq() -> Iterator[Celery]:
    """An application on the real RabbitMQ, where there is one."""
    if not os.environ.get("TEST_AMQP_URL"):
        pytest.skip("no TEST_AMQP_URL: RabbitMQ is not tested")
    application = Celery("trial", set_as_current=False)
    configure(application, os.environ["TEST_AMQP_URL"])
    yield application
    application.close()


@pytest.fixture
def queue(rabbitmq: Celery) -> Iterator[str]:
    name = f"trial-{uuid7()}"
    yield name
    with rabbitmq.connection_for_write() as connection:
        channel: Any = connection.channel()
        channel.queue_delete(name)


def declare(connection: Connection, queue: str, **arguments: object) -> None:
    channel: Any = connection.channel()
    channel.queue_declare(queue, durable=True, auto_delete=False, arguments=arguments)


@pytest.mark.integration
def test_queues_of_rabbitmq_are_quorum_queues(rabbitmq: Celery, queue: str) -> None:
    rabbitmq.send_task("trial.nothing", queue=queue)
    with rabbitmq.connection_for_write() as connection:
        declare(connection, queue, **QUORUM)
        with pytest.raises(PreconditionFailed, match="x-queue-type"):
            declare(connection, queue)


@pytest.mark.integration
def test_message_that_rabbitmq_does_not_keep_is_not_taken_for_published(rabbitmq: Celery, queue: str) -> None:
    with rabbitmq.connection_for_write() as connection:
        declare(connection, queue, **QUORUM, **{"x-max-length": 1, "x-overflow": "reject-publish"})
        producer = connection.Producer()

        def fill() -> None:
            for _ in range(50):  # the limit is not exact
                producer.publish({}, routing_key=queue, confirm_timeout=5)

        with pytest.raises(MessageNacked):
            fill()


def test_message_of_a_killed_worker_is_not_acknowledged_before_its_job_is_claimed() -> None:
    application = Celery("trial", set_as_current=False)
    configure(application, "amqp://127.0.0.1//")
    assert application.conf.task_acks_late
    assert application.conf.task_reject_on_worker_lost
    assert application.conf.broker_transport_options["confirm_publish"]
