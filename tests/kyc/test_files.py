"""What is taken, what is refused, and how it lies and leaves."""

import io
import socket
import threading
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from apps.accounts.models import Player
from apps.core.secrets import SealBroken
from apps.kyc import files, retention, scanner
from apps.kyc.errors import FileTooLarge, ScannerAway, TooManyFiles, UnsafeFile
from apps.kyc.models import Document
from apps.kyc.services import cases
from tests.kyc.factories import picture

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
HTML = b"<!doctype html><script>alert(1)</script>"


def bomb(side: int) -> bytes:
    """A PNG of a few bytes that says it has a very large picture in it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    head = side.to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00"
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.rule("SEC-16")
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("a.html", HTML),
        ("a.jpg", HTML),
        ("a.png", picture("JPEG")),
        ("a.jpg.exe", picture()),
        ("a", picture()),
        ("a.gif", b"GIF89a" + b"\0" * 64),
        ("a.jpg", b"\xff\xd8\xff\xe0" + b"\0" * 64),
        ("a.jpg", picture()[: len(picture()) // 2]),
        ("a.jpg", picture(size=(100, 100))),
        ("a.pdf", PDF.replace(b"/Catalog", b"/Catalog/OpenAction 2 0 R")),
        ("a.pdf", PDF.replace(b"endobj", HTML + b"endobj")),
        ("a.pdf", b"%PDF-1.4 and nothing more"),
        ("a.pdf", PDF + b"PK\x05\x06" + b"\0" * 18),
        ("a.pdf", HTML + PDF),
        ("a.png", picture("PNG") + scanner.TEST_FILE),
        ("a.pdf", PDF.replace(b"trailer", scanner.TEST_FILE + b"trailer")),
    ],
)
def test_what_is_no_plain_picture_or_pdf_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(UnsafeFile):
        files.made_safe(name, content)


@pytest.mark.rule("SEC-16")
def test_size_and_pixels_are_bounded_before_anything_is_decoded(settings: Any) -> None:
    with pytest.raises(FileTooLarge):
        files.made_safe("a.png", bomb(30_000))
    settings.UPLOAD_BYTES_MAX = 1000
    with pytest.raises(FileTooLarge):
        files.made_safe("a.jpg", picture())


@pytest.mark.rule("SEC-16", "AML-19")
def test_a_picture_is_drawn_anew_without_what_else_was_in_the_file() -> None:
    exif = Image.Exif()
    exif[0x010E] = "Taken at home, 41.1496 N"
    exif[0x0112] = 6
    sent = picture(exif=exif.tobytes(), comment=b"secret comment") + b"\nPK\x03\x04 second file"
    assert b"41.1496" in sent

    safe = files.made_safe("MY passport.JPeG", sent)

    assert (safe.content_type, safe.width, safe.height) == ("image/jpeg", 400, 640)
    kept = Image.open(io.BytesIO(safe.content))
    assert not kept.getexif()
    for gone in (b"41.1496", b"secret comment", b"second file"):
        assert gone not in safe.content


@pytest.mark.rule("SEC-16")
def test_moving_pictures_are_refused() -> None:
    frames = [Image.new("RGB", (300, 300), colour) for colour in ("red", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:])

    with pytest.raises(UnsafeFile):
        files.made_safe("a.webp", out.getvalue())


@pytest.mark.rule("AML-19", "SEC-19")
def test_a_file_lies_sealed_and_opens_in_its_own_place_only(settings: Any) -> None:
    name = files.new_name()
    files.keep(name, PDF, place="kyc_document.file:doc_a")
    path = Path(settings.KYC_DIR) / name[:2] / name

    assert b"PDF" not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    assert files.read(name, place="kyc_document.file:doc_a") == PDF
    with pytest.raises(SealBroken):
        files.read(name, place="kyc_document.file:doc_b")
    changed = bytearray(path.read_bytes())
    changed[-1] ^= 1
    path.write_bytes(changed)
    with pytest.raises(SealBroken):
        files.read(name, place="kyc_document.file:doc_a")
    with pytest.raises(ValueError, match="no name"):
        files.read("../../etc/passwd", place="x")


@pytest.mark.django_db
@pytest.mark.rule("SEC-19")
def test_files_are_sealed_anew_under_a_new_key(player: Player, settings: Any) -> None:
    document = cases.hand_in(
        player=player, level=2, kind="document", name="a.jpg", content=picture()
    )
    settings.FIELD_KEYS = {2: b"n" * 32, **settings.FIELD_KEYS}

    assert retention.reseal_files() == 1

    document.refresh_from_db()
    assert document.key_id == 2
    settings.FIELD_KEYS = {2: b"n" * 32}
    assert files.read(document.file_name, place=document.place).startswith(b"\xff\xd8")


@pytest.mark.django_db
@pytest.mark.rule("SEC-16")
def test_files_of_a_step_are_counted_and_nothing_is_left_of_a_refused_one(
    player: Player, settings: Any
) -> None:
    for _ in range(2):
        cases.hand_in(player=player, level=2, kind="selfie", name="a.jpg", content=picture())

    with pytest.raises(TooManyFiles):
        cases.hand_in(player=player, level=2, kind="selfie", name="a.jpg", content=picture())

    assert Document.objects.count() == len(list(Path(settings.KYC_DIR).glob("*/*"))) == 2


@pytest.mark.rule("SEC-16")
def test_a_scanner_that_is_set_up_is_asked_and_must_answer(settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.CLAMD_ADDRESS = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        heard = []

        def clamd(answers: list[bytes]) -> None:
            for answer in answers:
                line, _ = server.accept()
                with line:
                    said = b""
                    while not said.endswith(b"\0\0\0\0"):
                        said += line.recv(65536)
                    heard.append(said)
                    line.sendall(answer)

        answers = [b"stream: OK\0", b"stream: Win.Test FOUND\0", b"INSTREAM size limit ERROR\0"]
        thread = threading.Thread(target=clamd, args=(answers,))
        thread.start()
        files.made_safe("a.pdf", PDF)
        with pytest.raises(UnsafeFile):
            files.made_safe("a.pdf", PDF)
        with pytest.raises(ScannerAway):
            files.made_safe("a.pdf", PDF)
        thread.join()
    assert heard[0] == b"zINSTREAM\0" + len(PDF).to_bytes(4, "big") + PDF + b"\0\0\0\0"
    with pytest.raises(ScannerAway):
        files.made_safe("a.pdf", PDF)
