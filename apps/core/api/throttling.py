"""How often a client may call. The address it is counted by cannot be forged (NUM_PROXIES = 0)."""

from rest_framework.throttling import UserRateThrottle


class MoneyThrottle(UserRateThrottle):
    """For calls that move money; add to the ordinary limit: `throttle_classes`."""

    scope = "money"
