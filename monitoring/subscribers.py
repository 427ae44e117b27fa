"""After sequencing, at least once: a sealed version gets its validation run, a ready snapshot its profile."""

import logging
from dataclasses import replace

from monitoring.models import SnapshotProfile, ValidationPlan, ValidationRun
from monitoring.services.profiles import request_profile
from monitoring.services.runs import request_run
from portal.core.actors import SYSTEM, Actor
from portal.core.errors import Conflict
from portal.ledger.catalogue import Event, subscriber
from registry.events import SNAPSHOT_READY, VERSION_SEALED
from registry.models import DatasetSnapshot, ModelVersion

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
        request_run(actor=_for(event), version=version)
    except Conflict as refusal:  # not to be had now or later by trying again: a person asks when it is
        logger.info("%s gets no validation run by itself: %s", version, refusal.message)


@subscriber(SNAPSHOT_READY)
def profile_ready_snapshot(event: Event) -> None:
    """Request the profile of a snapshot that never had one."""
    snapshot = DatasetSnapshot.objects.get(pk=int(event.subject.id))
    if SnapshotProfile.objects.filter(snapshot=snapshot).exists():
        return
    try:
        request_profile(actor=_for(event), snapshot=snapshot)
    except Conflict as refusal:  # the rows were erased meanwhile
        logger.info("%s gets no profile by itself: %s", snapshot, refusal.message)


def _for(event: Event) -> Actor:
    """Return the system on behalf of whom the event was for."""
    return replace(SYSTEM, on_behalf_of=event.actor.on_behalf_of or event.actor.id)
