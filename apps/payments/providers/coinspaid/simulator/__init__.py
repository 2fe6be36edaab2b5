"""Plays CoinsPaid, API v2, over HTTP, with chains whose blocks take seconds.

Written from the protocol document, with its own signing and parsing; our adapter is not imported.
`chains` currencies and addresses · `records` the book · `gateway`, `exchanges`, `invoices` the
vendor's records and their states · `accounts`, `statement` its balances · `documents` what it says ·
`clock` what happens by itself · `api` what the casino calls · `pages` what a tester sees and presses.
"""
