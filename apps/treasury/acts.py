"""Imported at start-up, so that every act of the treasury that takes two people is known."""

from apps.treasury.services import adjustments, held_deposits, holdings

ACTS = [
    adjustments.ADJUST,
    held_deposits.RELEASE,
    held_deposits.REFUND,
    holdings.OPEN_WALLET,
    holdings.ENTER_READING,
    holdings.SET_OWN_AMOUNT,
    holdings.MOVE,
    holdings.SET_THRESHOLDS,
]
