"""Quick start: a first version in one script, the guides, and what a token needs for each."""

import json
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_safe

from portal.accounts.models import Team
from portal.blobs.downloads import attached
from portal.core.actors import Actor
from portal.overviews import guides as overviews
from portal.pages.doors import PageRequest, page


@require_safe
@page
def quick_start(request: PageRequest) -> HttpResponse:
    """How to register a version, with the commands to copy; and the guides for other ways."""
    base, team = _base(request), _team_to_register_in(request.actor)
    known = {
        "base": base,
        "slug": f"first-model-{request.user.pk}",
        "team": team.slug if team else "your-team",
        "email": json.dumps(request.user.email),
    }
    wanted = [overviews.NEW_MODEL, *(guide.scopes for guide in overviews.GUIDES)]
    ready, *others = overviews.readiness(request.actor, request.user, wanted)
    context = {
        "base": base,
        "team": team,
        "team_or_placeholder": known["team"],
        "snippet": render_to_string("start/first_version.txt", known),
        "ready": ready,
        "guides": list(zip(overviews.GUIDES, others, strict=True)),
    }
    return render(request, "start/quick_start.html", context)


@require_safe
@page
def guide(request: PageRequest, slug: str) -> HttpResponse:
    """One guide, filled in for the reader."""
    found = overviews.guide_named(slug)
    if found is None:
        raise Http404
    team = _team_to_register_in(request.actor)
    filled = {"https://countersign.example.org": _base(request), "your-team": team.slug if team else "your-team"}
    addresses = {f"{one.slug}.md": reverse("guide", args=[one.slug]) for one in overviews.GUIDES}
    addresses |= {name: reverse("guide_file", args=[name]) for name in overviews.EXAMPLES}
    try:
        parts = overviews.parts_of(found, filled=filled, addresses=addresses)
    except OSError:
        raise Http404 from None
    [ready] = overviews.readiness(request.actor, request.user, [found.scopes])
    context = {"guide": found, "parts": parts, "ready": ready, "files": overviews.EXAMPLES, "team": team}
    return render(request, "start/guide.html", context)


@require_safe
@page
def guide_file(request: PageRequest, name: str) -> HttpResponseBase:  # noqa: ARG001
    """A file that guides ask for."""
    path = Path(settings.DOCS) / "examples" / name
    if name not in overviews.EXAMPLES or not path.is_file():
        raise Http404
    return attached(path.read_bytes(), name, "application/octet-stream")


def _base(request: PageRequest) -> str:
    return request.build_absolute_uri("/").rstrip("/")


def _team_to_register_in(actor: Actor) -> Team | None:
    teams = actor.teams_for("register_version")
    rows = Team.objects.all() if teams is None else Team.objects.filter(pk__in=teams)
    return rows.order_by("pk").first()
