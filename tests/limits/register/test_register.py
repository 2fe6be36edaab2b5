"""The national register: at registration, at each sign-in, before an offer; and when it is away."""

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from apps.accounts import consents
from apps.accounts.models import Player, User
from apps.integrations import breaker
from apps.kyc import persons
from apps.ledger.models import Block
from apps.limits import registers
from apps.limits.models import RegisterCheck
from apps.limits.registers import EXCLUDED, UNASKED
from apps.messaging import letters
from apps.messaging.mail import send_due
from apps.messaging.models import Mail
from apps.wallet import restrictions
from tests.conftest import make_player
from tests.simulator_client import Register, Sendpost

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.rule("RG-21")]

EMAIL = "brit@example.com"
CREDENTIALS = {"login": EMAIL, "password": "correct horse battery"}
FORM = {
    "email": EMAIL, "username": "brit", "password1": CREDENTIALS["password"],
    "display_name": "brit", "birth_date": "1990-05-17", "country": "GB", "terms": "on",
}  # fmt: skip
PERSON = {"dateOfBirth": "1990-05-17", "email": EMAIL}


@pytest.fixture(autouse=True)
def _open_to_britain(settings: Any) -> None:
    settings.BLOCKED_COUNTRIES = []
    settings.COUNTRY_PROFILES = ["GB:GB"]


@pytest.fixture
def brit(register: Register) -> Player:
    return make_player("brit", email=EMAIL, country="GB")


def sign_in() -> Client:
    client = Client()
    assert client.post("/accounts/login/", CREDENTIALS).status_code == 302
    return client


def codes(player: Player) -> set[str]:
    return {one.code for one in restrictions.standing(player.pk)} & {EXCLUDED, UNASKED}


def may(player: Player) -> tuple[bool, bool, bool]:
    """Play, deposit, withdraw, as far as the register is concerned."""
    stops = 0
    for one in restrictions.standing(player.pk):
        stops |= one.stops if one.code in {EXCLUDED, UNASKED} else 0
    return (not stops & Block.PLAY, not stops & Block.DEPOSIT, not stops & Block.WITHDRAW)


def test_who_is_in_the_register_gets_no_account(register: Register, client: Client) -> None:
    register.add(**PERSON)

    page = client.post("/accounts/signup/", FORM)

    assert not User.objects.filter(email=EMAIL).exists()
    assert "We may not open an account for you." in page.content.decode()
    [asked] = register.questions()
    assert (asked["email"], asked["dateOfBirth"], asked["answer"]) == (EMAIL, "1990-05-17", "Y")


def test_each_sign_in_asks_and_the_answer_of_the_day_counts(
    brit: Player, register: Register
) -> None:
    sign_in()
    assert codes(brit) == set()

    number = register.add(**PERSON)
    sign_in()
    assert (codes(brit), may(brit)) == ({EXCLUDED}, (False, False, True))

    register.remove(number)
    sign_in()

    assert (codes(brit), may(brit)) == (set(), (True, True, True))
    assert len(register.questions()) == 3
    verdicts = RegisterCheck.objects.order_by("id").values_list("verdict", flat=True)
    assert list(verdicts) == ["clear", "excluded", "clear"]
    assert all(RegisterCheck.objects.values_list("reference", flat=True))


@pytest.mark.parametrize(
    "fault",
    [{"api_answer": "error_before"}, {"api_answer": "refuse"}, {"api_delay_ms": 1500}, None],
    ids=["error", "refusal", "slow", "unreachable"],
)
def test_no_answer_counts_as_excluded_until_there_is_one(
    brit: Player, register: Register, settings: Any, fault: dict[str, Any] | None
) -> None:
    settings.REGISTER_TIMEOUT_SECONDS = 1
    there = settings.GAMSTOP_BASE_URL
    if fault is None:
        settings.GAMSTOP_BASE_URL = "http://127.0.0.1:9"
    else:
        register.switches(**fault)

    sign_in()

    assert (codes(brit), may(brit)) == ({UNASKED}, (False, False, True))
    assert RegisterCheck.objects.get().verdict == "none"

    settings.GAMSTOP_BASE_URL = there
    register.switches()
    breaker.forget()
    assert registers.ask_again() == 1
    assert (codes(brit), may(brit)) == (set(), (True, True, True))
    assert registers.ask_again() == 0


def test_an_outage_frees_nobody_and_a_circuit_that_is_open_counts_as_one(
    brit: Player, register: Register
) -> None:
    register.add(**PERSON)
    sign_in()
    asked = len(register.questions())
    breaker.force("register GAMSTOP", "ask", "open")

    sign_in()

    assert codes(brit) == {EXCLUDED}
    assert len(register.questions()) == asked > 0


def test_a_register_that_is_not_set_up_lets_nobody_play_but_on_a_laptop(
    brit: Player, settings: Any
) -> None:
    settings.GAMSTOP_BASE_URL = ""
    sign_in()
    assert codes(brit) == set()

    settings.REGISTERS_OPTIONAL = False
    sign_in()
    assert codes(brit) == {UNASKED}
    # No line of the table is an adapter for these.
    settings.COUNTRY_PROFILES = ["GB:DE"]
    sign_in()
    assert codes(brit) == {UNASKED}


@pytest.mark.parametrize(
    ("state", "down", "is_sent"), [("", False, True), ("Y", False, False), ("P", False, False), ("", True, False)]
)  # fmt: skip
def test_an_offer_asks_when_it_leaves(
    brit: Player, register: Register, sendpost: Sendpost, state: str, down: bool, is_sent: bool
) -> None:
    consents.set_mail(player=brit, is_given=True, source="page")
    letters.send(brit, "offers_welcome", {"site_url": "https://casino.test"})
    if state:
        register.add(**PERSON, state=state)
    if down:
        register.switches(api_answer="error_before")

    send_due()

    mail = Mail.objects.get(kind="offers_welcome")
    assert (mail.state == Mail.State.SUPPRESSED) is not is_sent
    assert len(sendpost.messages(to=EMAIL)) == int(is_sent)
    assert codes(brit) == ({EXCLUDED} if state == "Y" else set())


def test_who_has_said_their_name_is_asked_about_by_it(brit: Player, register: Register) -> None:
    details = persons.Details(
        "Ann", "Brit", "1990-05-17", "1 High Street", "Leeds", "LS1 4AP", "GB"
    )
    with transaction.atomic():
        persons.keep_details(brit, details)
    register.add(dateOfBirth="1990-05-17", lastName="BRIT", postcode="ls14ap")

    sign_in()

    assert codes(brit) == {EXCLUDED}
    [asked] = register.questions()
    assert (asked["firstName"], asked["postcode"]) == ("Ann", "LS1 4AP")


def test_people_of_countries_without_a_register_are_not_asked_about(
    register: Register, client: Client
) -> None:
    player = make_player("carl", email="carl@example.com", country="AT")

    client.post("/accounts/login/", {**CREDENTIALS, "login": "carl@example.com"})

    assert (register.questions(), codes(player)) == ([], set())
    assert registers.may_be_addressed(player)
