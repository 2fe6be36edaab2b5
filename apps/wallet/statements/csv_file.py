"""The statement as CSV: its canonical content, and one last line that signs everything above.

A file is `content + last line`. The digest is SHA-256 of the content, byte for byte, so anybody can
check it with `head -n -1 FILE | sha256sum`.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator

from apps.audit.exports import neutral
from apps.core.money import Money
from apps.wallet.statements.journal import Line
from apps.wallet.statements.models import Statement
from apps.wallet.statements.notes import note, rate
from apps.wallet.statements.summary import Read, Summary

NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
CHUNK_BYTES = 32_768
COLUMNS = (
    *("Entry", "Time", "Currency", "Purse", "Kind", "Game", "Amount", "Balance after"),
    *("Round", "Note"),
)


def content(
    statement: Statement,
    lines: Iterable[Line],
    summary: Summary,
    titles: dict[str, str] | None = None,
) -> Iterator[bytes]:
    """The canonical content, in pieces. Fills `summary` on the way.

    titles: the names that games had when it was issued; None while it is being issued.
    Raises summary.Unbalanced.
    """
    buffer = _Buffer()
    write = _writer(buffer)
    write("Account statement", statement.site_name)
    write("Number", statement.number)
    write("Layout", str(statement.layout))
    write("Player", statement.player_name, statement.player_ref)
    write("First day", statement.first_on.isoformat())
    write("Last day", statement.last_on.isoformat())
    write("Currencies", statement.currency or "all")
    write("Issued", statement.issued_at.isoformat(timespec="seconds"))
    write("Times", "UTC")
    write()
    write(*COLUMNS)
    for line in lines:
        summary.add(line)
        write(*_cells(line, summary, titles))
        if buffer.size >= CHUNK_BYTES:
            yield buffer.take()
    summary.check()
    _write_summary(write, Read(summary.as_json(), titles if titles is not None else summary.titles))
    yield buffer.take()


def _cells(line: Line, summary: Summary, titles: dict[str, str] | None) -> list[str]:
    game = ""
    if line.game:
        game = line.game.title if titles is None else titles.get(line.game.slug, "")
    return [
        str(line.id),
        line.at.isoformat(timespec="microseconds"),
        line.amount.currency.code,
        line.purse.name.lower(),
        line.kind.name.lower(),
        game,
        line.amount.text,
        line.balance.text,
        line.round_ref,
        note(line, summary.sold_for(line)),
    ]


def _write_summary(write: "Write", read: Read) -> None:
    write()
    write("Balances", "Currency", "Purse", "Opening", "In", "Out", "Closing")
    for purse in read.purses:
        if not purse.is_empty:
            write(
                "Balance",
                purse.currency.code,
                purse.purse.name.lower(),
                *_texts(purse.opening, purse.came, -purse.went, purse.closing),
            )
    write()
    write("Totals", "Currency", "Kind", "Movements", "In", "Out", "Net")
    for one in read.kinds:
        texts = _texts(one.came, -one.went, one.net)
        write("Total", one.currency.code, one.kind.name.lower(), str(one.count), *texts)
    write()
    write("Fees", "Currency", "Kind", "Paid")
    for fee in read.fees:
        write("Fee", fee.currency.code, fee.kind.name.lower(), fee.paid.text)
    write()
    write("Conversions", "Sold", "", "Bought", "", "Of it spread", "Exchanges", "Average rate")
    for pair in read.conversions:
        write(
            "Conversion",
            *(pair.sold.text, pair.sold.currency.code),
            *(pair.bought.text, pair.bought.currency.code),
            *(pair.spread.text, str(pair.count), rate(pair.sold, pair.bought)),
        )
    write()
    write("Games", "Currency", "Game", "Bets", "Wagered", "Wins", "Won", "Net")
    for game in read.games:
        write(
            "Game",
            *(game.currency.code, game.title, str(game.bets), game.wagered.text),
            *(str(game.wins), game.won.text, game.net.text),
        )
    write()


def cell(text: str) -> str:
    """Text that a spreadsheet would run gets an apostrophe in front; plain numbers stay numbers."""
    return text if NUMBER.fullmatch(text) else str(neutral(text))


Write = Callable[..., None]


def _writer(buffer: "_Buffer") -> Write:
    rows = csv.writer(buffer)

    def write(*cells: str) -> None:
        rows.writerow([cell(one) for one in cells])

    return write


def _texts(*amounts: Money) -> list[str]:
    return [one.text for one in amounts]


class _Buffer:
    """What `csv` writes into, taken out in pieces."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self.size = 0

    def write(self, text: str) -> int:
        self._pieces.append(text)
        self.size += len(text)
        return len(text)

    def take(self) -> bytes:
        taken = "".join(self._pieces).encode()
        self._pieces.clear()
        self.size = 0
        return taken
