"""Ask the web server of this container for /livez or /readyz; exit status 1 when it does not say 200."""

import os
import sys
from http.client import HTTPConnection, HTTPException


def main(page: str) -> int:
    """Ask once, by a host name that the portal answers to."""
    host = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].lstrip(".*") or "127.0.0.1"
    connection = HTTPConnection("127.0.0.1", int(os.environ.get("PORT", "8000")), timeout=4)
    try:
        connection.request("GET", f"/{page}", headers={"Host": host})
        return 0 if connection.getresponse().status == 200 else 1  # noqa: PLR2004
    except (OSError, HTTPException):
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
