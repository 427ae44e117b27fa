"""After sequencing, at least once: a sealed version gets its validation run."""

import logging
from dataclasses import replace

from monitoring.models import ValidationPlan, ValidationRun
from monitoring.services.runs import request_run
from portal.core.actors import SYSTEM
from portal.core.errors import Conflict
from portal.ledger.catalogue import Event, subscriber
from registry.events import VERSION_SEALED
from registry.models import ModelVersion

logger = logging.getLogger(__name__)


@subscriber(VERSION_SEALED)
def validate_sealed_version(event: Event) -> None:
    """Request a run where the model has a plan and the version has no run yet."""
    version = ModelVersion.objects.get(pk=int(event.subject.id))
    if not ValidationPlan.objects.filter(model=version.model_id).exists():
        return
    if ValidationRun.objects.filter(version=version).exists():
        return
    try:
        request_run(actor=replace(SYSTEM, on_behalf_of=event.actor.on_behalf_of or event.actor.id), version=version)
    except Conflict as refusal:  # not to be had now or later by trying again: a person asks when it is
        logger.info("%s gets no validation run by itself: %s", version, refusal.message)
