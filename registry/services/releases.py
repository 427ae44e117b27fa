"""Planning releases. What makes one active needs an approval: see governed."""

from django.db import transaction

from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import Invalid
from portal.ledger.catalogue import EventType, Subject
from portal.ledger.services import append
from registry.errors import NotUsable
from registry.events import RELEASE_PLANNED
from registry.models import ModelVersion, Release
from registry.rules.releases import problems, version_problem
from registry.services.rows import author_of, lock_model, require_in_service


@transaction.atomic
def plan_release(*, actor: Actor, version: ModelVersion, environment: str, fallback: str) -> Release:
    """Plan to run a sealed version in an environment, with what decides while none serves.

    Raises Forbidden and Invalid, and NotUsable for a version that is not sealed or is active there already.
    """
    actor.require("open_request", version.model.team_id)
    model = lock_model(version.model_id)
    version = ModelVersion.objects.get(pk=version.pk)
    version.model = model
    if found := problems(environment=environment, fallback=fallback):
        raise Invalid("The release can't be planned; see the fields.", fields=found)
    require_in_service(model)
    if (reason := version_problem(version.state)) is not None:
        raise NotUsable(reason)
    if version.releases.active_in(environment).exists():
        raise NotUsable(f"{version} is active in {environment} already.")
    release = Release.objects.create(
        model=model, version=version, feature_pipeline_version_id=version.feature_pipeline_version_id,
        environment=environment, fallback=fallback.strip(), planned_by_id=author_of(actor), planned_at=now(),
    )  # fmt: skip
    record_release(release, actor=actor, event=RELEASE_PLANNED, private={"fallback": release.fallback})
    return release


def record_release(release: Release, *, actor: Actor, event: EventType, private: dict[str, str] | None = None) -> None:
    """Write an entry about a release, whose model is joined."""
    append(
        actor=actor,
        event=event,
        subject=Subject("release", str(release.pk), str(release), release.model.team_id),
        data=release.public_state(),
        private=private,
        topics=tuple(
            f"{kind}:{key}"
            for kind, key in (("model", release.model_id), ("version", release.version_id), ("release", release.pk))
            if key is not None
        ),
    )
