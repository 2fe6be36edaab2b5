"""What players hand in: made safe, sealed, and kept outside the database and the web's reach.

A picture is decoded and drawn anew, so nothing of the file that came survives: no metadata, no
second format behind the first. A PDF is kept as it came and only ever leaves as a download.
"""

import io
import re
import warnings
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from secrets import token_hex

from django.conf import settings
from PIL import Image, ImageOps, UnidentifiedImageError

from apps.core import secrets
from apps.kyc import scanner
from apps.kyc.errors import FileTooLarge, UnsafeFile

# By what the name says, what the content has to be.
FORMATS = {"jpg": "JPEG", "jpeg": "JPEG", "png": "PNG", "webp": "WEBP", "pdf": "PDF"}
MAGIC = {
    "JPEG": re.compile(rb"\xff\xd8\xff"),
    "PNG": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "WEBP": re.compile(rb"RIFF....WEBP", re.DOTALL),
    "PDF": re.compile(rb"%PDF-[12]\.\d"),
}
SIDE_MIN = 200
QUALITY = 90
# What a PDF of a bill does not need, and what only a file that is two things at once has.
ACTIVE = re.compile(
    rb"/(JavaScript|JS|Launch|EmbeddedFile|EmbeddedFiles|RichMedia|XFA|SubmitForm|OpenAction|AA)\b"
    rb"|<\s*(script|html|svg|iframe|!doctype)|PK\x05\x06",
    re.IGNORECASE,
)
NAME = re.compile(r"[0-9a-f]{48}")
SCALE = 2**20


@dataclass(frozen=True)
class Safe:
    """What is kept of a file. Sizes in pixels; none for a PDF."""

    content: bytes
    content_type: str
    width: int | None = None
    height: int | None = None

    @property
    def sha256(self) -> str:
        return sha256(self.content).hexdigest()


def made_safe(name: str, content: bytes) -> Safe:
    """What may be kept of what came. Raises FileTooLarge, UnsafeFile, ScannerAway."""
    if len(content) > settings.UPLOAD_BYTES_MAX:
        mib = settings.UPLOAD_BYTES_MAX // SCALE
        raise FileTooLarge(fields={"file": f"Send a file of at most {mib} MB."})
    kind = FORMATS.get(PurePosixPath(name.lower()).suffix.removeprefix("."))
    if kind is None or not MAGIC[kind].match(content):
        raise UnsafeFile(fields={"file": UnsafeFile.message})
    scanner.scan(content)
    return _pdf(content) if kind == "PDF" else _picture(content, kind)


def _pdf(content: bytes) -> Safe:
    if b"%%EOF" not in content[-1024:] or ACTIVE.search(content):
        words = "This PDF has more in it than pages. Send a picture or a plain PDF."
        raise UnsafeFile(fields={"file": words})
    return Safe(content, "application/pdf")


def _picture(content: bytes, kind: str) -> Safe:
    bad = UnsafeFile(fields={"file": "This picture cannot be opened. Take it again."})
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(content), formats=[kind]) as image:
            # The size is checked before a single pixel is read, so Pillow's own warning is not needed.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            width, height = image.size
            if width * height > settings.UPLOAD_PIXELS_MAX:
                megapixels = settings.UPLOAD_PIXELS_MAX // 1_000_000
                raise FileTooLarge(fields={"file": f"Send at most {megapixels} megapixels."})
            if min(width, height) < SIDE_MIN:
                raise UnsafeFile(fields={"file": "This picture is too small to be read."})
            if getattr(image, "n_frames", 1) != 1:
                raise UnsafeFile(fields={"file": "Send a picture that does not move."})
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except Image.DecompressionBombError as error:
        raise FileTooLarge(fields={"file": "This picture is too large."}) from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
        raise bad from error
    drawn = io.BytesIO()
    # A new picture from the pixels alone: what else was in the file is not carried over.
    clean = Image.new("RGB", upright.size)
    clean.paste(upright)
    clean.save(drawn, "JPEG", quality=QUALITY)
    return Safe(drawn.getvalue(), "image/jpeg", *clean.size)


# ---- keeping ------------------------------------------------------------------------------------------


def new_name() -> str:
    return token_hex(24)


def keep(name: str, content: bytes, *, place: str) -> int:
    """Seal and write a file; the number of the key. place: as for `core.secrets.seal`."""
    path = _path(name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    sealed = secrets.seal_bytes(content, place=place)
    draft = path.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_bytes(sealed)
    draft.replace(path)
    return secrets.key_of(sealed)


def read(name: str, *, place: str) -> bytes:
    """Raises SealBroken, FileNotFoundError."""
    return secrets.unseal_bytes(_path(name).read_bytes(), place=place)


def erase(name: str) -> None:
    with suppress(FileNotFoundError):
        _path(name).unlink()


def names() -> list[tuple[str, float]]:
    """Every file there is, and when it was written (seconds since 1970)."""
    root = Path(settings.KYC_DIR)
    return [
        (path.name, path.stat().st_mtime) for path in root.glob("*/*") if NAME.fullmatch(path.name)
    ]


def _path(name: str) -> Path:
    if not NAME.fullmatch(name):
        raise ValueError("This is no name of a file of ours.")
    return Path(settings.KYC_DIR) / name[:2] / name
