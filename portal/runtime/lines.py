"""The form of the web server's own log lines, which it writes before Django is there."""

import logging
import os

from portal.core.logs import FORMATS
from portal.env import read_environment


def chosen() -> logging.Formatter:
    """Return the formatter that LOG_FORMAT names."""
    return FORMATS[read_environment(os.environ).log_format]()
