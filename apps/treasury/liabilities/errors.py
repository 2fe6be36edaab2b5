from apps.core.errors import Forbidden, NotFound


class UnknownSnapshot(NotFound):
    message = "Nothing was published under this number."


class NotIncluded(NotFound):
    code = "not_included"
    message = "You held nothing when this was published, so there is nothing to prove."


class ProofGone(NotFound):
    code = "proof_gone"
    message = "Proofs this old are not kept. The published sums and roots are."


class MayNotPublish(Forbidden):
    message = "Your role does not include publishing the liabilities."
