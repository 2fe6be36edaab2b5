"""Money in and out: rails, deposit addresses, deposits, withdrawals and their histories.

Amounts are major units in `numeric(38,18)`, as in the ledger; `money` gives them with a currency.
States change through `move_to` only: it refuses what the tables in the models do not list.
"""

from apps.payments.models.addressbook import (
    DepositFailure,
    NotMeLink,
    PayoutGuard,
    SavedAddress,
)
from apps.payments.models.approvals import Approval, WithdrawalCase
from apps.payments.models.deposits import Deposit
from apps.payments.models.exchanges import Exchange
from apps.payments.models.fiat import (
    CashierSession,
    GatewayOrder,
    GatewayTransaction,
    PaymentMethod,
)
from apps.payments.models.gateways import GatewayCurrency
from apps.payments.models.identity import PayerName, WalletOwner
from apps.payments.models.invoices import INVOICE_WORDS, Invoice
from apps.payments.models.payouts import PayoutIntent, PayoutStop
from apps.payments.models.rails import DepositAddress, Rail
from apps.payments.models.rules import ApprovalRule, LimitRule
from apps.payments.models.states import IllegalMove
from apps.payments.models.steps import PaymentStep
from apps.payments.models.withdrawals import WITHDRAWAL_WORDS, Withdrawal

__all__ = [
    "INVOICE_WORDS",
    "WITHDRAWAL_WORDS",
    "Approval",
    "ApprovalRule",
    "CashierSession",
    "Deposit",
    "DepositAddress",
    "DepositFailure",
    "Exchange",
    "GatewayCurrency",
    "GatewayOrder",
    "GatewayTransaction",
    "IllegalMove",
    "Invoice",
    "LimitRule",
    "NotMeLink",
    "PayerName",
    "PaymentMethod",
    "PaymentStep",
    "PayoutGuard",
    "PayoutIntent",
    "PayoutStop",
    "Rail",
    "SavedAddress",
    "WalletOwner",
    "Withdrawal",
    "WithdrawalCase",
]
