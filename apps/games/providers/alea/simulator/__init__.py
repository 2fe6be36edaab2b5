"""Plays Alea over HTTP: catalogue, launches, live tables on a clock, table games, its calls to us.

Written from the protocol notes, with its own digests and parsing; our adapter is not imported.
`catalogue` the games · `engines` how they decide · `money` amounts and limits · `vendor` sessions and
calls to the casino · `tables` live rounds · `dealing` table games · `api` what the casino calls ·
`play` the page a player sees · `pages` what a tester sees and presses.
"""
