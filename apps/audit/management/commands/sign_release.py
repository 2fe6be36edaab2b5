"""List the program files with their hashes and sign the list; where releases are built."""

import json
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.audit import release

KEY_BYTES = 32


class Command(BaseCommand):
    help = (
        "Write the signed release manifest. The key is RELEASE_SIGNING_KEY (64 hex digits), which "
        "no machine that serves players has."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", required=True, help="what the release is called")
        parser.add_argument("--output", default=str(settings.RELEASE_MANIFEST))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            key = bytes.fromhex(os.environ.get("RELEASE_SIGNING_KEY", ""))
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            raise CommandError("Set RELEASE_SIGNING_KEY to 64 hex digits.")
        content = release.manifest(settings.BASE_DIR, version=options["name"])
        Path(options["output"]).write_text(json.dumps(release.sign(content, key), indent=1) + "\n")
        self.stdout.write(f"{len(content['files'])} files of {content['version']} signed.")
        self.stdout.write(f"RELEASE_PUBLIC_KEY={release.public_key_of(key)}")
