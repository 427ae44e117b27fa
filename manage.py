#!/usr/bin/env python3
"""Run one of the portal's commands: `manage.py up`, `manage.py doctor`, `manage.py help`."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    if sys.argv[1:2] == ["sequencer"]:
        os.environ.setdefault("COUNTERSIGN_PROGRAM", "sequencer")  # read with the settings: what it may have
    execute_from_command_line(sys.argv)
