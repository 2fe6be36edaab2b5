"""Plays CoinsPaid, API v2, over HTTP, with chains whose blocks take seconds.

Written from the protocol document, with its own signing and parsing; our adapter is not imported.
`chains` currencies and addresses · `gateway` the vendor's records, their states and callbacks ·
`api` what the casino calls · `pages` what a tester sees and presses.
"""
