"""The ways the four-eyes rule says no."""

from apps.core.errors import Conflict, Forbidden


class NotPermitted(Forbidden):
    code = "not_permitted"
    message = "Your role does not include this."


class SamePerson(Forbidden):
    code = "same_person"
    message = "Somebody else has to decide: you proposed it."


class AlreadyProposed(Conflict):
    code = "already_proposed"
    message = "The same act is proposed already and not decided."


class AlreadyDecided(Conflict):
    code = "already_decided"
    message = "This proposal is decided already."


class ProposalExpired(Conflict):
    code = "proposal_expired"
    message = "This proposal has expired. Propose it again if it is still right."


class ProposalChanged(Conflict):
    code = "proposal_changed"
    message = "This is not what was shown or proposed. Reload the page and read it again."


class NotApproved(Conflict):
    code = "not_approved"
    message = "Nothing is carried out before a second person has approved it."
