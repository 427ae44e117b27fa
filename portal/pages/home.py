"""Home: the inbox."""

import json

from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from portal.accounts.models import Team
from portal.core.actors import Actor
from portal.overviews.inbox import inbox
from portal.pages.doors import PageRequest, page


@require_safe
@page
def home(request: PageRequest) -> HttpResponse:
    """What waits for me; what of mine waits for others."""
    return render(request, "home/home.html", {"inbox": inbox(request.actor, whole="all" in request.GET)})


@require_safe
@page
def quick_start(request: PageRequest) -> HttpResponse:
    """How to register a version, with the commands to copy."""
    base = request.build_absolute_uri("/").rstrip("/")
    team = _team_to_register_in(request.actor)
    known = {
        "base": base,
        "slug": f"first-model-{request.user.pk}",
        "team": team.slug if team else "your-team",
        "email": json.dumps(request.user.email),
    }
    snippet = render_to_string("home/first_version.txt", known)
    context = {"base": base, "team": team, "team_or_placeholder": known["team"], "snippet": snippet}
    return render(request, "home/quick_start.html", context)


def _team_to_register_in(actor: Actor) -> Team | None:
    teams = actor.teams_for("register_version")
    rows = Team.objects.all() if teams is None else Team.objects.filter(pk__in=teams)
    return rows.order_by("pk").first()
