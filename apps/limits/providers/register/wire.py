"""The register's words: a form in, headers out."""

from collections.abc import Mapping
from urllib.parse import urlencode

from apps.integrations.errors import ProviderError
from apps.limits.providers.base import RegisterPerson, RegisterReply, RegisterVerdict

PATH = "v2"
KEY_HEADER = "X-API-Key"
TRACE_HEADER = "X-Trace-Id"
EXCLUSION_HEADER = "x-exclusion"
UNIQUE_ID_HEADER = "x-unique-id"
VERDICTS = {
    "Y": RegisterVerdict.EXCLUDED,
    "N": RegisterVerdict.CLEAR,
    "P": RegisterVerdict.PAST,
}


def question(person: RegisterPerson) -> bytes:
    return urlencode(
        {
            "firstName": person.first_name,
            "lastName": person.last_name,
            "dateOfBirth": person.birth_date.isoformat(),
            "email": person.email,
            "postcode": person.postcode,
            "mobile": person.phone,
        }
    ).encode()


def reply(status: int, headers: Mapping[str, str]) -> RegisterReply:
    """Raises ProviderError for everything that is not a plain word; nothing is guessed."""
    if status != 200:
        raise ProviderError(
            f"The register answered {status}.", retryable=status >= 500 or status == 429
        )
    found = {name.lower(): value for name, value in headers.items()}
    verdict = VERDICTS.get(found.get(EXCLUSION_HEADER, "").strip().upper())
    if verdict is None:
        raise ProviderError("The register's answer has no verdict.", retryable=False)
    return RegisterReply(verdict, found.get(UNIQUE_ID_HEADER, "").strip()[:64])
