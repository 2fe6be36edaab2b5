"""Players with papers, and reviewers."""

import io
from datetime import date
from typing import Any

from django.contrib.auth.models import Group
from PIL import Image, ImageDraw

from apps.accounts.models import Player, User
from apps.kyc.models import Case
from apps.kyc.persons import Details
from apps.kyc.services import cases
from tests.conftest import PASSWORD


def make_details(player: Player, **changed: str) -> Details:
    told = {
        "first_name": "Ana",
        "last_name": "Sørensen",
        "birth_date": player.birth_date.isoformat(),
        "street": "Rua Nova 12",
        "city": "Porto",
        "post_code": "4050-123",
        "country": player.country,
    }
    return Details(**{**told, **changed})


def picture(kind: str = "JPEG", size: tuple[int, int] = (640, 400), **options: Any) -> bytes:
    """A drawn specimen; nobody's document."""
    image = Image.new("RGB", size, (236, 230, 214))
    ImageDraw.Draw(image).text((24, 24), "SPECIMEN", fill=(40, 30, 30))
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def make_reviewer(name: str = "kyc", role: str = "kyc") -> User:
    user = User.objects.create_user(f"{name}@staff.example", PASSWORD, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


def hand_in_everything(player: Player, level: int = 2) -> Case:
    """Details, one picture for each step, and the question for the review."""
    if not Case.objects.filter(player=player, level=1).exists():
        cases.declare(player=player, details=make_details(player))
    kinds = {2: ("document", "selfie", "address"), 3: ("funds",)}[level]
    for kind in kinds:
        cases.hand_in(player=player, level=level, kind=kind, name="a.jpg", content=picture())
    return cases.submit(player=player, level=level)


IN_DATE = date(2031, 5, 1)
