"""Plays SendPost over HTTP: two sub-accounts, a list of addresses that get nothing, events.

Written from the vendor's documents; our adapter is not imported. `records` messages, suppressions,
webhooks · `api` what the casino asks · `delivery` what happens to a mail by itself, and the reports
· `handlebars` their templates · `pages` the mailbox and the tester's buttons.
"""
