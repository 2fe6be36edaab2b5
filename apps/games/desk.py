"""Rounds that do not end: found by age, asked about, and closed by the few acts that are right.

A round that is open for a day gets a case and staff an alarm. Money is only moved for a round its
partner does not know: its stakes go back. Everything else ends by the partner's own word, or by a
person who has it in writing; a late win or rollback is booked whenever it comes.
"""

from datetime import timedelta

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import Exists, OuterRef, Q

from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.games import play
from apps.games.errors import NotAllowedNow, RoundCaseNotFound
from apps.games.models import Round, RoundCase
from apps.games.providers.base import ProviderRefused, RoundAnswer, RoundQuery
from apps.games.providers.registry import PROVIDERS, provider
from apps.integrations.errors import ProviderError
from apps.ledger.models import Entry, Kind
from apps.ledger.selectors import currency_of_id
from apps.wallet import movements

# How often the partner is asked about the same round without anybody wanting it.
ASK_AGAIN_AFTER = timedelta(hours=6)
ASKED_MAX = 20
FOUND_MAX = 500
STAKES_MAX = 500
Answer, Outcome = RoundCase.Answer, RoundCase.Outcome


def watch() -> int:
    """Put old rounds on the desk, ask about them, apply the rule of age; how many are on it."""
    _find()
    _let_go()
    for case in _due_to_ask():
        ask(case.pk, actor="system")
    limit = now() - timedelta(days=settings.ROUND_RULE_DAYS)
    waiting = RoundCase.objects.filter(closed_at=None)
    for case_id in waiting.filter(started_at__lt=limit).values_list("pk", flat=True)[:ASKED_MAX]:
        apply_rule(case_id)
    return waiting.count()


def ask(case_id: int, *, actor: models.Model | str) -> RoundCase:
    """Ask the partner what it knows of the round and keep its answer. Raises RoundCaseNotFound."""
    case = _case(case_id)
    state, facts = _asked(case)
    with transaction.atomic():
        case = _locked(case_id)
        case.answer, case.answer_facts, case.asked_at = state, facts, now()
        case.save(update_fields=["answer", "answer_facts", "asked_at"])
        if actor != "system":
            audit.record("round_case.asked", actor=actor, subject=case, after={"answer": state})
    return case


def close(case_id: int, *, actor: models.Model | str, reason: str) -> RoundCase:
    """Note that the round is over; no money moves. Raises NotAllowedNow, InvalidInput.

    Allowed when the partner says so, or when it cannot say and the round has the age of the rule.
    """
    _need(reason)
    with transaction.atomic():
        case = _locked(case_id)
        if why := why_not_close(case):
            raise NotAllowedNow(why)
        _finish(case)
        _done(case, Outcome.CLOSED, reason)
        audit.record("round_case.closed", actor=actor, subject=case, reason=case.note)
    return case


def refund(case_id: int, *, actor: models.Model | str, reason: str) -> RoundCase:
    """Give the stakes back of a round its partner does not know. Raises NotAllowedNow, InvalidInput."""
    _need(reason)
    with transaction.atomic():
        case = _locked(case_id)
        if why := why_not_refund(case):
            raise NotAllowedNow(why)
        given = _give_back(case)
        _done(case, Outcome.REFUNDED, reason)
        audit.record(
            "round_case.refunded",
            actor=actor,
            subject=case,
            after={"stakes": given},
            reason=case.note,
        )
    return case


def escalate(case_id: int, *, actor: models.Model | str, reason: str) -> RoundCase:
    """Call for somebody with a line to the partner. Raises NotAllowedNow, InvalidInput."""
    _need(reason)
    with transaction.atomic():
        case = _locked(case_id)
        if case.closed_at is not None:
            raise NotAllowedNow("This round has ended.")
        case.escalated_at, case.note = now(), reason.strip()[:500]
        case.save(update_fields=["escalated_at", "note"])
        audit.record("round_case.escalated", actor=actor, subject=case, reason=case.note)
        raise_alarm(
            "games.round_stuck",
            subject=f"{case.partner.code} {case.round_ref}",
            message=f"A round since {case.started_at:%Y-%m-%d %H:%M} does not end: {case.note}",
            severity="critical",
        )
    return case


def apply_rule(case_id: int) -> RoundCase:
    """What happens to a round of the rule's age: over, unknown or still with the partner."""
    case = _case(case_id)
    days = settings.ROUND_RULE_DAYS
    if not why_not_refund(case):
        return refund(case_id, actor="system", reason=f"Unknown to the partner after {days} days.")
    if case.answer == Answer.FINISHED:
        return close(case_id, actor="system", reason=f"Over at the partner, after {days} days.")
    if case.escalated_at is None:
        return escalate(
            case_id, actor="system", reason=f"Open for {days} days: {case.get_answer_display()}."
        )
    return case


def why_not_close(case: RoundCase) -> str:
    """Empty when the case may be closed."""
    if case.closed_at is not None:
        return "This round has ended."
    match case.answer:
        case Answer.FINISHED:
            return ""
        case Answer.UNSUPPORTED:
            if case.started_at < now() - timedelta(days=settings.ROUND_RULE_DAYS):
                return ""
            return (
                f"This partner cannot be asked: wait {settings.ROUND_RULE_DAYS} days or escalate."
            )
        case Answer.UNKNOWN:
            return "The partner does not know the round: give the stake back instead."
        case Answer.OPEN:
            return "The round is open at the partner: the player can go on with it."
    return "Ask the partner first."


def why_not_refund(case: RoundCase) -> str:
    """Empty when the stakes may be given back."""
    if case.closed_at is not None:
        return "This round has ended."
    if case.answer != Answer.UNKNOWN:
        return "Only a round the partner does not know is given back."
    return ""


def _asked(case: RoundCase) -> tuple[str, dict[str, str]]:
    if case.game is None or case.partner.code not in PROVIDERS:
        return Answer.UNSUPPORTED.value, {}
    code = currency_of_id(case.wallet.currency_id).code
    query = RoundQuery(
        round_ref=case.round_ref,
        game=case.game.identifier,
        wallet_ref=play.wallet_ref(case.player.public_id, code),
    )
    try:
        told: RoundAnswer = provider(case.partner.code).round_details(query)
    except (ProviderError, ProviderRefused) as error:
        return Answer.FAILED.value, {"error": str(error)[:200]}
    return Answer(told.state).value, told.facts


def _find() -> None:
    """A case for each partner's round that has been open too long; an alarm a partner."""
    at = now()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH found AS (
                INSERT INTO games_round_case (partner_id, wallet_id, round_ref, player_id, game_id,
                    started_at, opened_at, answer, answer_facts, outcome, note)
                SELECT r.partner_id, r.wallet_id, r.round_ref, r.player_id, r.game_id,
                       r.started_at, %s, '', '{}', '', ''
                  FROM games_round r JOIN ledger_partner p ON p.id = r.partner_id
                 WHERE r.state = %s AND r.started_at < %s AND p.code = ANY (%s)
                   AND NOT EXISTS (SELECT FROM games_round_case c
                                    WHERE c.partner_id = r.partner_id
                                      AND c.wallet_id = r.wallet_id
                                      AND c.round_ref = r.round_ref)
                 ORDER BY r.started_at LIMIT %s
                ON CONFLICT DO NOTHING RETURNING partner_id
            )
            SELECT p.code, count(*) FROM found f JOIN ledger_partner p ON p.id = f.partner_id
             GROUP BY p.code
            """,
            [
                at,
                Round.State.OPEN,
                at - timedelta(hours=settings.ROUND_ALERT_HOURS),
                list(PROVIDERS),
                FOUND_MAX,
            ],
        )
        found = cursor.fetchall()
    for code, count in found:
        raise_alarm(
            "games.rounds_open",
            subject=code,
            message=f"{count} more rounds are open for over {settings.ROUND_ALERT_HOURS} hours.",
        )


def _let_go() -> None:
    """Close the cases of rounds that have ended by themselves."""
    ended = Round.objects.filter(
        partner=OuterRef("partner"),
        wallet=OuterRef("wallet"),
        round_ref=OuterRef("round_ref"),
        state=Round.State.CLOSED,
    )
    RoundCase.objects.filter(Exists(ended), closed_at=None).update(
        closed_at=now(), outcome=Outcome.ENDED
    )


def _due_to_ask() -> list[RoundCase]:
    due = Q(asked_at=None) | Q(asked_at__lt=now() - ASK_AGAIN_AFTER)
    found = RoundCase.objects.filter(due, closed_at=None).exclude(answer=Answer.UNSUPPORTED)
    return list(found.order_by(models.F("asked_at").asc(nulls_first=True), "id")[:ASKED_MAX])


def _finish(case: RoundCase) -> None:
    wallet = play.PlayWallet(
        wallet_id=case.wallet_id,
        player_id=case.player_id,
        currency=currency_of_id(case.wallet.currency_id),
    )
    play.finish_round(partner=case.partner.code, wallet=wallet, round_ref=case.round_ref)


def _give_back(case: RoundCase) -> int:
    """Undo what was staked; the keys are ours, so the partner's own rollback finds it done."""
    stakes = list(
        Entry.objects.filter(
            wallet_id=case.wallet_id,
            partner_id=case.partner_id,
            round_ref=case.round_ref,
            kind=Kind.BET,
            created_at__gte=case.started_at - timedelta(minutes=1),
        )
        .order_by("id")
        .values_list("outside_id", flat=True)[:STAKES_MAX]
    )
    if stakes:
        movements.play(
            [
                movements.Rollback(
                    key=f"house:{target}", target=target, closes_round=target == stakes[-1]
                )
                for target in stakes
            ],
            partner=case.partner.code,
            wallet_id=case.wallet_id,
            currency=currency_of_id(case.wallet.currency_id),
        )
    _finish(case)
    return len(stakes)


def _done(case: RoundCase, outcome: str, reason: str) -> None:
    case.outcome, case.closed_at, case.note = outcome, now(), reason.strip()[:500]
    case.save(update_fields=["outcome", "closed_at", "note"])


def _case(case_id: int) -> RoundCase:
    found = _cases().filter(pk=case_id).first()
    if found is None:
        raise RoundCaseNotFound
    return found


def _locked(case_id: int) -> RoundCase:
    found = _cases().select_for_update(of=("self",)).filter(pk=case_id).first()
    if found is None:
        raise RoundCaseNotFound
    return found


def _cases() -> models.QuerySet[RoundCase]:
    return RoundCase.objects.select_related("partner", "wallet", "player", "game")


def _need(reason: str) -> None:
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
