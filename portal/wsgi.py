"""The WSGI application that granian serves; its worker processes end with the process that started them."""

import multiprocessing
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from portal.core.parentage import die_with_parent

_parent = multiprocessing.parent_process()
if _parent is not None and _parent.pid is not None:
    # A killed granian otherwise leaves workers that go on answering on the port.
    die_with_parent(_parent.pid)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
os.environ.setdefault("COUNTERSIGN_PROGRAM", "web")  # read with the settings: what it may have
application = get_wsgi_application()
# All addresses now: a broken one stops the start, and the first reader does not wait for their imports.
get_resolver().url_patterns  # noqa: B018  (a cached property that imports)
