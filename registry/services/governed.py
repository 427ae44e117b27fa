"""Verbs that need an approval. Only governance.services may import this module."""

from django.db import transaction

from portal.core.actors import Actor
from portal.core.clock import now
from registry.errors import NotUsable
from registry.events import RELEASE_ACTIVATED, RELEASE_SUPERSEDED
from registry.models import Release
from registry.rules.releases import version_problem
from registry.rules.states import RELEASE, after
from registry.services.releases import record_release
from registry.services.rows import lock_model, require_in_service


@transaction.atomic
def activate_release(*, actor: Actor, release: Release) -> Release:
    """Let a planned release take live decisions; the former one of its environment, or what was declared, gives way.

    Governance has decided that the actor may. Raises NotUsable unless it is planned and its version sealed.
    """
    model = lock_model(release.model_id)
    require_in_service(model)
    rows = Release.objects.select_for_update(of=("self",)).select_related("version__model", "model")
    release = rows.get(pk=release.pk)
    state = after(RELEASE, "activate", release.state)
    if state is None:
        raise NotUsable(f"The release is {release.get_state_display().lower()}; only a planned one can be activated.")
    if (reason := version_problem(release.released.state)) is not None:
        raise NotUsable(reason)
    at = now()
    for former in rows.in_use_in(release.environment).filter(model=model):
        former.state, former.ended_at = str(after(RELEASE, "supersede", former.state)), at
        former.save(update_fields=["state", "ended_at"])
        record_release(former, actor=actor, event=RELEASE_SUPERSEDED)
    release.state, release.activated_at = state, at
    release.save(update_fields=["state", "activated_at"])
    record_release(release, actor=actor, event=RELEASE_ACTIVATED)
    return release
