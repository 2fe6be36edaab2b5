"""The ways risk says no."""

from apps.core.errors import Conflict, Forbidden


class RuleChanged(Conflict):
    code = "rule_changed"
    message = "Somebody changed this rule meanwhile. Look at it again."


class NothingChanged(Conflict):
    code = "nothing_changed"
    message = "That is how the rule stands already."


class AlreadyDecided(Conflict):
    code = "already_decided"
    message = "This is decided already."


class ChecklistOpen(Conflict):
    code = "checklist_open"
    message = "Lines of the checklist are open."


class TakesTwo(Conflict):
    code = "takes_two"
    message = "This case takes two signatures: propose the decision."


class TakenByOther(Conflict):
    code = "taken_by_other"
    message = "Somebody else works on this."


class OwnAccount(Forbidden):
    code = "own_account"
    message = "You cannot decide about your own account."


class ReportFinished(Conflict):
    code = "report_finished"
    message = "This report is finished. What was filed is not changed."


class ComplaintClosed(Conflict):
    code = "complaint_closed"
    message = "This complaint is closed. File a new one that names its number."


class TooManyComplaints(Conflict):
    code = "too_many_complaints"
    status = 429
    message = "You have filed several complaints today. Add to the ones that are open."


class LocationUnknown(Forbidden):
    code = "location_unknown"
    message = "We cannot tell where you are. Try another network, or switch your VPN off."
