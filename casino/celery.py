"""The `worker` and `beat` processes. The table below is the whole schedule: name, when, why."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "casino.settings.production")

app = Celery("casino")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.beat_schedule = {
    # Keeps the journal's followers running; a second copy finds the lock taken and ends.
    "follow the journal": {
        "task": "ledger.follow",
        "schedule": 2.0,
        "options": {"expires": 2},
    },
    # Events whose nudge was lost, and the retries of handlers that failed.
    "deliver events": {"task": "events.deliver", "schedule": 1.0, "options": {"expires": 1}},
    # Callbacks whose processing failed.
    "retry inbox": {"task": "integrations.retry_inbox", "schedule": 5.0, "options": {"expires": 5}},
    # Raw callbacks that nobody needs any more; at night, in batches.
    "delete old callbacks": {
        "task": "integrations.delete_old_messages",
        "schedule": crontab(minute="23", hour="2"),
    },
    "seal journal": {"task": "ledger.seal", "schedule": 5.0, "options": {"expires": 5}},
    # The audit trail is sealed within a minute and leaves the database hourly at the latest.
    "seal audit": {"task": "audit.seal", "schedule": 15.0, "options": {"expires": 15}},
    # Withdrawals that are approved and not yet sent, or sent with an unknown outcome.
    "send withdrawals": {
        "task": "payments.send_due",
        "schedule": 2.0,
        "options": {"expires": 2},
    },
    # Mails that are written and not yet sent, or sent with an unknown outcome.
    "send mail": {"task": "messaging.send_mail", "schedule": 2.0, "options": {"expires": 2}},
    # Whether the mail provider still reports to us.
    # Text messages that are written and not yet sent.
    "send texts": {"task": "messaging.send_texts", "schedule": 2.0, "options": {"expires": 2}},
    "watch mail reports": {"task": "messaging.watch_webhook", "schedule": crontab(minute="*/10")},
    # Applicants a verification provider spoke of, and those it could not be asked about.
    "read applicants": {"task": "kyc.read_applicants", "schedule": 2.0, "options": {"expires": 2}},
    # Watch lists: after a check, before a withdrawal, and every day; ten reads a minute.
    "read watch lists": {
        "task": "kyc.screen_applicants",
        "schedule": 15.0,
        "options": {"expires": 15},
    },
    # Open checks that nobody spoke of for a while: a notice may be lost.
    "reconcile applicants": {"task": "kyc.reconcile", "schedule": crontab(minute="*/10")},
    # What lies at the gateways, against what is owed to players.
    "read gateways": {"task": "treasury.read_gateways", "schedule": crontab(minute="*/5")},
    # A way to pay on which nothing happens though it should.
    "watch payment methods": {"task": "treasury.watch_methods", "schedule": crontab(minute="*/10")},
    # Yesterday at each gateway against our books, when its statement is complete.
    "reconcile": {"task": "treasury.reconcile", "schedule": crontab(minute="0", hour="6")},
    # Proposals that nobody decided on in time.
    "expire proposals": {"task": "audit.expire_proposals", "schedule": crontab(minute="*/15")},
    # Exchanges of the house that are ordered, or whose outcome is not known yet.
    "send exchanges": {
        "task": "payments.send_exchanges",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    # Deposits and invoices that nobody spoke of for a while: a callback may be lost.
    "ask about deposits": {
        "task": "payments.ask_open",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    # Refused payouts and refunds that a fiat gateway must be told of.
    "send gateway orders": {
        "task": "payments.send_orders",
        "schedule": 2.0,
        "options": {"expires": 2},
    },
    # Fiat transactions that were asked about and never finished: nobody promises a second call.
    "ask about fiat": {
        "task": "payments.ask_fiat",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    # Deposits that no callback ever told us of.
    "read exports": {"task": "payments.read_exports", "schedule": crontab(minute="*/15")},
    # What left according to the gateway, against what the ledger let leave.
    "watch payouts": {"task": "payments.watch_payouts", "schedule": crontab(minute="*/10")},
    # Minimums, digits and coins on offer, as the gateway lists them.
    "sync rails": {"task": "payments.sync_lists", "schedule": crontab(minute="37")},
    # New addresses whose wait is over; withdrawals that nobody decided in the promised time.
    "watch withdrawals": {
        "task": "payments.watch_queue",
        "schedule": 15.0,
        "options": {"expires": 15},
    },
    # Time-outs that are over; looser limits that nobody confirmed in time.
    "end breaks": {"task": "limits.end_breaks", "schedule": 10.0, "options": {"expires": 10}},
    "lapse limit requests": {"task": "limits.lapse_requests", "schedule": crontab(minute="*")},
    # Further accounts of people who are excluded: who somebody is becomes known later.
    "cover persons": {"task": "limits.cover_persons", "schedule": crontab(minute="*/5")},
    # Accounts whose owners asked to close them, once they are empty.
    "finish closing": {"task": "limits.finish_closing", "schedule": crontab(minute="*/5")},
    # Owners who did not come for long are told; a month later their accounts sleep.
    "find dormant": {"task": "limits.find_dormant", "schedule": crontab(minute="19", hour="5")},
    # Vaults whose owner chose a delay, when it is over.
    "release vaults": {"task": "wallet.release_vault", "schedule": crontab(minute="*")},
    # New, changed and recalled games; how much each was played this week.
    "sync games": {"task": "games.sync", "schedule": crontab(minute="7")},
    # Catalogues that staff asked for.
    "sync wanted games": {"task": "games.sync_wanted", "schedule": 5.0, "options": {"expires": 5}},
    # Partners' rounds that do not end: asked about, and ended by the rule of age.
    "watch open rounds": {"task": "games.watch_rounds", "schedule": crontab(minute="*/15")},
    # What closed rounds returned, and whether it is what it should be.
    "count returns": {"task": "games.tally_returns", "schedule": 30.0, "options": {"expires": 30}},
    "watch returns": {"task": "games.watch_returns", "schedule": crontab(minute="27")},
    # Rounds of our own games that nobody came back to for a month.
    "finish abandoned rounds": {
        "task": "originals.finish_abandoned",
        "schedule": crontab(minute="13", hour="4"),
    },
    # Players who were signed in when material new terms came out.
    "require terms": {
        "task": "limits.require_terms",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    # People about whom a national register gave no answer.
    "ask registers": {
        "task": "limits.ask_registers",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    # Who plays at partners' and has not been located for too long.
    "stop overdue locations": {
        "task": "risk.stop_overdue",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    # New journal partitions well before the last one fills.
    "extend journal": {"task": "ledger.extend", "schedule": crontab(minute="17")},
    # What currencies are worth; a second copy finds the lock taken and ends.
    "refresh rates": {"task": "rates.refresh", "schedule": 30.0, "options": {"expires": 30}},
    # Rates that are published once a day, for display only.
    "refresh daily rates": {"task": "rates.refresh_display", "schedule": crontab(minute="33")},
    # What is owed to players, as a tree they can check; a second copy finds it there.
    "publish liabilities": {
        "task": "liabilities.publish",
        "schedule": crontab(minute="10", hour="0"),
    },
    # Trees that are too old to be asked for; sums and roots stay.
    "delete old trees": {
        "task": "liabilities.delete_old_trees",
        "schedule": crontab(minute="53", hour="2"),
    },
    # The PDFs of long statements; a second copy finds the lock taken and ends.
    "draw statements": {
        "task": "statements.render_due",
        "schedule": 2.0,
        "options": {"expires": 2},
    },
    # Rates that no entry and no row used, but one an hour.
    "thin rates": {"task": "rates.thin", "schedule": crontab(minute="41", hour="2")},
    "delete old mails": {
        "task": "messaging.delete_old_mails",
        "schedule": crontab(minute="35", hour="2"),
    },
    "delete old PDFs": {
        "task": "statements.delete_old_pages",
        "schedule": crontab(minute="29", hour="2"),
    },
    # Jackpot wins that are drawn and not paid, or wait for a rate.
    "pay jackpots": {"task": "jackpots.pay_due", "schedule": 2.0, "options": {"expires": 2}},
    # Windows that are over and that nobody bets after.
    "close jackpot windows": {
        "task": "jackpots.close_windows",
        "schedule": 15.0,
        "options": {"expires": 15},
    },
    # What pots have gathered, into the ledger's accounts.
    "book jackpots": {"task": "jackpots.book", "schedule": crontab(minute="3")},
    # What partners' jackpots stand at.
    "read jackpot feeds": {
        "task": "jackpots.read_feeds",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    # The monitoring rules over players whose money moved, and over everybody active, once an hour.
    "look at players": {"task": "risk.look", "schedule": 10.0, "options": {"expires": 10}},
    "sweep players": {"task": "risk.sweep", "schedule": crontab(minute="9")},
    # Alerts, cases, complaints and breaches whose time is over.
    "watch deadlines": {"task": "risk.watch_deadlines", "schedule": crontab(minute="*/5")},
    "forget old complaints": {
        "task": "risk.forget_complaints",
        "schedule": crontab(minute="19", hour="4"),
    },
    # Reality checks and session limits that are due, and the pauses that are over.
    "interrupt play": {
        "task": "limits.interrupt_play",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    # Players whose profile wants a plan before they play.
    "require plans": {"task": "limits.require_plans", "schedule": crontab(minute="*")},
    # Signs of harm, day by day.
    "score harm": {"task": "limits.score_harm", "schedule": crontab(minute="19", hour="*/6")},
    # Whether the pages of help organisations still answer.
    "check help links": {
        "task": "limits.check_help_links",
        "schedule": crontab(minute="31", hour="5"),
    },
    # The trail, the journal and the program files; a difference raises an alarm, and whose books
    # differ stops playing.
    "verify daily": {"task": "operator.verify_daily", "schedule": crontab(minute="47", hour="3")},
    # What the line above or somebody at a desk asked for.
    "verify what is asked": {
        "task": "operator.verify_asked",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    # Emergency access whose hours are over.
    "end emergencies": {"task": "operator.end_emergencies", "schedule": crontab(minute="*")},
}
