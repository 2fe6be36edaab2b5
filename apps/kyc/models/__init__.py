"""What the app keeps, by subject."""

from apps.kyc.models.applicants import ProviderApplicant, ProviderNotice
from apps.kyc.models.cases import Case, Document, Review, Step
from apps.kyc.models.linked import LinkedDay
from apps.kyc.models.people import Mark, PersonMatch, PersonRecord
from apps.kyc.models.screening import Hit, Screening, WatchList

__all__ = [
    "Case",
    "Document",
    "Hit",
    "LinkedDay",
    "Mark",
    "PersonMatch",
    "PersonRecord",
    "ProviderApplicant",
    "ProviderNotice",
    "Review",
    "Screening",
    "Step",
    "WatchList",
]
