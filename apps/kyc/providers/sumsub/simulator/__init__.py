"""Plays Sumsub over HTTP: applicants, documents, watch lists, its frame, its webhooks.

Written from the vendor's documents; our adapter is not imported. `records` applicants, levels, tokens,
options · `documents` the vendor's JSON · `api` what the casino asks · `decisions` what happens to an
applicant, and the webhooks about it · `frame` the pages in a player's browser · `pages` what a tester
looks at and presses.
"""
