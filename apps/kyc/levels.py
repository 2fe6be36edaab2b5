"""The levels of verification: what each needs, what each opens. Published word for word.

Providers and our own reviewers decide on a level by its name; `Player.kyc_level` is its number.
"""

from dataclasses import dataclass
from enum import StrEnum


class StepKind(StrEnum):
    """What a player hands in."""

    DETAILS = "details"
    DOCUMENT = "document"
    SELFIE = "selfie"
    ADDRESS = "address"
    FUNDS = "funds"


@dataclass(frozen=True)
class StepTerms:
    """One step in words. proof: what may be handed in; empty where a form is filled in."""

    kind: StepKind
    title: str
    words: str
    proof: str = ""
    files_max: int = 0


STEPS = {
    one.kind: one
    for one in (
        StepTerms(
            StepKind.DETAILS, "Your details",
            "Your name, birth date and address, as they stand on your documents.",
        ),
        StepTerms(
            StepKind.DOCUMENT, "Identity document",
            "A passport, an identity card (both sides) or a driving licence, in date.",
            "All four corners, every line readable, no flash on it.", files_max=4,
        ),
        StepTerms(
            StepKind.SELFIE, "Selfie",
            "A picture of your face taken now, with the document beside it.",
            "Nothing that covers your face.", files_max=2,
        ),
        StepTerms(
            StepKind.ADDRESS, "Proof of address",
            "A utility bill, bank statement or letter from an authority of the last three months.",
            "Your name, your address and the date on one page.", files_max=3,
        ),
        StepTerms(
            StepKind.FUNDS, "Source of funds",
            "Where the money you play with comes from: payslips, bank statements, a sale, savings.",
            "Recent papers that show the sums; black out what is not about them.", files_max=8,
        ),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Level:
    """needs: its own steps; those of the levels below come first. people: who agree on it."""

    number: int
    name: str
    title: str
    needs: tuple[StepKind, ...]
    opens: tuple[str, ...]
    takes: str
    people: int = 1


LEVELS = (
    Level(
        1, "details", "Details", (StepKind.DETAILS,),
        ("Withdrawals while your payments stay below the published threshold",),
        "At once, unless a person has to look",
    ),
    Level(
        2, "identity", "Identity",
        (StepKind.DOCUMENT, StepKind.SELFIE, StepKind.ADDRESS),
        (
            "Deposits and play above the threshold",
            "Withdrawals of any size, decided by a rule where one fits",
        ),
        "Usually within a day",
    ),
    Level(
        3, "funds", "Source of funds", (StepKind.FUNDS,),
        ("The highest limits of the cashier",),
        "Two people look, usually within three days", people=2,
    ),
)  # fmt: skip
BY_NAME = {level.name: level for level in LEVELS}
BY_NUMBER = {level.number: level for level in LEVELS}
DETAILS, IDENTITY, FUNDS = LEVELS
