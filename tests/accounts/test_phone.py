"""A phone number is kept once its owner has typed in the code that was sent there."""

import re
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.contrib.sessions.backends.cached_db import SessionStore
from django.core import mail

from apps.accounts import codes, phones
from apps.accounts.errors import CodeExpired, PhoneTaken, WrongCode
from apps.accounts.models import OneTimeCode, Phone, Player
from apps.audit.models import Alarm, Record
from apps.core import secrets
from apps.core.clock import now
from apps.core.errors import InvalidInput, RateLimited
from apps.events.models import Event
from apps.messaging import access, texts
from apps.messaging.models import Text

pytestmark = pytest.mark.django_db

NUMBER = "+4915112345678"
PHONE = OneTimeCode.Purpose.PHONE


@pytest.mark.rule("ACC-09", "SEC-06")
def test_a_number_is_confirmed_told_and_used_once(player: Player) -> None:
    session = SessionStore()
    _issue(player, "0049 151 1234-5678", session)
    text = _text_of(player)

    phones.confirm(player=player, code=text, session=session, ip=None)
    with pytest.raises(CodeExpired):
        phones.confirm(player=player, code=text, session=session, ip=None)
    _issue(player, "+43 664 1234567", session)
    phones.confirm(player=player, code=_text_of(player), session=session, ip=None)
    mail.outbox.clear()
    changed = [
        event for event in Event.objects.order_by("pk") if event.name.endswith("PhoneChanged")
    ]
    access.phone_changed(_event(changed[-1]))

    player.refresh_from_db()
    assert Phone.objects.get().number == "+436641234567"
    assert player.credentials_changed_at is not None
    assert Record.objects.filter(action="player.phone_changed").count() == 2
    # The old contact hears of it, by text, and the mailbox too.
    assert Text.objects.get().to_number == NUMBER
    assert [message.to for message in mail.outbox] == [[player.user.email]]


@pytest.mark.rule("SEC-06")
@pytest.mark.parametrize(("seconds", "is_good"), [(-1, True), (0, False), (1, False)])
def test_a_code_works_for_ten_minutes(player: Player, seconds: int, is_good: bool) -> None:
    session, at = SessionStore(), now()
    _issue(player, NUMBER, session, at=at)
    text = _text_of(player)
    when = at + timedelta(minutes=10, seconds=seconds)

    try:
        codes.redeem(player=player, purpose=PHONE, text=text, session=session, ip=None, at=when)
    except CodeExpired:
        was_good = False
    else:
        was_good = True

    assert was_good is is_good
    assert OneTimeCode.objects.filter(used_at__isnull=False).count() == int(is_good)


@pytest.mark.rule("SEC-06")
def test_a_code_is_for_one_session_and_five_tries(player: Player, other_player: Player) -> None:
    session = SessionStore()
    _issue(player, NUMBER, session)
    text = _text_of(player)

    with pytest.raises(WrongCode):  # right, but asked for elsewhere
        phones.confirm(player=player, code=text, session=SessionStore(), ip=None)
    with pytest.raises(CodeExpired):
        phones.confirm(player=other_player, code=text, session=session, ip=None)
    for _ in range(4):
        with pytest.raises(WrongCode):
            phones.confirm(player=player, code="000000", session=session, ip=None)
    with pytest.raises(RateLimited):
        phones.confirm(player=player, code=text, session=session, ip=None)
    with pytest.raises(RateLimited):  # nor by asking for another
        _issue(player, NUMBER, session)

    assert Phone.objects.count() == 0


@pytest.mark.rule("ACC-04")
def test_a_number_is_one_persons(player: Player, other_player: Player) -> None:
    Phone.objects.create(player=other_player, number=NUMBER, confirmed_at=now())
    session = SessionStore()
    _issue(player, NUMBER, session)

    with pytest.raises(PhoneTaken):
        phones.confirm(player=player, code=_text_of(player), session=session, ip=None)

    assert Phone.objects.get().player_id == other_player.pk
    assert Alarm.objects.get(code="accounts.duplicate_phone").subject == player.public_id
    # Whoever closed theirs may come again.
    Player.objects.filter(pk=other_player.pk).update(status=Player.Status.CLOSED)
    _issue(player, NUMBER, session)
    phones.confirm(player=player, code=_text_of(player), session=session, ip=None)
    assert Phone.objects.get().player_id == player.pk


@pytest.mark.parametrize("number", ["", "15112345678", "+0151123456", "+49", "+49x", "\x00"])
def test_what_is_no_number_is_refused(number: str, player: Player) -> None:
    with pytest.raises(InvalidInput):
        phones.begin(player=player, number=number, session=SessionStore(), ip=None)

    assert OneTimeCode.objects.count() == 0


def test_a_code_goes_out_through_the_gateway_and_is_forgotten(
    player: Player, settings: Any
) -> None:
    code = _issue(player, NUMBER, SessionStore())
    found: list[bytes] = []

    class Gateway(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.append(self.rfile.read(int(self.headers["Content-Length"])))
            # The first try finds it busy.
            self.send_response(202 if len(found) > 1 else 503)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Gateway)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    settings.TEXT_GATEWAY_BASE_URL = f"http://127.0.0.1:{server.server_port}"
    settings.TEXT_GATEWAY_TOKEN = "test-gateway-token"

    access.code_issued(access.CodeIssued(player_id=player.pk, code_id=code.pk))
    texts.send_due()
    row = Text.objects.get()
    assert row.state == Text.State.QUEUED
    Text.objects.update(due_at=now())
    texts.send_due()
    server.shutdown()

    row.refresh_from_db()
    assert (row.state, row.body, row.tries) == (Text.State.SENT, None, 2)
    assert re.search(rb'"to": "\+4915112345678".*\b\d{6} is your code', found[1])
    code.refresh_from_db()
    assert code.sealed is None


def _issue(player: Player, number: str, session: Any, **when: Any) -> OneTimeCode:
    if when:
        return codes.issue(
            player=player, purpose=PHONE, target=number, session=session, ip=None, **when
        )
    return phones.begin(player=player, number=number, session=session, ip=None)


def _text_of(player: Player) -> str:
    code = OneTimeCode.objects.filter(player=player).latest("pk")
    return secrets.unseal(
        code.sealed or b"", place=f"accounts_one_time_code.sealed:{code.public_id}"
    )


def _event(row: Event) -> Any:
    return access.PhoneChanged(**row.data)
