"""Probes and reports that machines call."""

import json
import secrets

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from portal.core.clock import now
from portal.overviews.figures import figures
from portal.overviews.health import readiness
from portal.pages.metering import exposition
from portal.pages.models import CspReport

LARGEST_REPORT = 20_000
MOST_REPORTS = 1_000


@require_GET
def livez(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Answer while the process lives."""
    return HttpResponse("alive\n", content_type="text/plain")


@require_GET
def readyz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Answer 200 when the portal can do its work, 503 with the reasons when not."""
    probes = readiness()
    ready = all(probe.healthy for probe in probes)
    body = {
        "ready": ready,
        "failing": [probe.name for probe in probes if not probe.healthy],
        "probes": {probe.name: probe.detail for probe in probes},
    }
    return JsonResponse(body, status=200 if ready else 503)


@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with the metrics to who sends the token; without a token in the environment there is no such page."""
    if not settings.METRICS_TOKEN:
        return HttpResponse("METRICS_TOKEN is not set.\n", status=404, content_type="text/plain")
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    known = secrets.compare_digest(given.strip().encode(), settings.METRICS_TOKEN.encode())
    if scheme.lower() != "bearer" or not known:
        response = HttpResponse("Send METRICS_TOKEN as a bearer token.\n", status=401, content_type="text/plain")
        response["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return response
    return HttpResponse(exposition(figures()), content_type=CONTENT_TYPE_PLAIN_0_0_4)


@csrf_exempt  # browsers send these reports without a token; nothing but a counter changes
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """Count what a browser blocked."""
    try:
        if int(request.headers.get("Content-Length") or 0) > LARGEST_REPORT:  # before a byte of it is read
            return HttpResponse(status=413)
        report = json.loads(request.body)["csp-report"]
        key = {
            "document": _storable(report.get("document-uri", ""), 500),
            "directive": _storable(report.get("violated-directive", ""), 100),
            "blocked": _storable(report.get("blocked-uri", ""), 500),
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return HttpResponse(status=400)
    at = now()
    with transaction.atomic():
        if CspReport.objects.count() >= MOST_REPORTS and not CspReport.objects.filter(**key).exists():
            return HttpResponse(status=204)  # anybody can send these: what is known is counted, the rest is dropped
        row, new = CspReport.objects.get_or_create(**key, defaults={"first_at": at, "last_at": at})
        if not new:
            CspReport.objects.filter(pk=row.pk).update(count=F("count") + 1, last_at=at)
    return HttpResponse(status=204)


def _storable(value: object, length: int) -> str:
    """Return the beginning of a text; raises ValueError for characters that the database can't hold."""
    text = str(value)[:length]
    if "\0" in text:
        raise ValueError("a NUL character")
    text.encode()  # a lone surrogate raises UnicodeEncodeError, which is a ValueError
    return text
