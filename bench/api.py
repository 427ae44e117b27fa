"""What the doors of the API cost beside a bare DRF view. `python bench/api.py`, half a minute.

The bare view answers the same model with the same serializer to a signed-in session, as the tutorial of DRF has it:
no teams, no scopes, no problem documents. Both are served by the portal's own server, read in turn by one reader.
get_ratio: median of a GET with a token over the bare view's. <view>_p50_ms: the medians.
"""

import os
import statistics
import sys
import time
from collections.abc import Mapping
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import django

from bench import installation, report, serving, session_cookie

ROUNDS, WARM_UP = 600, 40
OK = 200

if os.environ.get("BENCH_SERVER"):
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.urls import include, path

    application = get_wsgi_application()
    settings.ROOT_URLCONF = "bench.api"

    from rest_framework.authentication import SessionAuthentication
    from rest_framework.generics import RetrieveAPIView
    from rest_framework.permissions import IsAuthenticated

    from portal.api.v1.models import ModelSerializer
    from registry.models import RegisteredModel

    class BareModel(RetrieveAPIView[RegisteredModel]):
        """One model to whoever is signed in."""

        authentication_classes = (SessionAuthentication,)
        permission_classes = (IsAuthenticated,)
        serializer_class = ModelSerializer
        queryset = RegisteredModel.objects.select_related("team", "owner")
        lookup_field = "slug"

    urlpatterns = [path("bare/<slug:slug>", BareModel.as_view()), path("", include("portal.urls"))]


def fill() -> dict[str, tuple[str, Mapping[str, str]]]:
    """Make one model among others, its reader, a session and a token; return {view: (path, headers)}."""
    from portal.accounts.selectors import actor_for_user  # noqa: PLC0415
    from portal.accounts.services.tokens import create_token  # noqa: PLC0415
    from tests.factories.accounts import person_with  # noqa: PLC0415
    from tests.factories.registry import RegisteredModelFactory  # noqa: PLC0415

    reader = person_with("developer")
    model = [RegisteredModelFactory.create() for _ in range(50)][25]
    actor = actor_for_user(reader, interactive=True)
    token = create_token(actor=actor, user=reader, name="bench", scopes=["read"], days=1)
    cookie = {"Cookie": session_cookie(reader)}
    path_of = f"/api/v1/models/{model.slug}"
    return {
        "bare": (f"/bare/{model.slug}", cookie),
        "token": (path_of, {"Authorization": f"Bearer {token.secret}"}),
        "session": (path_of, cookie),
        "livez": ("/livez", {}),
    }


def read(connection: HTTPConnection, path: str, headers: Mapping[str, str]) -> float:
    """Read one document to its end; return the milliseconds it took."""
    begin = time.perf_counter()
    connection.request("GET", path, headers=dict(headers))
    response = connection.getresponse()
    body = response.read()
    assert response.status == OK, f"{path} answers {response.status}: {body[:200]!r}"
    return (time.perf_counter() - begin) * 1000


def measure(port: int, views: Mapping[str, tuple[str, Mapping[str, str]]]) -> dict[str, Any]:
    """Return the medians of every view, read in turn so that all meet the same machine."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    taken: dict[str, list[float]] = {name: [] for name in views}
    for number in range(WARM_UP + ROUNDS):
        for name, (path, headers) in views.items():
            one = read(connection, path, headers)
            if number >= WARM_UP:
                taken[name].append(one)
    medians = {name: statistics.median(found) for name, found in taken.items()}
    for name, median in medians.items():
        print(f"{name:<8} p50 {median:5.2f} ms   {views[name][0]}")
    ratio = medians["token"] / medians["bare"]
    return {"get_ratio": round(ratio, 3)} | {f"{name}_p50_ms": round(one, 2) for name, one in medians.items()}


def main() -> None:
    """Measure, and print one line of JSON at the end."""
    with installation():
        django.setup()
        views = fill()
        with serving("bench.api:application", BENCH_SERVER="1") as port:
            figures = measure(port, views)
    report("api", figures)


if __name__ == "__main__":
    main()
