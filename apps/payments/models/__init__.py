"""Money in and out: rails, deposit addresses, deposits, withdrawals and their histories.

Amounts are major units in `numeric(38,18)`, as in the ledger; `money` gives them with a currency.
States change through `move_to` only: it refuses what the tables in the models do not list.
"""

from apps.payments.models.deposits import Deposit
from apps.payments.models.rails import DepositAddress, Rail
from apps.payments.models.states import IllegalMove
from apps.payments.models.steps import PaymentStep
from apps.payments.models.withdrawals import WITHDRAWAL_WORDS, Withdrawal

__all__ = [
    "WITHDRAWAL_WORDS",
    "Deposit",
    "DepositAddress",
    "IllegalMove",
    "PaymentStep",
    "Rail",
    "Withdrawal",
]
