"""Plays the sources of rates over HTTP: Coinbase, CoinGecko and the ECB, on one set of prices.

Written from the vendors' documents; our feeds are not imported. `records` the prices and what is
wrong with whom · `api` what the casino asks · `pages` what a tester sees and presses.
"""
