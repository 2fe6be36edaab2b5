"""Plays the SOFTSWISS game aggregator, both generations, over HTTP.

Written from the protocol document, with its own signing and parsing; our adapter is not imported.
`catalogue` the games · `machines` how they decide · `money` what amounts look like on the wire ·
`aggregator` sessions, rounds and calls to the casino · `api` what the casino calls ·
`play` the page a player sees · `pages` what a tester sees and presses.
"""
