"""Calls to Sumsub: what our services ask, in its paths; what it answers, in our words."""

import random
import time
from urllib.parse import quote, urlencode, urlsplit

import structlog
from django.conf import settings

from apps.audit.alarms import raise_alarm
from apps.core import rate_limits
from apps.core.errors import RateLimited
from apps.integrations.breaker import guard
from apps.integrations.errors import NotAsked, ProviderError
from apps.integrations.http import HttpAnswer, client
from apps.kyc.providers.base import (
    AmlCase,
    Applicant,
    FrameTerms,
    PersonFact,
    Refused,
    Snapshot,
    StepFact,
    Upload,
    UploadReport,
)
from apps.kyc.providers.sumsub import signing, wire

log = structlog.get_logger()

RETRIED = {429, 500, 502, 503, 504}
TRIES = 3
PAUSE_SECONDS = 0.4
# A pause the vendor asks for is kept when it is short; a longer one is for whoever asked us.
PAUSE_SECONDS_MAX = 2.0
IMAGE_BYTES_MAX = 64 * 1024 * 1024
SIDES = {"front": "FRONT_SIDE", "back": "BACK_SIDE"}
# Our kinds of documents, as they call them; others go out as they are.
KINDS = {
    "id_card": "ID_CARD",
    "passport": "PASSPORT",
    "driving_licence": "DRIVERS",
    "residence_permit": "RESIDENCE_PERMIT",
    "utility_bill": "UTILITY_BILL",
    "selfie": "SELFIE",
    "income": "INCOME_SOURCE",
    "payment_method": "PAYMENT_METHOD",
}


class Sumsub:
    """The provider behind `SUMSUB_BASE_URL`."""

    name = wire.PROVIDER

    # ---- levels ---------------------------------------------------------------------------------

    def level_ref(self, level: str) -> str:
        return dict(_levels())[level]

    def level_of(self, level_ref: str) -> str:
        return next((ours for ours, theirs in _levels() if theirs == level_ref), "")

    # ---- applicants -----------------------------------------------------------------------------

    def enrol(
        self, *, external_ref: str, level: str, email: str, declared: PersonFact, language: str
    ) -> Snapshot:
        body: wire.Json = {
            "externalUserId": external_ref,
            "email": email,
            "lang": language,
            "type": "individual",
            "fixedInfo": wire.fixed_info(declared),
        }
        query = urlencode({"levelName": self.level_ref(level)}, quote_via=quote)
        # Safe to repeat: a second one with our id is refused, and the first is adopted.
        answer = _call(
            "POST", f"/resources/applicants?{query}", wire.encode(body), good={200, 201, 409}
        )
        if answer.status != 409:
            return _snapshot(answer)
        found = self.read(Applicant(external_ref))
        told = wire.existing_applicant(answer.body)
        if found is None or (told and found.applicant_ref != told):
            raise ProviderError(
                "Sumsub has this applicant and does not show it under our id.", retryable=True
            )
        return found

    def read(self, applicant: Applicant) -> Snapshot | None:
        who = (
            quote(applicant.applicant_ref, safe="")
            if applicant.applicant_ref
            else f"-;externalUserId={quote(applicant.external_ref, safe='')}"
        )
        answer = _call("GET", f"/resources/applicants/{who}/one", good={200, 404})
        return None if answer.status == 404 else _snapshot(answer)

    def exists(self, external_ref: str) -> bool:
        """Whether there is an applicant of our id, without reading it."""
        path = f"/resources/applicants/-/byExternalUserId/{quote(external_ref, safe='')}"
        return _document(_call("GET", path)).get("exists") is True

    def status(self, applicant_ref: str) -> str:
        """The bare review status, in the vendor's word."""
        answer = _call("GET", f"/resources/applicants/{_id(applicant_ref)}/status")
        return wire.text(_document(answer), "reviewStatus")

    def steps(self, applicant_ref: str) -> list[StepFact]:
        path = f"/resources/applicants/{_id(applicant_ref)}/requiredIdDocsStatus"
        return wire.steps(_document(_call("GET", path)))

    def why_refused(self, applicant_ref: str) -> str:
        path = f"/resources/moderationStates/-;applicantId={_id(applicant_ref)}"
        answer = _call("GET", path, good={200, 404})
        if answer.status == 404:
            return ""
        document = _document(answer)
        parts = [wire.text(document, name) for name in ("moderationComment", "clientComment")]
        told = [*parts, *wire.labels(document)]
        return "\n".join(dict.fromkeys(one for one in told if one))

    def upload(self, applicant_ref: str, upload: Upload) -> UploadReport:
        country = wire.alpha_3(upload.country)
        if not country:
            raise Refused(f"No country {upload.country!r}.", code="country")
        metadata = {"idDocType": KINDS.get(upload.kind, upload.kind), "country": country}
        if upload.side:
            metadata["idDocSubType"] = SIDES[upload.side]
        body, content_type = wire.multipart(
            metadata, upload.name, upload.content_type, upload.content
        )
        # Not repeated when the outcome is unknown: each upload is one more picture.
        answer = _call(
            "POST",
            f"/resources/applicants/{_id(applicant_ref)}/info/idDoc",
            body,
            headers={"Content-Type": content_type, "X-Return-Doc-Warnings": "true"},
            is_repeatable=False,
        )
        document = _document(answer)
        return UploadReport(
            image_ref=_header(answer, "x-image-id"),
            errors=wire.warnings_of(document, "errors"),
            warnings=wire.warnings_of(document, "warnings"),
        )

    def ask_for_review(self, applicant_ref: str, reason: str) -> None:
        query = urlencode({"reason": reason}, quote_via=quote)
        _call("POST", f"/resources/applicants/{_id(applicant_ref)}/status/pending?{query}")

    def reopen(self, applicant_ref: str, step: str = "") -> None:
        path = f"resetStep/{quote(wire.step_ref(step), safe='')}" if step else "reset"
        _call("POST", f"/resources/applicants/{_id(applicant_ref)}/{path}")

    def move_to_level(self, applicant_ref: str, level: str) -> None:
        query = urlencode({"name": self.level_ref(level)}, quote_via=quote)
        answer = _call("POST", f"/resources/applicants/{_id(applicant_ref)}/moveToLevel?{query}")
        if _snapshot(answer).applicant_ref != applicant_ref:
            raise ProviderError("Sumsub moved another applicant.", retryable=False)

    def deactivate(self, applicant_ref: str) -> None:
        _call("PATCH", f"/resources/applicants/{_id(applicant_ref)}/presence/deactivated")

    def activate(self, applicant_ref: str) -> None:
        _call("PATCH", f"/resources/applicants/{_id(applicant_ref)}/presence/activated")

    # ---- the player's frame ---------------------------------------------------------------------

    def frame(self, *, external_ref: str, level: str, email: str, language: str) -> FrameTerms:
        token = self._token(external_ref, self.level_ref(level), email)
        return FrameTerms(
            module="js/sumsub.js",
            token=token,
            options={"origin": settings.SUMSUB_FRAME_ORIGIN, "language": language},
        )

    def _token(self, external_ref: str, level_ref: str, email: str) -> str:
        seconds = settings.SUMSUB_TOKEN_SECONDS
        if settings.SUMSUB_TOKEN_FORM == "query":  # noqa: S105 (a form, not a token)
            query = urlencode(
                {"userId": external_ref, "levelName": level_ref, "ttlInSecs": seconds},
                quote_via=quote,
            )
            answer = _call("POST", f"/resources/accessTokens?{query}")
        else:
            body: wire.Json = {
                "userId": external_ref,
                "levelName": level_ref,
                "ttlInSecs": seconds,
            }
            if email:
                body["applicantIdentifiers"] = {"email": email}
            answer = _call("POST", "/resources/accessTokens/sdk", wire.encode(body))
        document = _document(answer)
        token = wire.text(document, "token")
        if not token or wire.text(document, "userId") not in {"", external_ref}:
            raise ProviderError("Sumsub gave a token for somebody else, or none.", retryable=False)
        return token

    def hosted_link(self, *, external_ref: str, level: str, email: str) -> str:
        """An address of the vendor's own page, for who cannot use the frame."""
        body: wire.Json = {
            "levelName": self.level_ref(level),
            "userId": external_ref,
            "ttlInSecs": settings.SUMSUB_TOKEN_SECONDS,
        }
        if email:
            body["applicantIdentifiers"] = {"email": email}
        path = "/resources/sdkIntegrations/levels/-/websdkLink"
        url = wire.text(_document(_call("POST", path, wire.encode(body))), "url")
        if urlsplit(url).scheme not in {"https", "http"}:
            raise ProviderError("Sumsub gave a link that is none.", retryable=False)
        return url

    # ---- for staff ------------------------------------------------------------------------------

    def image(self, inspection_ref: str, image_ref: str) -> tuple[bytes, str]:
        path = f"/resources/inspections/{_id(inspection_ref)}/resources/{_id(image_ref)}"
        answer = _call("GET", path, answer_bytes_max=IMAGE_BYTES_MAX)
        return answer.body, _header(answer, "content-type") or "application/octet-stream"

    # ---- watch lists ----------------------------------------------------------------------------

    def screen_again(self, applicant_ref: str) -> None:
        path = f"/resources/applicants/{_id(applicant_ref)}/recheck/aml"
        _call("POST", path, budget="sumsub_recheck")

    def aml_case(self, applicant_ref: str) -> AmlCase | None:
        path = f"/resources/api/applicants/{_id(applicant_ref)}/amlCase"
        answer = _call("GET", path, good={200, 404}, budget="sumsub_case")
        return None if answer.status == 404 else wire.aml_case(_document(answer))

    # ---- sandbox and health ---------------------------------------------------------------------

    def decide_in_sandbox(self, applicant_ref: str, decision: wire.Json) -> None:
        """Have a sandbox applicant decided on. Raises Refused outside the sandbox."""
        if not settings.SUMSUB_SANDBOX:
            raise Refused("This is not the sandbox.", code="production")
        path = f"/resources/applicants/{_id(applicant_ref)}/status/testCompleted"
        _call("POST", path, wire.encode(decision))

    def is_well(self) -> bool:
        """Whether the vendor's interface answers."""
        return _call("GET", "/resources/status/api", good={200, 503}).status == 200


def _levels() -> list[tuple[str, str]]:
    pairs = [entry.partition(":") for entry in settings.SUMSUB_LEVELS]
    return [(ours.strip(), theirs.strip()) for ours, _, theirs in pairs]


def _id(value: str) -> str:
    if not value:
        raise Refused("There is no applicant yet.", code="no-applicant")
    return quote(value, safe="")


# ---- one call -----------------------------------------------------------------------------------------


def _call(
    method: str,
    target: str,
    body: bytes = b"",
    *,
    headers: dict[str, str] | None = None,
    good: set[int] | None = None,
    budget: str = "",
    is_repeatable: bool = True,
    answer_bytes_max: int = 4 * 1024 * 1024,
) -> HttpAnswer:
    """Ask, within our budget, and again after a pause where that may help.

    Raises Refused (they understood and said no), ProviderError.
    """
    if not settings.SUMSUB_APP_TOKEN or not settings.SUMSUB_SECRET_KEY:
        raise ProviderError("sumsub is not configured.", retryable=False)
    for turn in range(1, TRIES + 1):
        _spend("sumsub_get" if method == "GET" else "sumsub_post")
        if budget:
            _spend(budget)
        try:
            with guard(wire.PROVIDER, "api"):
                answer = _send(method, target, body, headers or {}, answer_bytes_max)
                if answer.status in RETRIED:
                    raise Unwell(answer)
        except Unwell as unwell:
            # What answered 5xx may have been done; after 429 it was not.
            if turn == TRIES or not (is_repeatable or unwell.answer.status == 429):
                raise
            _pause(turn, unwell.answer)
            continue
        except NotAsked:
            raise
        except ProviderError as error:
            # It had its time already: whoever asked is not kept waiting for a second one.
            raise ProviderError(
                str(error),
                retryable=error.retryable,
                outcome_unknown=error.outcome_unknown and not is_repeatable,
            ) from error
        return _judged(answer, good or {200, 201})
    raise AssertionError("the last turn raises or returns")


class Unwell(ProviderError):
    """It answers, and says that it cannot now."""

    def __init__(self, answer: HttpAnswer):
        said, _ = wire.error_of(answer.body)
        super().__init__(
            f"Sumsub answered {answer.status}: {said}",
            retryable=True,
            outcome_unknown=answer.status not in {429, 503},
        )
        self.answer = answer


def _send(
    method: str, target: str, body: bytes, headers: dict[str, str], answer_bytes_max: int
) -> HttpAnswer:
    # The simulator lives below a path of its server; what is signed is what the vendor sees.
    signed = urlsplit(settings.SUMSUB_BASE_URL).path.rstrip("/") + target
    if body and "Content-Type" not in headers:
        headers = {**headers, "Content-Type": "application/json"}
    return client(wire.PROVIDER).request(
        method,
        target,
        body=body,
        headers={
            **headers,
            **signing.headers(method, signed, body),
            "Accept": "*/*" if answer_bytes_max == IMAGE_BYTES_MAX else "application/json",
        },
        timeout_seconds=settings.SUMSUB_TIMEOUT_SECONDS,
        answer_bytes_max=answer_bytes_max,
    )


def _judged(answer: HttpAnswer, good: set[int]) -> HttpAnswer:
    if answer.status in good:
        return answer
    said, code = wire.error_of(answer.body)
    if answer.status in {401, 403}:
        # A wrong key, a clock that is off, a token of the other environment: no other call fares better.
        raise_alarm(
            "kyc.provider_refuses",
            subject=wire.PROVIDER,
            message=f"Sumsub answered {answer.status}: {said}. Look at the keys and the clock.",
            severity="critical",
        )
        raise ProviderError(f"Sumsub answered {answer.status}: {said}", retryable=False)
    raise Refused(f"Sumsub answered {answer.status}: {said}", code=code or str(answer.status))


def _spend(budget: str) -> None:
    """Count a call against what the vendor allows the whole account. Raises NotAsked."""
    try:
        rate_limits.hit(budget, account=wire.PROVIDER)
    except RateLimited:
        raise NotAsked(wire.PROVIDER, budget, "budget") from None


def _pause(turn: int, answer: HttpAnswer) -> None:
    wait = PAUSE_SECONDS * 2 ** (turn - 1) * random.uniform(0.7, 1.3)  # noqa: S311 (no secret)
    asked = _header(answer, "retry-after")
    if asked.isdecimal():
        wait = max(wait, int(asked))
    if wait > PAUSE_SECONDS_MAX:
        raise Unwell(answer)
    time.sleep(wait)


def _snapshot(answer: HttpAnswer) -> Snapshot:
    try:
        return wire.snapshot(wire.decode(answer.body))
    except wire.WireError as error:
        raise ProviderError(
            f"Sumsub's applicant cannot be read: {error}", retryable=True
        ) from error


def _document(answer: HttpAnswer) -> wire.Json:
    try:
        return wire.decode(answer.body)
    except wire.WireError as error:
        raise ProviderError(f"Sumsub's answer cannot be read: {error}", retryable=True) from error


def _header(answer: HttpAnswer, name: str) -> str:
    found = next((value for key, value in answer.headers.items() if key.lower() == name), "")
    return found.strip()
