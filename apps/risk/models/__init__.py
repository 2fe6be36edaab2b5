"""What risk remembers. Each module holds one subject; import the models from here."""

from apps.risk.models.alerts import Alert, Due
from apps.risk.models.breaches import Breach, BreachNote
from apps.risk.models.cases import Case, CaseItem, CaseNote
from apps.risk.models.complaints import Complaint, ComplaintMessage
from apps.risk.models.insiders import Insider
from apps.risk.models.reports import SuspiciousReport
from apps.risk.models.rules import RuleVersion
from apps.risk.models.standing import Standing
from apps.risk.models.traces import Trace
from apps.risk.models.whereabouts import LocationCheck

__all__ = [
    "Alert",
    "Breach",
    "BreachNote",
    "Case",
    "CaseItem",
    "CaseNote",
    "Complaint",
    "ComplaintMessage",
    "Due",
    "Insider",
    "LocationCheck",
    "RuleVersion",
    "Standing",
    "SuspiciousReport",
    "Trace",
]
