"""The world failed, as opposed to a rule that said no."""


class ProviderError(Exception):
    """A partner could not be asked or gave no usable answer.

    retryable: the same call may work later.
    outcome_unknown: the partner may have done it; ask by our reference before trying again.
    """

    def __init__(self, message: str, *, retryable: bool, outcome_unknown: bool = False):
        super().__init__(message)
        self.retryable = retryable
        self.outcome_unknown = outcome_unknown


class NotAsked(ProviderError):
    """The partner was not asked at all.

    why: `open` it failed too often just now, `busy` as many calls to it as allowed are under way.
    """

    def __init__(self, partner: str, kind: str, why: str):
        super().__init__(f"{partner} is not asked now ({kind}: {why}).", retryable=True)
        self.why = why
