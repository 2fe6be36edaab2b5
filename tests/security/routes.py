"""Who may go where: every address of the project, one line each.

A new address without a line here fails tests/security/test_access.py. Lists of the back office are
not written out: their rule is in `model_pages`, the same for all of them.
"""

# The world: pages without an account, doors, and what is published.
ANYONE = """
healthz
readyz

robots.txt
manifest.webmanifest
games/
games/<slug:slug>/
games/<slug:slug>/demo/
category/<name:slug>/
studio/<name:studio>/
studios/
search/
feed/
terms/
privacy/
session-net/
safer-play/
safer-play/self-test/
styleguide/
art/<name:slug>-<version:version>.svg
art/bare/<name:slug>-<version:version>.svg
avatar/<name:seed>.svg
jackpots/
jackpots/live/
jackpots/ticker/
jackpots/drops/<str:public_id>/
jackpots/drops/<str:public_id>.json
originals/
originals/<slug:code>/
originals/crash/rounds/<str:public_id>/
fairness/
fairness/offline/
proof-of-liabilities/
proof-of-liabilities/newest.json
proof-of-liabilities/verifier.html
proof-of-liabilities/<int:number>.json
wallet/statements/verify/
wallet/statements/keys.json
wallet/not-me/<str:token>/
mail/unsubscribe/<str:token>/
accounts/login/
accounts/login/code/confirm/
accounts/logout/
accounts/inactive/
accounts/signup/
accounts/signup/passkey/
accounts/confirm-email/
accounts/^confirm-email/(?P<key>[-:\\w]+)/$
accounts/password/reset/
accounts/password/reset/done/
accounts/password/reset/key/done/
accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$
accounts/2fa/
accounts/2fa/authenticate/
accounts/2fa/trust/
accounts/2fa/webauthn/login/
accounts/2fa/webauthn/signup/
_allauth/app/v1/config
_allauth/app/v1/auth/login
_allauth/app/v1/auth/signup
_allauth/app/v1/auth/code/confirm
_allauth/app/v1/auth/password/request
_allauth/app/v1/auth/password/reset
_allauth/app/v1/auth/email/verify
_allauth/app/v1/auth/email/verify/resend
_allauth/app/v1/auth/phone/verify
_allauth/app/v1/auth/phone/verify/resend
_allauth/app/v1/auth/2fa/authenticate
_allauth/app/v1/auth/webauthn/authenticate
_allauth/app/v1/auth/webauthn/login
_allauth/app/v1/auth/session
_allauth/app/v1/tokens/refresh
api/v1/
api/v1/schema/
api/v1/docs/
api/v1/games/
api/v1/games/<slug:slug>/
api/v1/currencies/
api/v1/rates/
api/v1/originals/
api/v1/originals/crash/
api/v1/statements/verify/
"""

# Only from a private address or with a token of its own.
MACHINES = """
metrics
"""

# The partner's signature decides.
PARTNERS = """
^callbacks/(?P<partner>[a-z]+)/(?P<path>.*)$
"""

# A player, and of players' things their own only. Strangers are sent to the entrance.
PLAYERS = """
account/
account/security/
account/security/sessions/end/
account/security/sessions/end-others/
account/security/devices/forget/
account/phone/
account/phone/code/
account/phone/remove/
account/offers/
account/privacy/
account/privacy/export/
account/privacy/erasure/
account/privacy/erasure/withdraw/
account/close/
account/close/keep/
account/api-keys/
account/api-keys/revoke/
account/terms/
account/complaints/
account/complaints/new/
account/complaints/<str:public_id>/
account/complaints/<str:public_id>/take-back/
account/verification/
account/verification/details/
account/verification/files/remove/
account/verification/frame/token/
account/verification/frame/<slug:level>/
account/verification/<int:level>/submit/
account/verification/<int:level>/contest/
account/verification/<int:level>/<slug:kind>/
accounts/reauthenticate/
accounts/email/
accounts/password/change/
accounts/password/set/
accounts/2fa/reauthenticate/
accounts/2fa/totp/activate/
accounts/2fa/totp/deactivate/
accounts/2fa/recovery-codes/
accounts/2fa/recovery-codes/generate/
accounts/2fa/recovery-codes/download/
accounts/2fa/webauthn/
accounts/2fa/webauthn/add/
accounts/2fa/webauthn/reauthenticate/
accounts/2fa/webauthn/keys/<int:pk>/remove/
accounts/2fa/webauthn/keys/<int:pk>/edit/
wallet/
wallet/currency/
wallet/total/
wallet/display/
wallet/deposit/
wallet/deposit/status/
wallet/deposit/exact/
wallet/invoices/<str:public_id>/
wallet/name/
wallet/cashier/
wallet/cashier/bootstrapper.js
wallet/withdraw/
wallet/addresses/
wallet/addresses/saved-only/
wallet/addresses/<str:public_id>/remove/
wallet/history/
wallet/deposits/<str:public_id>/
wallet/withdrawals/<str:public_id>/
wallet/withdrawals/<str:public_id>/cancel/
wallet/statements/
wallet/statements/<str:number>/
wallet/statements/<str:number>/pages/
wallet/statements/<str:number>/csv/
wallet/statements/<str:number>/pdf/
wallet/exchange/
wallet/exchange/estimate/
wallet/exchange/quote/
wallet/exchange/<str:public_id>/
wallet/exchange/<str:public_id>/accept/
wallet/vault/
wallet/vault/put/
wallet/vault/take/
wallet/vault/delay/
wallet/vault/<str:public_id>/cancel/
proof-of-liabilities/<int:number>/mine.json
jackpots/<slug:code>/choice/
originals/<slug:code>/bets/
originals/bets/<str:public_id>/
originals/bets/<str:public_id>/receipt.json
fairness/rotate/
fairness/pairs/<str:public_id>.json
notices/
notices/read/
notices/mail/
notices/<int:notice_id>/
games/rounds/
games/rounds/<str:address>/
games/<slug:slug>/launch/
games/<slug:slug>/leave/
favourites/
favourites/set/
recent/
safer-play/limits/
safer-play/limits/remove/
safer-play/limits/requests/<str:public_id>/
safer-play/history/
safer-play/break/
safer-play/break/now/
safer-play/break/return/
safer-play/spending/
safer-play/reality-check/
safer-play/reality-check/now/
safer-play/first-limit/
safer-play/look-back/
safer-play/session/
"""

# The same over the API: strangers get 401.
PLAYERS_API = """
_allauth/app/v1/auth/reauthenticate
_allauth/app/v1/auth/2fa/reauthenticate
_allauth/app/v1/auth/webauthn/reauthenticate
_allauth/app/v1/auth/sessions
_allauth/app/v1/account/password/change
_allauth/app/v1/account/email
_allauth/app/v1/account/phone
_allauth/app/v1/account/authenticators
_allauth/app/v1/account/authenticators/totp
_allauth/app/v1/account/authenticators/recovery-codes
_allauth/app/v1/account/authenticators/webauthn
api/v1/me/
api/v1/api-keys/
api/v1/api-keys/<slug:key_id>/
api/v1/wallets/
api/v1/wallets/active/
api/v1/exchange/quotes/
api/v1/exchange/quotes/<str:public_id>/accept/
api/v1/exchanges/
api/v1/exchanges/<str:public_id>/
api/v1/vault/put/
api/v1/vault/take/
api/v1/transactions/
api/v1/transactions/<int:transaction_id>/
api/v1/statements/
api/v1/statements/<str:number>/
api/v1/statements/<str:number>/csv/
api/v1/statements/<str:number>/pdf/
api/v1/games/<slug:slug>/launch/
api/v1/rounds/
api/v1/rails/
api/v1/limits/
api/v1/limits/remove/
api/v1/limits/requests/<str:public_id>/
api/v1/breaks/
api/v1/reality-check/
api/v1/reality-check/<str:public_id>/
api/v1/deposits/
api/v1/deposits/<str:public_id>/
api/v1/invoices/
api/v1/invoices/<str:public_id>/
api/v1/payer-name/
api/v1/withdrawals/
api/v1/withdrawals/<str:public_id>/
api/v1/withdrawal-readiness/
api/v1/payout-addresses/
api/v1/payout-addresses/<str:public_id>/
api/v1/originals/bets/
api/v1/originals/bets/<str:public_id>/
api/v1/originals/bets/<str:public_id>/actions/
api/v1/originals/runs/
api/v1/originals/runs/<str:public_id>/
api/v1/originals/runs/<str:public_id>/next/
api/v1/originals/runs/<str:public_id>/stop/
api/v1/originals/seeds/
api/v1/originals/<str:game>/bets/
"""

# The door of the back office.
STAFF_DOOR = """
operator/login/
operator/passkeys/challenge/
"""

# Staff in any role, each for themselves; what else is on these pages depends on the role.
STAFF = """
operator/
operator/live/
operator/logout/
operator/search/
operator/jsi18n/
operator/autocomplete/
operator/password_change/
operator/password_change/done/
operator/passkeys/
operator/passkeys/options/
operator/passkeys/<int:passkey_id>/remove/
operator/emergency/
operator/emergency/<int:access_id>/end/
"""

# Nobody, staff or not: the admin's own addresses that this project has no use for.
NOBODY = """
operator/r/<path:content_type_id>/<path:object_id>/
operator/(?P<url>.*)$
"""

# Players for whom it is not ready yet: the password again, a provider that is not set up.
ASKS_MORE = {"account/privacy/export/": 403, "account/verification/frame/token/": 503}

# Staff whose role has the permission (apps/operator/roles.py), and for a button of a row the list's. Proposals are decided by whoever the
# act names; the service asks for that permission itself.
PERMISSIONS = """
operator/proposals/                                        audit.view_proposal
operator/proposals/<str:public_id>/                        audit.view_proposal
operator/proposals/<str:public_id>/approve/                audit.view_proposal
operator/proposals/<str:public_id>/reject/                 audit.view_proposal
operator/proposals/<str:public_id>/take-back/              audit.view_proposal
operator/proposals/<str:public_id>/complete/               audit.view_proposal
operator/treasury/                                         treasury.view_housewallet
operator/treasury/wallets/new/                             treasury.propose_housewallet
operator/treasury/wallets/<int:wallet_id>/transfer/        treasury.propose_transfer
operator/treasury/wallets/<int:wallet_id>/balance/         treasury.propose_housewallet
operator/treasury/thresholds/<str:code>/                   treasury.propose_threshold
operator/players/<int:player_id>/adjust/                   treasury.propose_adjustment
operator/reconciliation/                                   treasury.view_break
operator/reconciliation/run/                               treasury.reconcile_break
operator/reconciliation/breaks/<str:public_id>/            treasury.view_break
operator/reconciliation/breaks/<str:public_id>/assign/     treasury.assign_break
operator/reconciliation/breaks/<str:public_id>/explain/    treasury.resolve_break
operator/reconciliation/breaks/<str:public_id>/resolve/    treasury.resolve_break
operator/payments/                                         operator.view_payment_board
operator/receivables/                                      treasury.view_chargeback
operator/held/                                             operator.view_payment_board
operator/held/<str:public_id>/release/                     payments.release_deposit
operator/held/<str:public_id>/refund/                      payments.refund_deposit
operator/partners/                                         games.view_cataloguestate
operator/partners/<slug:name>/sync/                        operator.manage_partners
operator/partners/<slug:name>/<slug:kind>/<slug:forced>/   operator.manage_partners
operator/stops/                                            games.view_stop
operator/stops/new/                                        operator.switch_games
operator/stops/<int:stop_id>/end/                          operator.switch_games
operator/stops/cap/                                        operator.set_win_caps
operator/lobby/collections/                                games.view_collection
operator/lobby/collections/new/                            operator.manage_collections
operator/lobby/collections/<int:collection_id>/change/     operator.manage_collections
operator/lobby/collections/<int:collection_id>/games/      operator.manage_collections
operator/open-rounds/                                      games.view_roundcase
operator/open-rounds/<int:case_id>/                        games.view_roundcase
operator/open-rounds/<int:case_id>/<slug:act>/             operator.resolve_rounds
operator/returns/                                          games.view_returntally
operator/returns/<slug:source>/<int:version>/<path:key>/   games.view_returntally
operator/pots/                                             jackpots.view_jackpot
operator/pots/new/                                         jackpots.propose_jackpot
operator/pots/<slug:code>/                                 jackpots.view_jackpot
operator/pots/<slug:code>/rules/                           jackpots.propose_jackpot
operator/pots/<slug:code>/pause/                           jackpots.pause_jackpot
operator/pots/<slug:code>/resume/                          jackpots.pause_jackpot
operator/jackpot-wins/<str:public_id>/release/             jackpots.release_win
operator/jackpot-wins/<str:public_id>/void/                jackpots.propose_win
operator/emergency/ask/                                    operator.ask_emergency
operator/assurance/                                        audit.view_seal
operator/assurance/verify/                                 operator.run_verifier
operator/assurance/runs/<int:run_id>/                      audit.view_seal
operator/significant/                                      operator.view_significant
operator/access-report/                                    operator.view_access_report
operator/risk/alerts/                                      risk.view_alert
operator/risk/alerts/<str:public_id>/                      risk.view_alert
operator/risk/alerts/<str:public_id>/take/                 risk.decide_alert
operator/risk/alerts/<str:public_id>/clear/                risk.decide_alert
operator/risk/alerts/<str:public_id>/confirm/              risk.decide_alert
operator/risk/alerts/<str:public_id>/case/                 risk.work_case
operator/risk/rules/                                       risk.view_ruleversion
operator/risk/rules/<slug:code>/                           risk.view_ruleversion
operator/risk/rules/<slug:code>/back-test/                 risk.view_ruleversion
operator/risk/rules/<slug:code>/change/                    risk.change_ruleversion
operator/profiles/                                         limits.view_profilechange
operator/profiles/preview/                                 limits.view_profilechange
operator/profiles/countries/                               limits.propose_profile
operator/profiles/<str:name>/<str:field_name>/             limits.propose_profile
operator/harm/                                             limits.view_harmcase
operator/harm/<str:public_id>/                             limits.view_harmcase
operator/harm/<str:public_id>/contact/                     limits.log_interaction
operator/harm/<str:public_id>/close/                       limits.close_harmcase
operator/players/<int:player_id>/limits/                   limits.view_limit
operator/players/<int:player_id>/limits/set/               limits.set_operator_limit
operator/players/<int:player_id>/limits/harm/              limits.log_interaction
operator/risk/cases/                                       risk.view_case
operator/risk/cases/<str:public_id>/                       risk.view_case
operator/risk/cases/<str:public_id>/take/                  risk.work_case
operator/risk/cases/<str:public_id>/items/<slug:code>/     risk.work_case
operator/risk/cases/<str:public_id>/note/                  risk.work_case
operator/risk/cases/<str:public_id>/hold/                  risk.work_case
operator/risk/cases/<str:public_id>/decide/                risk.decide_case
operator/risk/cases/<str:public_id>/propose/               risk.propose_case
operator/risk/cases/<str:public_id>/file/                  risk.export_case
operator/risk/players/<int:player_id>/                     risk.view_standing
operator/risk/players/<int:player_id>/class/               risk.set_standing
operator/risk/players/<int:player_id>/case/                risk.work_case
operator/complaints/                                       risk.view_complaint
operator/complaints/<str:public_id>/                       risk.view_complaint
operator/complaints/<str:public_id>/take/                  risk.answer_complaint
operator/complaints/<str:public_id>/answer/                risk.answer_complaint
operator/breaches/                                         risk.view_breach
operator/breaches/new/                                     risk.register_breach
operator/breaches/<str:public_id>/                         risk.view_breach
operator/breaches/<str:public_id>/note/                    risk.register_breach
operator/breaches/<str:public_id>/notified/                risk.register_breach
operator/breaches/<str:public_id>/not-notified/            risk.register_breach
operator/breaches/<str:public_id>/people/                  risk.register_breach
operator/breaches/<str:public_id>/close/                   risk.register_breach
operator/insiders/                                         risk.view_insider
operator/insiders/new/                                     risk.register_insider
operator/insiders/<int:insider_id>/remove/                 risk.register_insider
operator/reports-of-suspicion/                             risk.view_suspiciousreport
operator/reports-of-suspicion/new/                         risk.write_suspiciousreport
operator/reports-of-suspicion/<str:public_id>/             risk.view_suspiciousreport
operator/reports-of-suspicion/<str:public_id>/rewrite/     risk.write_suspiciousreport+risk.view_suspiciousreport
operator/reports-of-suspicion/<str:public_id>/file/        risk.write_suspiciousreport
operator/reports-of-suspicion/<str:public_id>/drop/        risk.write_suspiciousreport
operator/verification/                                     kyc.view_case
operator/verification/hits/                                kyc.view_hit
operator/verification/hits/<str:public_id>/decide/         kyc.decide_hit
operator/verification/matches/                             kyc.view_personmatch
operator/verification/matches/<int:match_id>/decide/       kyc.decide_match
operator/verification/papers/<str:token>/                  kyc.reveal_document
operator/players/<int:player_id>/verification/ask/         kyc.review_case
operator/players/<int:player_id>/provider/                 kyc.view_case
operator/players/<int:player_id>/provider/pictures/<str:token>/  kyc.reveal_document
operator/players/<int:player_id>/provider/<slug:what>/     kyc.review_case
operator/verification/<str:public_id>/                     kyc.view_case
operator/verification/<str:public_id>/decide/              kyc.review_case
operator/erasures/                                         accounts.view_erasurerequest
operator/erasures/<int:request_id>/erase/                  accounts.decide_erasure
operator/erasures/<int:request_id>/refuse/                 accounts.decide_erasure
operator/live/bets/                                        operator.view_dashboard
operator/queue/                                            payments.view_withdrawal
operator/queue/<str:public_id>/                            payments.view_withdrawal
operator/queue/<str:public_id>/approve/                    payments.approve_withdrawal
operator/queue/<str:public_id>/reject/                     payments.reject_withdrawal
operator/queue/<str:public_id>/take/                       payments.approve_withdrawal
operator/queue/<str:public_id>/give-back/                  payments.approve_withdrawal
operator/queue/<str:public_id>/hold/                       payments.approve_withdrawal
operator/queue/<str:public_id>/owner/                      payments.reveal_walletowner
operator/queue/<str:public_id>/settle/                     payments.resolve_withdrawal
operator/players/<int:player_id>/                          accounts.view_player
operator/players/<int:player_id>/timeline/                 operator.view_timeline
operator/players/<int:player_id>/reveal/                   operator.reveal_identity
operator/players/<int:player_id>/status/                   operator.change_player_status
operator/players/<int:player_id>/rank/                     operator.change_player_rank
operator/players/<int:player_id>/kyc/                      operator.change_player_kyc
operator/players/<int:player_id>/freeze/                   operator.unfreeze_payouts
operator/players/<int:player_id>/unfreeze/                 operator.unfreeze_payouts
operator/entries/<int:entry_id>/                           ledger.view_entry
operator/operations/                                       ledger.view_operation
operator/staff/new/                                        operator.manage_staff
operator/staff/<int:user_id>/                              operator.view_staff
operator/staff/<int:user_id>/role/                         operator.manage_staff
operator/staff/<int:user_id>/second-factor/                operator.manage_staff
operator/staff/<int:user_id>/password/                     operator.manage_staff
operator/staff/<int:user_id>/active/                       operator.manage_staff
operator/operator/staff/create/                            operator.manage_staff
operator/audit/alarm/<path:object_id>/resolve/             operator.resolve_alarms
operator/events/delivery/<path:object_id>/retry/           operator.retry_deliveries
operator/integrations/inboxmessage/<path:object_id>/replay/  operator.replay_callbacks
operator/rates/rate/<path:object_id>/override/             rates.override_rate
operator/rates/rate/<path:object_id>/end-override/         rates.override_rate
operator/games/game/<path:object_id>/switch-on/            operator.switch_games
operator/games/game/<path:object_id>/switch-off/           operator.switch_games
operator/games/game/<path:object_id>/stop-version/         operator.switch_games
operator/games/game/<path:object_id>/tags/                 operator.manage_collections
operator/games/gamesession/<path:object_id>/end/           operator.switch_games
operator/payments/payoutstop/stop/                         payments.begin_payoutstop
operator/payments/payoutstop/resume/                       payments.end_payoutstop
operator/payments/exchange/order/                          payments.order_exchange
operator/payments/invoice/look-up/                         payments.trace_invoice
operator/payments/limitrule/add-rule/                      payments.change_limitrule
operator/payments/limitrule/<path:object_id>/change-rule/  payments.change_limitrule
operator/payments/limitrule/<path:object_id>/end-rule/     payments.change_limitrule
operator/payments/approvalrule/add-rule/                   payments.change_approvalrule
operator/payments/approvalrule/<path:object_id>/change-rule/  payments.change_approvalrule
operator/payments/approvalrule/<path:object_id>/end-rule/  payments.change_approvalrule
operator/liabilities/snapshot/publish/                     liabilities.publish_snapshot
operator/originals/original/<path:object_id>/open/         originals.change_original
operator/originals/original/<path:object_id>/close/        originals.change_original
operator/originals/original/<path:object_id>/limits/       originals.change_original
operator/messaging/mail/<path:object_id>/reveal/           messaging.reveal_mail
operator/messaging/mail/<path:object_id>/again/            messaging.resend_mail
operator/messaging/suppression/<path:object_id>/lift/      messaging.lift_suppression
"""


def lines(text: str) -> list[str]:
    """The addresses of a block; the empty one is the lobby's."""
    return [line.strip() for line in text.strip("\n").split("\n")]


def permissions() -> dict[str, tuple[str, ...]]:
    """What each address of ours takes."""
    found = {}
    for line in lines(PERMISSIONS):
        route, needed = line.rsplit(maxsplit=1)
        found[route] = tuple(needed.split("+"))
        if "/<path:object_id>/" in route:
            _, app, model, *_ = route.split("/")
            found[route] += (f"{app}.view_{model}",)
    return found


def model_pages(app: str, model: str, *, leaves: bool) -> dict[str, tuple[str, ...]]:
    """The addresses every list has, and what each takes; () is nobody, whatever their role.

    leaves: whether it can be exported.
    """
    base, view = f"operator/{app}/{model}/", f"{app}.view_{model}"
    return {
        **({f"{base}export/": (view, "operator.export_data")} if leaves else {}),
        base: (view,),
        f"{base}<path:object_id>/change/": (view,),
        f"{base}<path:object_id>/history/": ("",),  # leads to the audit trail, which asks
        f"{base}<path:object_id>/": ("",),  # leads to the page above
        f"{base}add/": (),
        f"{base}<path:object_id>/delete/": (),
    }
