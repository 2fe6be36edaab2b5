"""The verification desk of the demo: people at every stage, with drawn specimens for papers.

They tell their details and hand files in through the same services as everybody; nothing here looks
like a real document, and the watch list has invented names only.
"""

import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from PIL import Image, ImageDraw, ImageFont

from apps.accounts.models import Player, User
from apps.core.clock import now
from apps.kyc.models import Case
from apps.kyc.persons import Details
from apps.kyc.services import cases, reviews

REASON = "Seeded with the demo"
PAPER, INK, RULE, SEAL = (238, 231, 214), (42, 34, 30), (186, 172, 146), (176, 58, 38)
NAMES = {
    "Larkspur": ("Helena", "Vasconcelos", "Rua do Alecrim 40", "Lisboa", "1200-018"),
    "Fennel": ("Tomas", "Lindqvist", "Storgatan 8", "Uppsala", "753 31"),
    "Sorrel": ("Mireia", "Puig", "Rua das Flores 3", "Porto", "4050-262"),
    "Yarrow": ("Helena", "Vasconcelos", "Rua do Alecrim 40", "Lisboa", "1200-018"),
    "Teasel": ("Casimir", "Oblomovsky", "Ulica Lipowa 5", "Gdynia", "81-572"),
}
LIST = {
    "version": "Invented for the demo",
    "entries": [
        {
            "ref": "DEMO-1",
            "names": ["OBLOMOVSKY, Casimir"],
            "birth_dates": ["1971"],
            "countries": ["PL"],
            "grounds": ["pep"],
            "lists": ["Invented list"],
        }
    ],
}


def write_list() -> None:
    """Before anybody withdraws: a list that is set up and cannot be read clears nobody."""
    path = Path(settings.WATCH_LIST_FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(LIST, indent=1))


def furnish(*, people: list[Player], reviewer: User, say: Callable[[str], None]) -> None:
    """Make what is missing. Safe to run again."""
    for player in people:
        if Case.objects.filter(player=player).exists():
            continue
        details = _details(player)
        cases.declare(player=player, details=details)
        player.refresh_from_db()
        match player.display_name:
            case "Larkspur":
                _hand_in(player, details, 2, ("document", "selfie", "address"))
            case "Fennel":
                case = _hand_in(player, details, 2, ("document", "selfie", "address"))
                reviews.review(
                    case.public_id, by=reviewer, verdict="retry", reason="Glare over the number",
                    labels=["blurred"], again=["document"],
                )  # fmt: skip
            case "Sorrel":
                case = _hand_in(player, details, 2, ("document", "selfie", "address"))
                reviews.review(
                    case.public_id, by=reviewer, verdict="approve", reason="All of it fits",
                    valid_until=now().date() + timedelta(days=1500),
                )  # fmt: skip
                case = _hand_in(player, details, 3, ("funds",))
                reviews.review(
                    case.public_id,
                    by=reviewer,
                    verdict="approve",
                    reason="Payslips of three months",
                )
    say("people at every level of verification, papers to review, a match and a hit to decide")


def _details(player: Player) -> Details:
    first, last, street, city, post_code = NAMES[player.display_name]
    return Details(
        first_name=first,
        last_name=last,
        birth_date=player.birth_date.isoformat(),
        street=street,
        city=city,
        post_code=post_code,
        country=player.country,
    )


def _hand_in(player: Player, details: Details, level: int, kinds: tuple[str, ...]) -> Case:
    for kind in kinds:
        cases.hand_in(
            player=player, level=level, kind=kind, name=f"{kind}.png",
            content=specimen(kind, details),
        )  # fmt: skip
    return cases.submit(player=player, level=level)


def specimen(kind: str, details: Details) -> bytes:
    """A picture that says of itself that it is none of a real paper."""
    size = (900, 560) if kind in ("document", "selfie") else (800, 1100)
    image = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((24, 24, size[0] - 24, size[1] - 24), outline=RULE, width=3)
    title = {
        "document": "IDENTITY CARD", "selfie": "SELFIE", "address": "ELECTRICITY BILL",
        "funds": "PAYSLIP",
    }[kind]  # fmt: skip
    _write(draw, (60, 56), title, 40)
    if kind in ("document", "selfie"):
        _face(draw, (70, 150) if kind == "document" else (300, 130), 1 if kind == "document" else 2)
    left = 380 if kind == "document" else 60
    lines = {
        "document": [
            details.last_name, details.first_name, f"born {details.birth_date}", details.country,
            "No. X00000000", "ends 2031-05-01",
        ],
        "selfie": [],
        "address": [
            details.name, details.street, f"{details.post_code} {details.city}", "",
            f"{now():%-d %B %Y}", "Amount due 41.20 EUR",
        ],
        "funds": [details.name, "", f"{now():%B %Y}", "Gross 4,120.00 EUR", "Net 2,910.40 EUR"],
    }[kind]  # fmt: skip
    for index, line in enumerate(lines):
        _write(draw, (left, 150 + index * 56), line, 30)
    _write(draw, (60, size[1] - 90), "SPECIMEN, drawn for a demo", 30, SEAL)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _face(draw: ImageDraw.ImageDraw, at: tuple[int, int], scale: int) -> None:
    x, y = at
    draw.rectangle((x, y, x + 240 if scale == 1 else x + 300, y + 300), fill=(214, 205, 186))
    middle = x + (120 if scale == 1 else 150)
    draw.ellipse((middle - 60, y + 50, middle + 60, y + 180), fill=(120, 104, 90))
    draw.pieslice((middle - 110, y + 190, middle + 110, y + 410), 180, 360, fill=(120, 104, 90))


def _write(
    draw: ImageDraw.ImageDraw,
    at: tuple[int, int],
    text: str,
    size: int,
    ink: tuple[int, int, int] = INK,
) -> None:
    draw.text(at, text, fill=ink, font=ImageFont.load_default(size))
