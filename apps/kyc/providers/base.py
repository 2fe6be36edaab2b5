"""What the KYC services ask of a verification provider, and what it tells them, in our words.

A provider is asked by `apps/kyc/applicants.py`, which keeps who is whose applicant. What it says
comes back as one `Verdict`, always of one of our players and one of our levels, to
`apps.kyc.services.verdicts.apply_verdict(verdict)`.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol


class CheckState(StrEnum):
    """Where a check stands.

    NOT_STARTED: nothing was handed in, or all of it was re-opened: an earlier approval is void.
    PENDING: the provider looks at it. ACTION_NEEDED: the player must come back. ON_HOLD: a person
    at the provider must decide; money does not leave meanwhile. APPROVED: for that level alone.
    RETRY: refused, and may be tried again. REJECTED: refused for good. WITHDRAWN: the provider
    does not vouch for this person any more (deactivated, deleted).
    """

    NOT_STARTED = "not_started"
    PENDING = "pending"
    ACTION_NEEDED = "action_needed"
    ON_HOLD = "on_hold"
    APPROVED = "approved"
    RETRY = "retry"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


# An approval that was given stands through these: nothing has been decided against it.
UNDECIDED = (CheckState.PENDING, CheckState.ACTION_NEEDED)


class Ground(StrEnum):
    """What a refusal or a hit is about, as far as our rules act on it. The rest is OTHER."""

    AGE = "age"
    COUNTRY = "country"
    RESTRICTED = "restricted"
    SANCTIONS = "sanctions"
    PEP = "pep"
    ADVERSE_MEDIA = "adverse_media"
    CRIME = "crime"
    DUPLICATE = "duplicate"
    BLOCKLIST = "blocklist"
    FORGERY = "forgery"
    FACE = "face"
    PHOTOS = "photos"
    EXPIRED = "expired"
    ADDRESS = "address"
    OTHER = "other"


# Grounds that only staff may know of: a player who learns of them has been tipped off.
SECRET_GROUNDS = frozenset(
    {
        Ground.RESTRICTED,
        Ground.SANCTIONS,
        Ground.PEP,
        Ground.ADVERSE_MEDIA,
        Ground.CRIME,
        Ground.BLOCKLIST,
        Ground.FORGERY,
        Ground.DUPLICATE,
    }
)


@dataclass(frozen=True)
class DocumentFact:
    """One document the provider has read. country: ISO 3166 alpha-2, empty when not told."""

    kind: str
    country: str = ""
    number: str = ""
    issued_on: date | None = None
    valid_until: date | None = None


@dataclass(frozen=True)
class PersonFact:
    """Who a document, or in an enrolment the player, says it is. Countries: alpha-2."""

    first_name: str = ""
    last_name: str = ""
    birth_date: date | None = None
    country: str = ""
    nationality: str = ""
    documents: tuple[DocumentFact, ...] = ()


class Match(StrEnum):
    """Whether a hit of a watch list is our player."""

    UNKNOWN = "unknown"
    NONE = "no_match"
    POTENTIAL = "potential_match"
    FALSE = "false_positive"
    TRUE = "true_positive"


@dataclass(frozen=True)
class AmlHit:
    """An entry of a watch list that looks like the player. For staff alone."""

    hit_ref: str
    name: str
    match: Match
    grounds: tuple[Ground, ...] = ()
    sources: tuple[str, ...] = ()
    birth_years: tuple[int, ...] = ()
    is_whitelisted: bool = False

    @property
    def is_open(self) -> bool:
        """Nobody has cleared it: the player is held until somebody does."""
        return not self.is_whitelisted and self.match not in {Match.NONE, Match.FALSE}


@dataclass(frozen=True)
class AmlCase:
    """What the watch lists say about an applicant now. For staff alone."""

    case_ref: str
    is_monitored: bool
    grounds: tuple[Ground, ...] = ()
    hits: tuple[AmlHit, ...] = ()


@dataclass(frozen=True)
class StepFact:
    """One step of a level and where it stands. words: for the player; image_refs: for staff.

    step: a name from `apps.kyc.levels.StepKind`, or the provider's own where we have none.
    """

    step: str
    state: CheckState
    words: str = ""
    image_refs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What a provider says about one of our players at one level, read from its own books.

    player_id, level: ours; they have been compared with what was asked for. level_ref: the
    provider's name of it. at: when we learnt of it, by our clock; older ones change nothing any more.
    is_voiding: every approval the provider ever gave this player is void, whatever the level (it
    re-opened everything, or does not vouch for them any more). `labels` and `staff_words` are for staff alone; `words` may be shown to the player:
    it is empty whenever a ground is secret. aml: None when the lists were not read with it.
    attention: why staff must look, empty when they need not.
    """

    provider: str
    player_id: int
    applicant_ref: str
    level: str
    level_ref: str
    state: CheckState
    at: datetime
    labels: tuple[str, ...] = ()
    grounds: tuple[Ground, ...] = ()
    words: str = ""
    staff_words: str = ""
    person: PersonFact | None = None
    steps: tuple[StepFact, ...] = ()
    aml: AmlCase | None = None
    is_voiding: bool = False
    attention: str = ""


class Effect(StrEnum):
    """What a provider's notice is about, as far as we act on it.

    STATE: where a check stands; read it. LEVEL: another level is asked for. DATA: what the
    documents say has changed. RESET: everything is re-opened. GONE: the provider does not vouch any
    more. LISTS: the watch lists said something. STAFF: for our staff alone. NONE: nothing to do.
    UNKNOWN: a kind we do not know.
    """

    STATE = "state"
    LEVEL = "level"
    DATA = "data"
    RESET = "reset"
    GONE = "gone"
    LISTS = "lists"
    STAFF = "staff"
    NONE = "none"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Notice:
    """What a provider told us, signature and environment checked. key: the same notice has the same.

    state: what it says the check is at; None when it does not say. It is acted on at once only where
    it is against the player; an approval always waits for a read.
    """

    provider: str
    key: str
    kind: str
    effect: Effect
    applicant_ref: str
    external_ref: str
    level_ref: str
    body_digest: str
    at: datetime | None
    state: CheckState | None = None
    labels: tuple[str, ...] = ()
    grounds: tuple[Ground, ...] = ()
    words: str = ""
    staff_words: str = ""
    is_foreign: bool = False


@dataclass(frozen=True)
class Applicant:
    """Who is asked about. external_ref: the id we gave them; it never changes."""

    external_ref: str
    applicant_ref: str = ""
    level_ref: str = ""


@dataclass(frozen=True)
class Snapshot:
    """An applicant as the provider has it now, before it is matched with one of ours.

    state: None when the provider has decided something we cannot read; nothing changes then.
    """

    applicant_ref: str
    external_ref: str
    level_ref: str
    inspection_ref: str
    state: CheckState | None
    at: datetime | None
    labels: tuple[str, ...] = ()
    grounds: tuple[Ground, ...] = ()
    words: str = ""
    staff_words: str = ""
    person: PersonFact | None = None
    attention: str = ""


@dataclass(frozen=True)
class FrameTerms:
    """What a page needs to put the provider's own pages into its frame.

    module: our script (a static path) that speaks to it. options: for that script. token: opens
    the frame for this one applicant until it ends; never kept, never logged.
    """

    module: str
    token: str
    options: dict[str, object]


@dataclass(frozen=True)
class Upload:
    """One file for the provider. kind, side: our words; country: alpha-2."""

    kind: str
    country: str
    content: bytes
    content_type: str
    name: str
    side: str = ""


@dataclass(frozen=True)
class UploadReport:
    """What the provider thought of a file. errors: it does not count. warnings: it does."""

    image_ref: str
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class Refused(Exception):
    """The provider understood and said no. `text` is its reason, for staff."""

    def __init__(self, text: str, *, code: str = ""):
        self.text = text
        self.code = code
        super().__init__(text)


class Verifier(Protocol):
    """Every call may raise ProviderError; none is made inside a transaction."""

    name: str

    def level_ref(self, level: str) -> str:
        """The provider's name of one of our levels. Raises KeyError where it has none."""

    def level_of(self, level_ref: str) -> str:
        """Our level behind the provider's name; empty when it is none of ours."""

    def enrol(
        self, *, external_ref: str, level: str, email: str, declared: PersonFact, language: str
    ) -> Snapshot:
        """Make the applicant, or adopt the one that is there.

        declared: what the player says of themselves, for the provider to compare documents with.
        """

    def read(self, applicant: Applicant) -> Snapshot | None:
        """The applicant now; None when the provider has none of this id."""

    def steps(self, applicant_ref: str) -> list[StepFact]:
        """What is done and what is not, step by step."""

    def why_refused(self, applicant_ref: str) -> str:
        """The provider's own clarification, for staff."""

    def upload(self, applicant_ref: str, upload: Upload) -> UploadReport:
        """Hand in one file. Raises Refused."""

    def ask_for_review(self, applicant_ref: str, reason: str) -> None:
        """Say that all is handed in."""

    def reopen(self, applicant_ref: str, step: str = "") -> None:
        """Ask for everything again, or for one step."""

    def move_to_level(self, applicant_ref: str, level: str) -> None:
        """Ask for more: the approval of the old level does not carry over."""

    def frame(self, *, external_ref: str, level: str, email: str, language: str) -> FrameTerms:
        """A frame for this player alone."""

    def image(self, inspection_ref: str, image_ref: str) -> tuple[bytes, str]:
        """A picture that was handed in, and its content type. Raises Refused."""

    def screen_again(self, applicant_ref: str) -> None:
        """Ask the watch lists anew; the answer comes later, as a case. Raises Refused."""

    def aml_case(self, applicant_ref: str) -> AmlCase | None:
        """What the watch lists say; None when there is no case."""

    def deactivate(self, applicant_ref: str) -> None:
        """Stop watching this person: they have left."""

    def activate(self, applicant_ref: str) -> None:
        """Watch them again."""
