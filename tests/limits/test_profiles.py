"""Jurisdiction profiles: their values, who has which, and how two people change one."""

from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.errors import CountryBlocked, TooYoung
from apps.accounts.models import Player
from apps.audit import proposals
from apps.audit.errors import NotPermitted, SamePerson
from apps.audit.models import Record
from apps.core.errors import Conflict, InvalidInput
from apps.limits import profile_acts, profiles
from apps.limits.models import ProfileChange
from tests.conftest import make_player, make_staff
from tests.operator.factories import make_staff as operator
from tests.operator.factories import signed_in

pytestmark = pytest.mark.django_db

# What the catalogue names by profile: STRICT, THRESHOLD, GB, DE, ES.
TABLE: dict[str, tuple[object, ...]] = {
    "kyc_before_deposit": (True, False, True, True, True),
    "kyc_value": (Decimal(2000),) * 5,
    "tips": (False, True, False, False, False),
    "withdrawal_cancel": (False,) * 5,
    "increase_wait_hours": (24, 24, 24, 168, 0),
    "increase_wait_working_days": (0, 0, 0, 0, 3),
    "increase_every_days": (0, 0, 0, 0, 90),
    "deposit_day_max": (None, None, None, None, Decimal(700)),
    "deposit_week_max": (None, None, None, None, Decimal(1750)),
    "deposit_month_max": (None, None, None, Decimal(1000), Decimal(3300)),
    "autoplay": (False, True, False, False, False),
    "slot_round_ms_min": (2500, 0, 2500, 5000, 3000),
    "other_round_ms_min": (2500, 0, 5000, 5000, 3000),
    "bonus_wagering_times_max": (35, 35, 10, 35, 35),
    "bonuses": ("open", "open", "one product an offer", "restricted", "restricted"),
    "vip": (True, True, True, False, True),
    "vip_age_min": (18, 18, 18, 18, 26),
    "reality_minutes": (60,) * 5,
    "reality_pause_minutes": (0, 0, 0, 5, 0),
    "session_plan": (False, False, False, False, True),
    "one_game_at_a_time": (False, False, False, True, False),
}


def test_every_profile_has_the_values_of_the_catalogue() -> None:
    assert profiles.NAMES == ("STRICT", "THRESHOLD", "GB", "DE", "ES")
    for field_name, row in TABLE.items():
        found = tuple(getattr(profiles.profile(name), field_name) for name in profiles.NAMES)
        assert found == row, field_name


def test_every_value_reads_back_what_it_writes() -> None:
    for name in profiles.NAMES:
        profile = profiles.defaults(name)
        for field_name in profiles.FIELDS:
            value = getattr(profile, field_name)
            text = "" if profiles.words(value) == "none" else profiles.words(value)
            if field_name == "bonuses":
                text = str(value)
            assert profiles.parse(field_name, text) == value
            assert profiles.from_json(field_name, profiles.to_json(value)) == value


@pytest.mark.rule("AUD-04")
def test_two_people_change_a_value_and_the_trail_tells(player: Player, settings: Any) -> None:
    maker, checker = make_staff("compliance"), make_staff("administrator")
    with pytest.raises(NotPermitted):
        profile_acts.propose_value(
            name="THRESHOLD", field_name="reality_minutes", text="30", by=checker, reason="x"
        )
    proposal = profile_acts.propose_value(
        name="THRESHOLD", field_name="reality_minutes", text="30", by=maker, reason="A new rule."
    )
    assert profiles.profile_of(player).reality_minutes == 60
    with pytest.raises((SamePerson, NotPermitted)):
        proposals.approve(
            proposal.public_id, by=maker, reason="Yes.", seen_hash=proposal.content_hash
        )
    proposals.approve(
        proposal.public_id, by=checker, reason="Yes.", seen_hash=proposal.content_hash
    )

    assert profiles.profile_of(player).reality_minutes == 30
    change = ProfileChange.objects.get()
    assert (change.before, change.after, change.reason) == (60, 30, "A new rule.")
    assert (change.proposed_by, change.approved_by) == (maker, checker)
    record = Record.objects.get(action="profile.changed")
    assert record.before == {"profile": "THRESHOLD", "reality_minutes": 60}
    assert record.after == {
        "profile": "THRESHOLD",
        "reality_minutes": 30,
        "proposed_by": "compliance@staff.example",
    }


def test_a_proposal_from_before_another_change_is_refused() -> None:
    maker, checker = make_staff("compliance"), make_staff("administrator")
    first, second = (
        profile_acts.propose_value(
            name="GB", field_name="tips_day_max", text=text, by=maker, reason="Less."
        )
        for text in ("50", "60.50")
    )
    proposals.approve(first.public_id, by=checker, reason="Yes.", seen_hash=first.content_hash)

    with pytest.raises(Conflict):
        proposals.approve(
            second.public_id, by=checker, reason="Yes.", seen_hash=second.content_hash
        )
    assert profiles.profile("GB").tips_day_max == Decimal(50)


@pytest.mark.parametrize(
    ("field_name", "text"),
    [
        ("tips", "maybe"),
        ("age_min", "-1"),
        ("age_min", "٣"),
        ("kyc_value", "1e9"),
        ("kyc_value", ""),
        ("kyc_value", "1.005"),
        ("bonuses", "many"),
        ("blocked_countries", "US,ATLANTIS"),
        ("reality_minutes_choices", "0,15"),
        ("reality_minutes", "60"),
        ("colour", "red"),
    ],
)
def test_what_is_no_value_is_refused_and_changes_nothing(field_name: str, text: str) -> None:
    maker = make_staff("compliance")
    with pytest.raises(InvalidInput):
        profile_acts.propose_value(
            name="STRICT", field_name=field_name, text=text, by=maker, reason="Try."
        )
    assert not ProfileChange.objects.exists()


@pytest.mark.rule("AML-17")
def test_countries_have_the_casinos_profile_or_their_own(settings: Any) -> None:
    settings.COUNTRY_PROFILES = ["GB:GB", "DE:DE"]
    assert profiles.profile_for("AT").name == "THRESHOLD"
    assert profiles.profile_for("DE").name == "DE"
    assert not profiles.is_open_to("GB")

    maker, checker = make_staff("compliance"), make_staff("administrator")
    for proposal in (
        profile_acts.propose_country(country="AT", name="ES", by=maker, reason="Moved."),
        profile_acts.propose_value(
            name="GB", field_name="blocked_countries", text="US", by=maker, reason="Licensed."
        ),
        profile_acts.propose_value(
            name="ES", field_name="age_min", text="40", by=maker, reason="Grown-ups."
        ),
    ):
        proposals.approve(
            proposal.public_id, by=checker, reason="Yes.", seen_hash=proposal.content_hash
        )

    assert profiles.profile_for("AT").name == "ES"
    assert profiles.assignments() == {"AT": "ES", "DE": "DE", "GB": "GB"}
    assert make_player(country="GB").country == "GB"
    with pytest.raises(CountryBlocked):
        make_player(country="US")
    with pytest.raises(TooYoung):
        make_player(country="AT")


def test_the_back_office_shows_proposes_and_previews() -> None:
    client = signed_in(operator("compliance"))

    def shown(path: str) -> str:
        answer = client.get(path)
        assert answer.status_code == 200
        return answer.content.decode()

    assert "all values are those of the release" in shown("/operator/profiles/")
    assert "may register" in shown("/operator/profiles/preview/?country=ES")
    blocked = shown("/operator/profiles/preview/?country=US")
    assert "refused: the country is blocked" in blocked
    form = {"value": "30", "reason": "A new rule."}
    path = "/operator/profiles/THRESHOLD/reality_minutes/"
    assert client.post(path, {**form, "value": "soon"}).status_code == 422
    assert client.post(path, form).status_code == 302
    assert "THRESHOLD: reality check every" in shown("/operator/profiles/")
    assert client.get("/operator/profiles/preview/?country=Mars").status_code == 404
    assert client.get("/operator/profiles/THRESHOLD/colour/").status_code == 404
    assert not ProfileChange.objects.exists()

    rg = signed_in(operator("rg"))
    assert rg.get("/operator/profiles/").status_code == 200
    assert rg.post(path, form).status_code == 403
