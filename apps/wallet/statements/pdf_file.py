"""The statement on paper: A4 across, a summary first, then every movement on a line of its own.

reportlab lays out; cells of the long table are written as PDF operators directly, because 50,000
movements are 300,000 cells and its general way takes four times as long.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from itertools import islice
from pathlib import Path

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.textobject import PDFTextObject

from apps.core.money import Money
from apps.wallet.selectors import WORDS
from apps.wallet.statements.journal import Line
from apps.wallet.statements.models import Statement
from apps.wallet.statements.notes import rate
from apps.wallet.statements.summary import Read

FONTS = Path(__file__).resolve().parent / "fonts"
TEXT, BOLD, DISPLAY, MONO = "Onest", "Onest-Bold", "Archivo-Display", "GeistMono"
FILES = {
    TEXT: "onest-regular.ttf",
    BOLD: "onest-bold.ttf",
    DISPLAY: "archivo-display.ttf",
    MONO: "geist-mono.ttf",
}
INK, GREY, PALE, BAND, CINNABAR, BONE = (
    HexColor(one) for one in ("#14100E", "#6B625C", "#DDD5CB", "#F6F1EA", "#C93A1E", "#F6EFE4")
)
WIDTH, HEIGHT = landscape(A4)
LEFT, RIGHT = 42.0, WIDTH - 42.0
HEAD_FIRST, HEAD_NEXT = HEIGHT - 92, HEIGHT - 58
BOTTOM = 52.0
SIZE = 7.2
ROW = 13.2
ROWS_PER_PAGE = int((HEAD_NEXT - 30 - BOTTOM) // ROW)
# Where the columns of the movements begin, and where the two of numbers end.
TIME, WHAT, PURSE, AMOUNT, BALANCE = LEFT, LEFT + 94, LEFT + 372, RIGHT - 154, RIGHT
WHAT_WIDTH = PURSE - WHAT - 8
PAGES_TOLD = 40
Told = Callable[[int, int], None]


@dataclass(frozen=True)
class Block:
    """A row of the summary. cells: text, x, whether it ends there."""

    height: float
    cells: tuple[tuple[str, float, bool], ...] = ()
    font: str = TEXT
    size: float = SIZE + 0.6
    ruled: bool = False
    colour: HexColor = INK
    keep: int = 0


def render(
    statement: Statement, read: Read, lines: Iterable[Line], told: Told | None = None
) -> bytes:
    """All pages. The same statement gives the same bytes.

    told: hears now and then how many pages are drawn, of how many.
    """
    _register()
    target = BytesIO()
    canvas = Canvas(target, pagesize=(WIDTH, HEIGHT), pageCompression=1, invariant=1)
    canvas.setTitle(f"Account statement {statement.number}")
    canvas.setAuthor(statement.site_name)
    canvas.setSubject(statement.period.words)
    summary = _paginated(_summary(statement, read))
    total = len(summary) + -(-statement.movements // ROWS_PER_PAGE)
    for number, blocks in enumerate(summary, start=1):
        _frame(canvas, statement, number, total)
        _draw(canvas, blocks, HEAD_FIRST if number == 1 else HEAD_NEXT)
        canvas.showPage()
    rows = iter(lines)
    number = len(summary)
    while page := list(islice(rows, ROWS_PER_PAGE)):
        number += 1
        _frame(canvas, statement, number, total)
        _movements(canvas, page, read)
        canvas.showPage()
        if told and number % PAGES_TOLD == 0:
            told(number, total)
    canvas.save()
    return target.getvalue()


def shown(amount: Money) -> str:
    """`-1,234.50000000`: every digit there is, and zeros up to what the currency shows."""
    whole, _, fraction = amount.text.lstrip("-").partition(".")
    fraction = fraction.rstrip("0").ljust(amount.currency.display_decimals, "0")
    sign = "-" if amount.units < 0 else ""
    return f"{sign}{int(whole):,}{'.' if fraction else ''}{fraction}"


# ---- the summary --------------------------------------------------------------------------------
def _summary(statement: Statement, read: Read) -> Iterator[Block]:
    middle = LEFT + 390
    yield Block(30, ((statement.period.words, LEFT, False),), BOLD, 19)
    yield from _facts(statement, middle)
    balances = [one for one in read.purses if not one.is_empty]
    yield from _table(
        "Balances",
        ("Currency", "Purse", "Opening", "In", "Out", "Closing"),
        (LEFT, LEFT + 54, LEFT + 310, LEFT + 460, LEFT + 610, RIGHT),
        2,
        [
            (
                one.currency.code,
                one.purse.label,
                *map(shown, (one.opening, one.came, -one.went, one.closing)),
            )
            for one in balances
        ],
        "No money was held and none moved.",
    )
    yield from _table(
        "Totals by kind",
        ("Currency", "Kind", "Movements", "In", "Out", "Net"),
        (LEFT, LEFT + 54, LEFT + 310, LEFT + 460, LEFT + 610, RIGHT),
        2,
        [
            (
                one.currency.code,
                WORDS[one.kind],
                f"{one.count:,}",
                *map(shown, (one.came, -one.went, one.net)),
            )
            for one in read.kinds
        ],
        "Nothing moved.",
    )
    yield from _table(
        "Fees",
        ("Currency", "Kind", "Paid"),
        (LEFT, LEFT + 54, LEFT + 310),
        2,
        [(one.currency.code, WORDS[one.kind], shown(one.paid)) for one in read.fees],
        "",
    )
    yield from _table(
        "Exchanges",
        ("Sold", "For", "Of it spread", "Exchanges", "Average rate"),
        (LEFT + 160, LEFT + 330, LEFT + 460, LEFT + 540, RIGHT),
        0,
        [
            (
                f"{shown(one.sold)} {one.sold.currency}",
                f"{shown(one.bought)} {one.bought.currency}",
                shown(one.spread),
                f"{one.count:,}",
                rate(one.sold, one.bought),
            )
            for one in read.conversions
        ],
        "",
    )
    yield from _table(
        "Wagers and wins by game",
        ("Currency", "Game", "Bets", "Wagered", "Wins", "Won", "Net"),
        (LEFT, LEFT + 54, LEFT + 300, LEFT + 430, LEFT + 480, LEFT + 610, RIGHT),
        2,
        [
            (
                one.currency.code,
                _cut(one.title, TEXT, SIZE, 190),
                f"{one.bets:,}",
                shown(one.wagered),
                f"{one.wins:,}",
                shown(one.won),
                shown(one.net),
            )
            for one in read.games
        ],
        "",
    )
    yield from _seal(statement)


def _facts(statement: Statement, middle: float) -> Iterator[Block]:
    pairs = (
        ("Player", f"{statement.player_name} ({statement.player_ref})"),
        ("Statement", statement.number),
        ("From", f"{statement.first_on.isoformat()} 00:00 UTC"),
        ("To the end of", f"{statement.last_on.isoformat()} (UTC)"),
        ("Currencies", statement.currency_words),
        ("Issued", f"{statement.issued_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("Movements", f"{statement.movements:,}"),
        ("Complete", "yes" if statement.is_complete else "no: made before the period was over"),
    )
    for at in range(0, len(pairs), 2):
        (label, text), (other, more) = pairs[at], pairs[at + 1]
        yield Block(
            15,
            (
                (label, LEFT, False),
                (text, LEFT + 62, False),
                (other, middle, False),
                (more, middle + 62, False),
            ),
        )
    yield Block(8)


def _table(
    title: str,
    heads: tuple[str, ...],
    places: tuple[float, ...],
    left_columns: int,
    rows: list[tuple[str, ...]],
    empty: str,
) -> Iterator[Block]:
    if not rows and not empty:
        return
    yield Block(24, ((title, LEFT, False),), BOLD, 11, keep=2)
    if not rows:
        yield Block(16, ((empty, LEFT, False),), colour=GREY)
        return
    ends = [at >= left_columns for at in range(len(heads))]
    yield Block(15, tuple(zip(heads, places, ends, strict=True)), BOLD, SIZE, True, GREY, keep=1)
    for row in rows:
        yield Block(14, tuple(zip(row, places, ends, strict=True)), TEXT, SIZE + 0.2, True)
    yield Block(8)


def _seal(statement: Statement) -> Iterator[Block]:
    yield Block(24, (("Signature", LEFT, False),), BOLD, 11, keep=4)
    words = (
        "The digest is SHA-256 of the same statement as CSV without its last line. Check number and "
        "digest, or a file, on the casino's page for statements; the public keys are there too."
    )
    yield Block(16, ((words, LEFT, False),), colour=GREY, keep=2)
    for label, text in (
        ("Digest", statement.digest),
        (f"Key {statement.key_id}", statement.signature),
    ):
        yield Block(13, ((label, LEFT, False), (text, LEFT + 62, False)), MONO, 7.4)


def _paginated(blocks: Iterator[Block]) -> list[list[Block]]:
    """Pages of blocks; a heading stays with what it heads."""
    every = list(blocks)
    pages: list[list[Block]] = [[]]
    room = HEAD_FIRST - BOTTOM
    for at, block in enumerate(every):
        if sum(one.height for one in every[at : at + 1 + block.keep]) > room and pages[-1]:
            pages.append([])
            room = HEAD_NEXT - BOTTOM
        pages[-1].append(block)
        room -= block.height
    return pages


def _draw(canvas: Canvas, blocks: list[Block], top: float) -> None:
    y = top
    for block in blocks:
        y -= block.height
        canvas.setFillColor(block.colour)
        canvas.setFont(block.font, block.size)
        for text, x, ends in block.cells:
            draw = canvas.drawRightString if ends else canvas.drawString
            draw(x, y + 4, _known(text, block.font))
        if block.ruled:
            _rule(canvas, y)


# ---- the movements ------------------------------------------------------------------------------
def _movements(canvas: Canvas, lines: list[Line], read: Read) -> None:
    y = HEAD_NEXT - 16
    canvas.setFillColor(GREY)
    canvas.setFont(BOLD, SIZE)
    for text, x in (("Time (UTC)", TIME), ("What", WHAT), ("Purse", PURSE)):
        canvas.drawString(x, y, text)
    canvas.drawRightString(AMOUNT, y, "Amount")
    canvas.drawRightString(BALANCE, y, "Balance after")
    _rule(canvas, y - 5)
    first = y - 5
    canvas.setFillColor(BAND)
    for at in range(1, len(lines), 2):
        canvas.rect(LEFT - 4, first - (at + 1) * ROW, RIGHT - LEFT + 8, ROW, stroke=0, fill=1)
    writer = _CellWriter(canvas)
    for at, line in enumerate(lines, start=1):
        baseline = first - at * ROW + 4
        writer.left(TIME, baseline, line.at.strftime("%Y-%m-%d %H:%M:%S"))
        writer.left(WHAT, baseline, _what(line, read))
        writer.left(PURSE, baseline, line.purse.label)
        writer.right(AMOUNT, baseline, f"{shown(line.amount)} {line.amount.currency.code}")
        writer.right(BALANCE, baseline, shown(line.balance))
    writer.finish()


def _what(line: Line, read: Read) -> str:
    words = WORDS[line.kind]
    if line.game:
        words = f"{words} \N{MIDDLE DOT} {read.title(line.game.slug)}"
    elif line.reverses_id is not None:
        words = f"{words} \N{MIDDLE DOT} entry {line.reverses_id}"
    return _cut(words, TEXT, SIZE, WHAT_WIDTH)


class _CellWriter:
    """Cells of one page in one text object.

    Characters below 128 have their own codes in the embedded font (`asciiReadable`), so a cell of
    them is one operator; other text goes reportlab's way.
    """

    def __init__(self, canvas: Canvas):
        self._canvas = canvas
        canvas.setFillColor(INK)
        self._text: PDFTextObject = canvas.beginText()
        self._text.setFont(TEXT, SIZE)
        self._is_ascii_font = False

    def left(self, x: float, y: float, text: str) -> None:
        if text.isascii() and self._is_ascii_font:
            self._text._code.append(f"1 0 0 1 {x:.2f} {y:.2f} Tm ({_escaped(text)}) Tj")
            return
        self._text.setTextOrigin(x, y)
        self._text.textOut(_known(text, TEXT))
        self._is_ascii_font = self._text._curSubset == 0

    def right(self, x: float, y: float, text: str) -> None:
        self.left(x - _width(text), y, text)

    def finish(self) -> None:
        self._canvas.drawText(self._text)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


# ---- what every page has --------------------------------------------------------------------------
def _frame(canvas: Canvas, statement: Statement, number: int, total: int) -> None:
    band = 64 if number == 1 else 34
    canvas.setFillColor(INK)
    canvas.rect(0, HEIGHT - band, WIDTH, band, stroke=0, fill=1)
    middle = HEIGHT - band / 2
    _mark(canvas, LEFT + 9, middle, 9 if number == 1 else 6)
    canvas.setFillColor(BONE)
    canvas.setFont(DISPLAY, 15 if number == 1 else 9.5)
    canvas.drawString(
        LEFT + 26, middle - (5 if number == 1 else 3.4), _known(statement.site_name, DISPLAY)
    )
    canvas.setFont(TEXT, 9 if number == 1 else 7.5)
    canvas.drawRightString(
        RIGHT,
        middle - 3,
        "Account statement" if number == 1 else f"{statement.period.words}",
    )
    _rule(canvas, BOTTOM - 12)
    canvas.setFillColor(GREY)
    canvas.setFont(MONO, 6.6)
    canvas.drawString(LEFT, BOTTOM - 24, f"{statement.number}  {statement.player_ref}")
    canvas.setFont(TEXT, 7.5)
    canvas.drawRightString(RIGHT, BOTTOM - 24, f"Page {number:,} of {total:,}")


def _mark(canvas: Canvas, x: float, y: float, radius: float) -> None:
    """The facet of the brand."""
    for colour, size in ((CINNABAR, radius), (INK, radius * 0.5)):
        path = canvas.beginPath()
        path.moveTo(x, y + size)
        path.lineTo(x + size, y)
        path.lineTo(x, y - size)
        path.lineTo(x - size, y)
        path.close()
        canvas.setFillColor(colour)
        canvas.drawPath(path, stroke=0, fill=1)


def _rule(canvas: Canvas, y: float) -> None:
    canvas.setStrokeColor(PALE)
    canvas.setLineWidth(0.5)
    canvas.line(LEFT, y, RIGHT, y)


# ---- fonts --------------------------------------------------------------------------------------
@cache
def _register() -> None:
    for name, file in FILES.items():
        pdfmetrics.registerFont(TTFont(name, FONTS / file, asciiReadable=True))


@cache
def _widths(font: str = TEXT) -> dict[int, float]:
    return dict(pdfmetrics.getFont(font).face.charWidths)


def _width(text: str) -> float:
    widths = _widths()
    return sum(widths.get(ord(one), 600) for one in text) * SIZE / 1000


def _known(text: str, font: str) -> str:
    """What the font cannot draw becomes a question mark; the CSV has it as it is."""
    widths = _widths(font)
    return text if text.isascii() else "".join(c if ord(c) in widths else "?" for c in text)


@cache
def _cut_cached(text: str, font: str, size: float, width: float) -> str:
    if pdfmetrics.stringWidth(text, font, size) <= width:
        return text
    while text and pdfmetrics.stringWidth(text + "…", font, size) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def _cut(text: str, font: str, size: float, width: float) -> str:
    return _cut_cached(text, font, size, width)
