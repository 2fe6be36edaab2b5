"""Plays PaymentIQ over HTTP: its cashier, its Front and Admin API, and its calls to the casino.

Written from the protocol document, with its own reading and writing; our adapter is not imported.
`methods` who can pay how · `gateway` the vendor's transactions, their states and calls ·
`front` the cashier in the frame and its API · `admin` what the casino's back office calls ·
`pages` what a tester sees and presses.
"""
