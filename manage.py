#!/usr/bin/env python
"""Command line of the casino: `python manage.py demo` runs all of it."""

import os
import sys

from django.core.management import execute_from_command_line

# They have servers and secrets of their own, and start them when they are ready to.
DEMO_COMMANDS = {"demo", "demo_otp", "demo_seed"}

if __name__ == "__main__":
    kind = "demo" if DEMO_COMMANDS.intersection(sys.argv[1:2]) else "dev"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"casino.settings.{kind}")
    execute_from_command_line(sys.argv)
