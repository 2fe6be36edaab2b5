"""A national register of people who have excluded themselves from gambling: one question."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True)
class RegisterPerson:
    """Whom we ask about: what we know of them, empty where we do not."""

    birth_date: date
    email: str
    country: str
    first_name: str = ""
    last_name: str = ""
    postcode: str = ""
    phone: str = ""


class RegisterVerdict(StrEnum):
    EXCLUDED = "excluded"
    CLEAR = "clear"
    # Not any more; such people are still left alone by marketing.
    PAST = "past"


@dataclass(frozen=True)
class RegisterReply:
    """reference: the register's own number of this answer."""

    verdict: RegisterVerdict
    reference: str = ""


class Register(Protocol):
    """Asks one register."""

    # How long it allows an answer to be used again; nothing: it wants to be asked every time.
    answer_keeps: timedelta

    def ask(self, person: RegisterPerson) -> RegisterReply:
        """Raises ProviderError when there is no answer that can be trusted."""
        ...
