"""What the doors of the API cost beside a bare DRF view. `python bench/api.py`, half a minute.

The bare view answers the same model with the same serializer to a signed-in session, as the tutorial of DRF has it:
no teams, no scopes, no problem documents. Both are served by the portal's own server, read in turn by one reader.
get_ratio: median of a GET with a token over the bare view's. <view>_p50_ms: the medians.
"""

import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import django

from bench import ROOT, installation, report

ROUNDS, WARM_UP = 600, 40
STARTS_WITHIN = 60.0
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
    from django.conf import settings  # noqa: PLC0415  (everything here needs `installation` first)
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: PLC0415
    from django.contrib.sessions.backends.db import SessionStore  # noqa: PLC0415

    from portal.accounts.selectors import actor_for_user  # noqa: PLC0415
    from portal.accounts.services.tokens import create_token  # noqa: PLC0415
    from tests.factories.accounts import person_with  # noqa: PLC0415
    from tests.factories.registry import RegisteredModelFactory  # noqa: PLC0415

    reader = person_with("developer")
    model = [RegisteredModelFactory.create() for _ in range(50)][25]
    actor = actor_for_user(reader, interactive=True)
    token = create_token(actor=actor, user=reader, name="bench", scopes=["read"], days=1)
    session = SessionStore()
    session[SESSION_KEY] = str(reader.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = reader.get_session_auth_hash()
    session.create()
    cookie = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}"}
    path_of = f"/api/v1/models/{model.slug}"
    return {
        "bare": (f"/bare/{model.slug}", cookie),
        "token": (path_of, {"Authorization": f"Bearer {token.secret}"}),
        "session": (path_of, cookie),
        "livez": ("/livez", {}),
    }


@contextmanager
def serving() -> Iterator[int]:
    """Run the web server as `up` does, with the bare view beside the portal's; yield its port."""
    from portal.runtime.installation import programs  # noqa: PLC0415  (reads the environment when imported)

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    web = next(program for program in programs(port) if program.name == "web")
    command = [*web.command[:-1], "bench.api:application"]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "BENCH_SERVER": "1"}, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + STARTS_WITHIN
        while socket.socket().connect_ex(("127.0.0.1", port)):
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(20)


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
        with serving() as port:
            figures = measure(port, views)
    report("api", figures)


if __name__ == "__main__":
    main()
