"""Issuers whose tokens say which CI job trained a version."""

from django.db import transaction

from portal.accounts.models import Team
from portal.accounts.services.authority import require_now
from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import Invalid
from portal.ledger.catalogue import EventType, Subject
from portal.ledger.services import append
from registry.events import CI_ISSUER_REGISTERED, CI_ISSUER_WITHDRAWN
from registry.models import CiIssuer
from registry.rules.ci_identity import NotAKeySet, issuer_problems, key_set
from registry.services.rows import author_of


@transaction.atomic
def register_ci_issuer(
    *, actor: Actor, team: Team, provider: str, issuer: str, audience: str, host: str, jwks: object
) -> CiIssuer:
    """Register an issuer with its keys: tokens of its jobs count for the team's versions.

    One that the team has with the same audience gives way: so keys are changed, and which held when stays said. Raises
    Forbidden, and Invalid by field.
    """
    require_now(actor, "administer")
    issuer, audience, host = issuer.strip(), audience.strip(), host.strip().lower()
    fields = issuer_problems(provider=provider, issuer=issuer, audience=audience, host=host)
    try:
        keys = key_set(jwks)
    except NotAKeySet as refused:
        fields["jwks"] = [str(refused)]
    if fields:
        raise Invalid("The issuer can't be registered; see the fields.", fields=fields)
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)  # so that two at once follow each other
    holding = CiIssuer.objects.filter(team=team, issuer=issuer, audience=audience, withdrawn_at=None)
    for former in holding.select_for_update():
        _withdraw(former, actor)
    row = CiIssuer.objects.create(
        team=team, provider=provider, issuer=issuer, audience=audience, host=host, keys=keys,
        registered_by_id=author_of(actor), registered_at=now(),
    )  # fmt: skip
    _record(row, actor=actor, event=CI_ISSUER_REGISTERED)
    return row


@transaction.atomic
def withdraw_ci_issuer(*, actor: Actor, issuer: CiIssuer) -> CiIssuer:
    """Let an issuer's tokens count no more; what they said before stays said. Raises Forbidden; safe to repeat."""
    require_now(actor, "administer")
    row = CiIssuer.objects.select_for_update().get(pk=issuer.pk)
    if row.withdrawn_at is None:
        _withdraw(row, actor)
    return row


def _withdraw(row: CiIssuer, actor: Actor) -> None:
    row.withdrawn_by_id, row.withdrawn_at = author_of(actor), now()
    row.save(update_fields=["withdrawn_by", "withdrawn_at"])
    _record(row, actor=actor, event=CI_ISSUER_WITHDRAWN)


def _record(row: CiIssuer, *, actor: Actor, event: EventType) -> None:
    append(
        actor=actor,
        event=event,
        subject=Subject("ci_issuer", str(row.pk), str(row), row.team_id),
        data=row.public_state(),
        topics=(f"team:{row.team_id}",),
    )
