"""Static files of the demo: production's names, collected in a second, only when they changed."""

import hashlib
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import get_finders
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage


class QuickStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # untyped base
    """Compresses with gzip alone: brotli would take most of a first start."""

    def create_compressor(self, **options: Any) -> Compressor:
        return Compressor(**options, use_brotli=False)


def stamp() -> str:
    """Changes when any static file of any app is added, removed, renamed or edited."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list(ignore_patterns=[]):
            about = Path(storage.path(name)).stat()
            digest.update(f"{name}\0{about.st_size}\0{about.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def kept_stamp(data: Path) -> str:
    path = data / "static.stamp"
    return path.read_text() if path.exists() and (data / "static").is_dir() else ""


def keep_stamp(data: Path, value: str) -> None:
    (data / "static.stamp").write_text(value)
