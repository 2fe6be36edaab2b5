"""National registers of self-exclusion: when they are asked, and what their answer does.

The profile of a player's country names a register, or none. It is asked before an account is made,
at each sign-in and before an offer is sent. Who is in it may not play or pay in; neither may
anybody about whom there is no answer, until there is one.
"""

from typing import Protocol

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

from apps.accounts.applicants import Applicant
from apps.accounts.models import Phone, Player
from apps.audit import services as audit
from apps.core.clock import now
from apps.integrations.breaker import guard
from apps.integrations.errors import ProviderError
from apps.ledger.models import Block
from apps.limits.errors import RegisterRefuses
from apps.limits.models import RegisterCheck
from apps.limits.profiles import profile_for
from apps.limits.providers.base import RegisterPerson, RegisterReply, RegisterVerdict
from apps.limits.providers.registry import register
from apps.wallet import restrictions
from apps.wallet.models import Restriction

# Who is excluded, and whom nobody could tell us about. The first is a person's, wherever they have
# an account; the second is of one account and a moment.
EXCLUDED, UNASKED = "register_exclusion", "register"
STOPS = Block.PLAY | Block.DEPOSIT
EXCLUDED_WORDS = (
    "You are in the national register of people who do not want to play. You may withdraw, and "
    "nothing else here."
)
UNASKED_WORDS = (
    "We could not ask the national register about you, and may not let you play before. We ask "
    "again every minute."
)
AGAIN_AT_ONCE = 50
Verdict, Occasion = RegisterCheck.Verdict, RegisterCheck.Occasion


class NoAnswer(Exception):
    """There is a register to ask, and no answer. The message says why."""


def check_applicant(applicant: Applicant) -> None:
    """Refuse an account to who is in the register (a hook of `REGISTRATION_CHECKS`).

    Without an answer the account is made: its first sign-in asks again, and may not play before.
    Nobody is called from inside a transaction. Raises RegisterRefuses.
    """
    if connection.in_atomic_block:
        return
    person = RegisterPerson(
        birth_date=applicant.birth_date,
        email=applicant.email,
        country=applicant.country,
        phone=applicant.phone,
    )
    try:
        reply = _ask(_name(applicant.country), person)
    except NoAnswer:
        return
    if reply is not None and reply.verdict == RegisterVerdict.EXCLUDED:
        with transaction.atomic():
            audit.record(
                "register.applicant_refused",
                actor="guest",
                after={"register": _name(applicant.country), "reference": reply.reference},
            )
        raise RegisterRefuses


def signed_in(player: Player, _request: object) -> None:
    """Ask before anything is done in this sign-in (a hook of `SIGN_IN_CHECKS`)."""
    check(player, Occasion.SIGN_IN)


def may_be_addressed(player: Player) -> bool:
    """Whether an offer may be sent to the player now; asks the register where there is one."""
    if not _name(player.country):
        return True
    made = check(player, Occasion.MARKETING)
    return made is None or made.verdict == Verdict.CLEAR


def ask_again() -> int:
    """About those of whom nobody could tell us anything. How many were asked about."""
    stopped = Restriction.objects.filter(code=UNASKED, lifted_at=None)
    waiting = Player.objects.filter(pk__in=stopped.values("player_id")).select_related("user")
    players = list(waiting.order_by("pk")[:AGAIN_AT_ONCE])
    for player in players:
        check(player, Occasion.AGAIN)
    return len(players)


def check(player: Player, occasion: str) -> RegisterCheck | None:
    """Ask about a player and follow the answer; None when there is nobody to ask."""
    name = _name(player.country)
    verdict, reference, error = str(Verdict.NONE), "", ""
    try:
        reply = _ask(name, _person(player))
    except NoAnswer as failure:
        error = str(failure)
    else:
        if reply is None:
            _clear(player)
            return None
        verdict, reference = str(reply.verdict), reply.reference
    return _follow(player, name, occasion, verdict, reference, error)


def _name(country: str) -> str:
    """The register that must be asked about people of a country; empty: none."""
    name = profile_for(country).register
    if name and settings.REGISTERS_OPTIONAL and register(name) is None:
        return ""
    return name


def _ask(name: str, person: RegisterPerson) -> RegisterReply | None:
    """None when there is nobody to ask. Raises NoAnswer."""
    if not name:
        return None
    asked = register(name)
    if asked is None:
        raise NoAnswer(f"{name} is not set up.")
    try:
        with guard(f"register {name}", "ask"):
            return asked.ask(person)
    except ProviderError as error:
        raise NoAnswer(str(error)[:200]) from error


class Declared(Protocol):
    """What a player has said of themselves for their verification."""

    @property
    def first_name(self) -> str: ...
    @property
    def last_name(self) -> str: ...
    @property
    def post_code(self) -> str: ...


def _person(player: Player) -> RegisterPerson:
    """What we know of a player; names come from whoever verifies them (`REGISTER_PERSON`)."""
    said: Declared | None = import_string(settings.REGISTER_PERSON)(player.pk)
    phone = Phone.objects.filter(player=player).first()
    return RegisterPerson(
        birth_date=player.birth_date,
        email=player.user.email,
        country=player.country,
        first_name=said.first_name if said else "",
        last_name=said.last_name if said else "",
        postcode=said.post_code if said else "",
        phone=phone.number if phone else "",
    )


@transaction.atomic
def _follow(
    player: Player, name: str, occasion: str, verdict: str, reference: str, error: str
) -> RegisterCheck:
    made = RegisterCheck.objects.create(
        player=player,
        register=name,
        occasion=occasion,
        at=now(),
        verdict=verdict,
        reference=reference,
        error=error,
    )
    standing = {one.code for one in restrictions.standing(player.pk)}
    if verdict == Verdict.EXCLUDED:
        _stop(player, EXCLUDED, EXCLUDED_WORDS, f"{name} says so ({reference}).", standing)
        _free(player, UNASKED, standing)
    elif verdict == Verdict.NONE:
        # Who was excluded stays so; an offer that is not sent is no reason to stop play.
        if EXCLUDED not in standing and occasion != Occasion.MARKETING:
            _stop(player, UNASKED, UNASKED_WORDS, f"{name}: {error}", standing)
    else:
        _free(player, EXCLUDED, standing)
        _free(player, UNASKED, standing)
    return made


def _stop(player: Player, code: str, words: str, reason: str, standing: set[str]) -> None:
    if code not in standing:
        restrictions.impose(
            player_id=player.pk, code=code, stops=STOPS, words=words, actor="system", reason=reason
        )


def _free(player: Player, code: str, standing: set[str]) -> None:
    if code in standing:
        restrictions.lift(
            player_id=player.pk, code=code, actor="system", reason="The register lets them play."
        )


def _clear(player: Player) -> None:
    """No register is asked about the player any more: what an outage stopped goes on."""
    with transaction.atomic():
        _free(player, UNASKED, {one.code for one in restrictions.standing(player.pk)})
