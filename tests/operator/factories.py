"""Staff with a second factor, and a small world with one of everything the back office shows."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count

from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from apps.accounts.models import ApiKey, Player, User
from apps.accounts.services import create_api_key, register_player
from apps.audit.alarms import raise_alarm
from apps.audit.models import Alarm
from apps.core.clock import now
from apps.core.money import Money
from apps.events.models import Delivery, Event
from apps.games.followers import Rounds
from apps.games.models import Game, GameSession, Studio
from apps.integrations import inbox
from apps.integrations.models import InboxMessage
from apps.ledger.followers import Positions, follow
from apps.ledger.models import Entry
from apps.ledger.selectors import currency
from apps.operator import services as staff
from apps.payments.models import Deposit, DepositAddress, Rail, Withdrawal
from apps.payments.services.withdrawals import request_withdrawal
from apps.reports.followers import Revenue
from apps.wallet import movements
from apps.wallet import services as wallets
from apps.wallet.movements import Bet, Rollback, Win

PASSWORD = "lacquer-and-gold-9"
ADDRESS = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"
numbers = count(1)


def make_staff(role: str) -> User:
    """A member of staff of a role, with an authenticator."""
    user, _ = staff.create_staff(
        email=f"{role}-{next(numbers)}@example.org",
        role=role,
        by="system",
        reason="For a test",
        password=PASSWORD,
    )
    staff.reset_second_factor(user_id=user.pk, by="system", reason="For a test")
    return user


def code_of(user: User, *, steps: int = 0) -> str:
    """The code their authenticator shows, `steps` half minutes from now."""
    device = TOTPDevice.objects.get(user=user)
    device.throttle_reset()
    drawn = totp(device.bin_key, step=device.step, t0=device.t0 - steps * device.step)
    return f"{drawn:06d}"


def signed_in(user: User) -> Client:
    """A browser in which they have entered, second factor included."""
    client = Client()
    client.force_login(user)
    session = client.session
    session["otp_device_id"] = TOTPDevice.objects.get(user=user).persistent_id
    session.save()
    return client


def make_player(name: str = "") -> Player:
    number = next(numbers)
    return register_player(
        email=f"player-{number}@example.net",
        password="a-long-pass-phrase",
        display_name=name or f"player-{number}",
        birth_date=date(1990, 5, 17),
        country="DE",
        terms_accepted=True,
    )


def make_deposit(player: Player, amount: str, *, code: str = "BTC") -> Deposit:
    """A confirmed deposit with its journal entry."""
    number, at = next(numbers), now()
    rail = Rail.objects.filter(currency_id=code).first()
    address, _ = DepositAddress.objects.get_or_create(
        player=player,
        rail=rail,
        defaults={
            "provider": "coinspaid",
            "address": f"tb1address{number}",
            "outside_ref": f"a{number}",
            "created_at": at,
        },
    )
    deposit = Deposit.objects.create(
        player=player,
        address=address,
        rail=rail,
        currency_id=code,
        provider="coinspaid",
        outside_ref=f"d{number}",
        state=Deposit.State.CONFIRMED,
        amount=amount,
        gross=amount,
        net=amount,
        txid=f"tx{number}",
        created_at=at,
        confirmed_at=at,
        updated_at=at,
    )
    wallet = wallets.open_wallet(player_id=player.pk, currency_code=code)
    result = movements.deposit_confirmed(
        partner="coinspaid",
        wallet_id=wallet.pk,
        amount=Money.parse(amount, currency(code)),
        key=f"d{number}",
        deposit_id=deposit.pk,
    )
    deposit.entry_id = result.entry_id
    deposit.save()
    return deposit


def make_session(player: Player, *, code: str = "BTC") -> GameSession:
    studio, _ = Studio.objects.get_or_create(slug="ember", name="Ember Works")
    game, _ = Game.objects.get_or_create(
        slug="amber-tide",
        defaults={
            "title": "Amber Tide",
            "provider": "softswiss",
            "identifier": "ember:AmberTide",
            "studio": studio,
            "category": "slots",
            "synced_at": now(),
        },
    )
    wallet = wallets.open_wallet(player_id=player.pk, currency_code=code)
    session, _ = GameSession.objects.get_or_create(
        player=player,
        game=game,
        ended_at=None,
        defaults={
            "wallet": wallet,
            "currency": code,
            "outside_ref": f"s{next(numbers)}",
            "started_at": now(),
        },
    )
    return session


def play(player: Player, stake: str, win: str, *, code: str = "BTC") -> str:
    """One round; its bet's outside id."""
    number, of = next(numbers), currency(code)
    session = make_session(player, code=code)
    wallet = wallets.open_wallet(player_id=player.pk, currency_code=code)
    movements.play(
        [
            Bet(f"b{number}", Money.parse(stake, of), f"r{number}", session.pk),
            Win(f"w{number}", Money.parse(win, of), f"r{number}", session.pk, closes_round=True),
        ],
        partner="softswiss",
        wallet_id=wallet.pk,
        currency=of,
    )
    return f"b{number}"


def roll_back(player: Player, target: str, *, code: str = "BTC") -> None:
    wallet = wallets.open_wallet(player_id=player.pk, currency_code=code)
    movements.play(
        [Rollback(f"x{next(numbers)}", target)],
        partner="softswiss",
        wallet_id=wallet.pk,
        currency=currency(code),
    )


def make_withdrawal(player: Player, amount: str = "0.02") -> Withdrawal:
    return request_withdrawal(
        player=player,
        amount=Money.parse(amount, currency("BTC")),
        rail=Rail.objects.get(code="BTC"),
        address=ADDRESS,
        key=f"k{next(numbers)}",
    )


def follow_journal() -> None:
    """Let the followers read to the end of what this test wrote."""
    newest = Entry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    for follower in (Revenue(), Rounds(), Positions()):
        while follow(follower, newest):
            pass


def make_parked_callback() -> InboxMessage:
    message = inbox.receive("coinspaid", "deposit", b'{"id": 7}', {}, outside_ref="ref-7")
    InboxMessage.objects.filter(pk=message.pk).update(state=InboxMessage.State.PARKED, due_at=None)
    return message


def make_dead_delivery() -> Delivery:
    event = Event.objects.create(name="apps.x.Happened", data={"id": 1}, at=now())
    return Delivery.objects.create(
        event=event, handler="apps.x.f", state=Delivery.State.DEAD, tries=8, due_at=now()
    )


def make_alarm(subject: str = "") -> Alarm:
    raise_alarm("test.alarm", subject=subject, message="Something is off.", severity="critical")
    return Alarm.objects.get(code="test.alarm", subject=subject, resolved_at=None)


@dataclass(frozen=True)
class World:
    player: Player
    deposit: Deposit
    withdrawal: Withdrawal
    session: GameSession
    alarm: Alarm
    callback: InboxMessage
    delivery: Delivery
    key: ApiKey


def make_world() -> World:
    """One of everything."""
    player = make_player()
    Player.objects.filter(pk=player.pk).update(seen_at=now() - timedelta(minutes=1))
    deposit = make_deposit(player, "0.5")
    bet = play(player, "0.01", "0.004")
    roll_back(player, play(player, "0.02", "0"))
    assert bet
    key, _ = create_api_key(player=player, name="bot", scopes=["read"])
    world = World(
        player=player,
        deposit=deposit,
        withdrawal=make_withdrawal(player),
        session=make_session(player),
        alarm=make_alarm(),
        callback=make_parked_callback(),
        delivery=make_dead_delivery(),
        key=key,
    )
    follow_journal()
    return world
