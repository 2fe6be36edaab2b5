"""Issue statements, write them out again, and say what a file or a number is worth."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from apps.accounts.models import Player
from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.money import Money
from apps.ledger.models import Purse
from apps.ledger.selectors import currency as currency_of
from apps.wallet.statements import csv_file, journal, pdf_file, sealing
from apps.wallet.statements.errors import (
    BooksDiffer,
    NotReproduced,
    TooLarge,
    TooManyStatements,
)
from apps.wallet.statements.journal import Line, Part
from apps.wallet.statements.models import Statement
from apps.wallet.statements.periods import Period
from apps.wallet.statements.sealing import FileKind, Seal, Verdict
from apps.wallet.statements.summary import Read, Summary, Unbalanced

log = logging.getLogger(__name__)
PER_DAY_MAX = 50
IN_MEMORY_BYTES = 1_048_576
FILE_BYTES_MAX = 64 * 1_048_576


def issue(
    *, player: Player, period: Period, currency_code: str = "", request: HttpRequest | None = None
) -> Statement:
    """Make a statement, sign it and keep what was said.

    A period that was over when it was made before gives the statement that is there.
    currency_code: empty for all. Raises UnknownCurrency, TooManyStatements, BooksDiffer.
    """
    code = currency_of(currency_code).code if currency_code else ""
    if earlier := _complete(player, period, code):
        return earlier
    since = now() - timedelta(days=1)
    if Statement.objects.filter(player=player, issued_at__gt=since).count() >= PER_DAY_MAX:
        raise TooManyStatements
    try:
        return _issue(player, period, code, request)
    except Unbalanced as error:
        log.error("A statement of %s does not add up: %s", player.public_id, error)
        raise_alarm(
            "statement.unbalanced",
            subject=player.public_id,
            message=f"The journal does not add up: {error}.",
            severity="critical",
        )
        raise BooksDiffer from error


@transaction.atomic
def _issue(player: Player, period: Period, code: str, request: HttpRequest | None) -> Statement:
    parts = journal.parts(player.pk, period, code)
    statement = Statement(
        player=player,
        player_name=player.display_name,
        player_ref=player.public_id,
        site_name=settings.SITE_NAME,
        first_on=period.first,
        last_on=period.last,
        currency=code,
        wallets=[_stored(part) for part in parts],
        issued_at=now().replace(microsecond=0),
    )
    summary = Summary(parts)
    digest = sha256()
    with journal.lines(parts) as lines:
        for piece in csv_file.content(statement, lines, summary):
            digest.update(piece)
    seal = sealing.seal(FileKind.CSV, statement.number, digest.hexdigest())
    statement.titles = summary.titles
    statement.summary = summary.as_json()
    statement.movements = summary.movements
    statement.digest = seal.digest
    statement.key_id = seal.key_id
    statement.signature = seal.signature.hex()
    statement.save()
    audit.record(
        "statement.issued",
        actor=player.user,
        subject=statement,
        after={
            "number": statement.number,
            "first_day": period.first.isoformat(),
            "last_day": period.last.isoformat(),
            "currency": code or "all",
            "movements": statement.movements,
            "digest": statement.digest,
        },
        request=request,
    )
    return statement


def csv_of(statement: Statement) -> BinaryIO:
    """The whole file, read from the journal and checked against what was signed.

    It lies on disk when it is long, so memory stays what it is however many movements there are,
    and no byte leaves before the last one is known to be right. Raises NotReproduced.
    """
    parts = parts_of(statement)
    file = cast("BinaryIO", SpooledTemporaryFile(max_size=IN_MEMORY_BYTES))  # noqa: SIM115  the door closes it
    digest = sha256()
    with _reproduced(statement, digest), journal.lines(parts) as lines:
        for piece in csv_file.content(statement, lines, Summary(parts), statement.titles):
            digest.update(piece)
            file.write(piece)
    file.write(stored_seal(statement).line)
    file.seek(0)
    return file


def pdf_of(statement: Statement, told: pdf_file.Told | None = None) -> bytes:
    """The same as pages, signed as a file of its own. Takes long for many movements: see rendering.

    told: hears how many pages are drawn, of how many. Raises NotReproduced.
    """
    parts = parts_of(statement)
    digest = sha256()
    with _reproduced(statement, digest), journal.lines(parts) as lines:
        shown = _digested(statement, parts, lines, digest)
        body = pdf_file.render(statement, read(statement), shown, told)
    return body + sealing.seal(FileKind.PDF, statement.number, sha256(body).hexdigest()).line


def read(statement: Statement) -> Read:
    """The totals of a statement."""
    return Read(statement.summary, statement.titles)


def stored_seal(statement: Statement) -> Seal:
    return Seal(
        FileKind.CSV,
        statement.number,
        statement.digest,
        statement.key_id,
        bytes.fromhex(statement.signature),
    )


def verify_file(file: BinaryIO, size: int) -> tuple[Verdict, Statement | None]:
    """What a file is worth, and the statement it is of when it is genuine. Raises TooLarge."""
    if size > FILE_BYTES_MAX:
        raise TooLarge
    verdict, seal = sealing.examine(file)
    if verdict != Verdict.GENUINE or seal is None:
        return verdict, None
    found = Statement.objects.filter(number=seal.number).first()
    if found is None or (seal.kind == FileKind.CSV and found.digest != seal.digest):
        return Verdict.UNKNOWN, None
    return verdict, found


def verify_digest(number: str, digest: str) -> tuple[Verdict, Statement | None]:
    """The same for a number and a digest that somebody typed or pasted."""
    digest = "".join(digest.split()).lower()
    found = None
    if sealing.HEX_DIGEST.fullmatch(digest) and "\x00" not in number:
        found = Statement.objects.filter(number=number.strip(), digest=digest).first()
    if found is None:
        return Verdict.UNKNOWN, None
    return (Verdict.GENUINE, found) if stored_seal(found).is_ours else (Verdict.FORGED, None)


def parts_of(statement: Statement) -> list[Part]:
    """Which entries it is made of, as it was kept."""
    found = []
    for wallet_id, code, purse, first_id, last_id, opening, closing in statement.wallets:
        of = currency_of(code)
        found.append(
            Part(
                wallet_id,
                of,
                Purse(purse),
                first_id,
                last_id,
                Money(int(opening), of),
                Money(int(closing), of),
            )
        )
    return found


def _complete(player: Player, period: Period, code: str) -> Statement | None:
    """A statement of just this, made when nothing could be added to it any more."""
    found = Statement.objects.filter(
        player=player,
        first_on=period.first,
        last_on=period.last,
        currency=code,
        layout=Statement.LAYOUT,
    ).order_by("-id")
    return next((one for one in found[:1] if one.is_complete), None)


@contextmanager
def _reproduced(statement: Statement, digest: Any) -> Iterator[None]:
    """Insist that what was read in the block is what was signed."""
    try:
        yield
    except Unbalanced as error:
        raise _not_reproduced(statement, str(error)) from error
    if digest.hexdigest() != statement.digest:
        raise _not_reproduced(statement, "its content gives another digest")


def _digested(
    statement: Statement, parts: list[Part], lines: Iterator[Line], digest: Any
) -> Iterator[Line]:
    """Pass lines on, and their canonical content into the digest."""
    read_ahead: list[Line] = []

    def seen() -> Iterator[Line]:
        for line in lines:
            read_ahead.append(line)
            yield line

    for piece in csv_file.content(statement, seen(), Summary(parts), statement.titles):
        digest.update(piece)
        yield from read_ahead
        read_ahead.clear()


def _stored(part: Part) -> list[int | str]:
    return [
        part.wallet_id,
        part.currency.code,
        part.purse.value,
        part.first_id,
        part.last_id,
        str(part.opening.units),
        str(part.closing.units),
    ]


def _not_reproduced(statement: Statement, why: str) -> NotReproduced:
    log.error("Statement %s is not reproduced: %s", statement.number, why)
    raise_alarm(
        "statement.not_reproduced",
        subject=statement.number,
        message=f"The journal no longer gives what was signed: {why}.",
        severity="critical",
    )
    return NotReproduced()
