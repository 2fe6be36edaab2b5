"""Where players are: databases, registration, sign-in, another address, every half hour."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from apps.accounts import services as accounts
from apps.accounts.errors import CountryBlocked
from apps.accounts.models import Player
from apps.audit.models import Record
from apps.core.clock import now
from apps.events.models import Event
from apps.ledger.models import Block
from apps.risk import centres, geo, location
from apps.risk.errors import LocationUnknown
from apps.risk.models import LocationCheck
from apps.wallet import restrictions
from tests.api.clients import with_key
from tests.games.factories import make_game

# As the registries have assigned them.
GERMAN, BRITISH, JAPANESE = "5.9.0.1", "212.58.244.20", "1.0.16.1"
FIRST_SIX = "2a01:4f8::1"


@pytest.fixture(autouse=True)
def _addresses_count(settings: Any) -> None:
    settings.GEO_PRIVATE_IS_HOME = False
    settings.BLOCKED_COUNTRIES = ["GB"]


def stopped(player: Player, what: int = Block.PLAY) -> bool:
    return restrictions.stops(player.pk, what)


# ---- databases -------------------------------------------------------------------------------------


@pytest.mark.rule("AML-17")
@pytest.mark.parametrize(
    ("ip", "country"),
    [
        (GERMAN, "DE"),
        (BRITISH, "GB"),
        (f"::ffff:{JAPANESE}", "JP"),
        (FIRST_SIX, "DE"),
        ("10.0.0.1", ""),
        ("fe80::1%eth0", ""),
        ("192.0.2.1", ""),
        ("none", ""),
        (None, ""),
    ],
)
def test_out_of_the_box_the_registries_say_where_an_address_is(
    ip: str | None, country: str
) -> None:
    place = geo.place_of(ip)

    assert (place.country, place.hides) == (country, "")
    assert place.database.startswith("iptocc ")


def test_other_databases_can_be_set_up(tmp_path: Path, settings: Any) -> None:
    plain, numbers, binary = (tmp_path / name for name in ("a.csv", "geoip", "a.mmdb"))
    plain.write_text("5.9.0.0,5.9.255.255,FR\n2a01:4f8::,2a01:4f8:ffff::,UK\n")
    numbers.write_text("# Tor's form\n84475904,84541439,SE\n84541440,84541450,??\n")
    writer = MMDBWriter(4, "DBIP-Country-Lite", languages=["en"])
    writer.insert_network(IPSet(["5.9.0.0/16"]), {"country": {"iso_code": "NO"}})
    writer.to_db_file(str(binary))

    def found(file: Path, ip: str) -> str:
        settings.GEOIP_PATH = str(file)
        return geo.country_of(ip)

    assert [found(plain, ip) for ip in (GERMAN, FIRST_SIX, BRITISH, "5.8.0.1")] == [
        "FR", "GB", "", "",
    ]  # fmt: skip
    assert [found(numbers, ip) for ip in (GERMAN, "5.10.0.1", BRITISH)] == ["SE", "", ""]
    assert [found(binary, ip) for ip in (GERMAN, BRITISH)] == ["NO", ""]
    assert geo.place_of(GERMAN).database.startswith("DBIP-Country-Lite 20")
    plain.write_text("5.9.0.0,5.8.0.0,FR\n")
    with pytest.raises(ValueError, match="is no range"):
        geo.database_of(str(plain))


@pytest.mark.rule("AML-18")
def test_networks_that_hide_somebody_are_told_by_the_smallest(
    tmp_path: Path, settings: Any
) -> None:
    file = tmp_path / "networks.txt"
    file.write_text("5.9.0.0/16 hosting a company\n5.9.0.0/24 vpn # theirs\n2a01::/16 tor\n")
    settings.GEO_NETWORKS_PATH = str(file)

    kinds = [geo.place_of(ip).hides for ip in (GERMAN, "5.9.7.1", FIRST_SIX, BRITISH)]

    assert kinds == ["vpn", "hosting", "tor", ""]
    assert geo.Networks(geo.OWN_NETWORKS).kind(geo.parsed("198.51.100.1")) == "vpn"  # type: ignore[arg-type]


# ---- registration ----------------------------------------------------------------------------------


def register(ip: str | None, country: str = "DE") -> Player:
    return accounts.register_player(
        email=f"new-{ip}@example.com".replace(":", "-"),
        password="correct horse battery",
        display_name="newcomer",
        birth_date=date(1990, 5, 17),
        country=country,
        terms_accepted=True,
        ip=ip,
    )


@pytest.mark.rule("AML-17")
@pytest.mark.django_db
def test_nobody_registers_from_a_blocked_country_or_from_nowhere(client: Client) -> None:
    for ip, country, error in (
        (BRITISH, "DE", CountryBlocked),
        (GERMAN, "GB", CountryBlocked),
        ("192.0.2.1", "DE", LocationUnknown),
    ):
        with pytest.raises(error):
            register(ip, country)
    form = {
        "email": "ann@example.com", "password1": "correct horse battery", "display_name": "ann",
        "birth_date": "1990-05-17", "country": "DE", "terms": "on",
    }  # fmt: skip
    page = client.post("/accounts/signup/", form, REMOTE_ADDR=BRITISH)

    assert not Player.objects.exists()
    assert "We cannot offer our games where you are now." in page.content.decode()
    assert register(GERMAN).country == "DE"


# ---- play ------------------------------------------------------------------------------------------


@pytest.mark.rule("AML-17", "AML-18")
@pytest.mark.django_db
def test_a_wrong_place_stops_play_and_deposits_until_the_player_is_back(player: Player) -> None:
    made = location.check(player=player, ip=BRITISH, occasion="moved")

    assert (made.country, made.residence, made.refusal, made.flags) == (
        "GB", "DE", "country", ["country"],
    )  # fmt: skip
    assert stopped(player)
    assert stopped(player, Block.DEPOSIT)
    assert not stopped(player, Block.WITHDRAW)
    [restriction] = restrictions.standing(player.pk)
    assert restriction.words == "We cannot offer our games where you are now."
    record = Record.objects.get(action="location.refused")
    assert (record.subject_id, record.after["country"]) == (str(player.pk), "GB")

    location.check(player=player, ip=BRITISH, occasion="interval")
    assert Record.objects.filter(action="location.refused").count() == 1
    location.check(player=player, ip=GERMAN, occasion="moved")
    assert not stopped(player)


@pytest.mark.rule("AML-18")
@pytest.mark.django_db
def test_signing_in_looks_first_and_another_address_looks_again(
    player: Player, client: Client, fund: Callable[..., Any]
) -> None:
    fund(player, "10", "EUR")
    credentials = {"login": "alice@example.com", "password": "correct horse battery"}

    client.post("/accounts/login/", credentials, REMOTE_ADDR=GERMAN)
    assert [one.occasion for one in location.checks_of(player.pk)] == ["sign_in"]
    assert client.get("/wallet/", REMOTE_ADDR=GERMAN).status_code == 200
    assert LocationCheck.objects.count() == 1

    def bet(ip: str, key: str) -> int:
        body = {"amount": "1.00", "currency": "EUR", "choice": {"target": 5050, "over": True}}
        status: int = client.post(
            "/api/v1/originals/dice/bets/", body, "application/json",
            REMOTE_ADDR=ip, HTTP_IDEMPOTENCY_KEY=key,
        ).status_code  # fmt: skip
        return status

    assert (bet(GERMAN, "one"), bet(BRITISH, "two")) == (201, 403)
    assert [one.occasion for one in location.checks_of(player.pk)] == ["moved", "sign_in"]
    assert stopped(player)

    client.get("/wallet/", REMOTE_ADDR=GERMAN)
    assert not stopped(player)


@pytest.mark.rule("AML-18")
@pytest.mark.django_db
def test_every_half_hour_it_is_looked_again(player: Player, client: Client) -> None:
    client.force_login(player.user)
    client.get("/wallet/", REMOTE_ADDR=GERMAN)
    session = client.session
    session[location.MARK] = {**session[location.MARK], "until": (now()).timestamp()}
    session.save()

    client.get("/wallet/", REMOTE_ADDR=GERMAN)

    assert [one.occasion for one in location.checks_of(player.pk)] == ["interval", "sign_in"]
    wait = client.session[location.MARK]["until"] - now().timestamp()
    assert timedelta(minutes=29).total_seconds() < wait <= timedelta(minutes=30).total_seconds()


@pytest.mark.rule("AML-18")
@pytest.mark.django_db
def test_programs_are_looked_at_too(player: Player) -> None:
    caller = with_key(player, "read")

    def call(ip: str) -> int:
        status: int = caller.client.get("/api/v1/me/", REMOTE_ADDR=ip).status_code
        return status

    statuses = [call(ip) for ip in (GERMAN, GERMAN, BRITISH)]

    assert statuses == [200, 200, 200]
    assert [one.ip for one in location.checks_of(player.pk)] == [BRITISH, GERMAN]
    assert stopped(player)
    assert call(GERMAN) == 200
    assert not stopped(player)


@pytest.mark.rule("AML-18")
@pytest.mark.django_db
def test_who_plays_on_unseen_is_stopped_and_freed_by_the_next_look(
    player: Player, other_player: Player, settings: Any
) -> None:
    settings.PLAYERS_AT_PLAY = f"{__name__}.both"
    both.ids = [player.pk, other_player.pk]  # type: ignore[attr-defined]
    then = now() - timedelta(minutes=36)
    location.check(player=player, ip=GERMAN, occasion="sign_in", at=then)
    location.check(player=other_player, ip=GERMAN, occasion="sign_in", at=then)
    location.check(player=other_player, ip=GERMAN, occasion="interval")

    assert location.stop_overdue() == 1
    assert location.stop_overdue() == 0

    assert (stopped(player), stopped(other_player)) == (True, False)
    location.check(player=player, ip=GERMAN, occasion="interval")
    assert not stopped(player)


def both() -> list[int]:
    found: list[int] = both.ids  # type: ignore[attr-defined]
    return found


@pytest.mark.rule("AML-18")
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("minutes", "there", "flags"),
    [(60, JAPANESE, ["country", "travel"]), (14 * 60, JAPANESE, ["country"]), (1, GERMAN, [])],
)
def test_travel_that_nobody_can_have_made_is_flagged_and_stops_nothing(
    player: Player, minutes: int, there: str, flags: list[str]
) -> None:
    at = now()
    location.check(player=player, ip=GERMAN, occasion="sign_in", at=at - timedelta(minutes=minutes))

    made = location.check(player=player, ip=there, occasion="moved", at=at)

    assert made.flags == flags
    assert not stopped(player)
    told = Event.objects.filter(name__endswith="PlayerLocated")
    assert [one.data["flags"] for one in told] == ([",".join(flags)] if flags else [])
    assert 8_500 < (centres.kilometres("DE", "JP") or 0) < 9_500


@pytest.mark.rule("AML-18")
@pytest.mark.django_db
def test_hidden_networks_are_flagged_and_refused_where_that_is_wanted(
    player: Player, tmp_path: Path, settings: Any
) -> None:
    file = tmp_path / "networks.txt"
    file.write_text("5.9.0.0/16 vpn\n")
    settings.GEO_NETWORKS_PATH = str(file)

    noted = location.check(player=player, ip=GERMAN, occasion="sign_in")
    settings.GEO_HIDDEN_REFUSED = True
    refused = location.check(player=player, ip=GERMAN, occasion="interval")

    assert (noted.flags, noted.refusal) == (["vpn"], "")
    assert (refused.flags, refused.refusal) == (["vpn"], "hidden")
    assert stopped(player)


@pytest.mark.rule("AML-18")
@pytest.mark.django_db
def test_a_private_address_is_home_on_a_laptop_only(player: Player, settings: Any) -> None:
    away = location.judge(residence="DE", ip="127.0.0.1")
    settings.GEO_PRIVATE_IS_HOME = True
    home = location.judge(residence="DE", ip="127.0.0.1")
    blocked = location.judge(residence="GB", ip="127.0.0.1")

    assert (away.refusal, home.refusal, blocked.refusal) == ("unknown", "", "residence")


@pytest.mark.rule("AML-18")
@pytest.mark.django_db
def test_a_stopped_player_opens_no_game(player: Player, client: Client) -> None:
    game = make_game()
    client.force_login(player.user)

    page = client.post(f"/games/{game.slug}/launch/", {"currency": "BTC"}, REMOTE_ADDR=BRITISH)

    assert page.status_code == 403
    assert "We cannot offer our games where you are now." in page.content.decode()
    assert not player.game_sessions.exists()
