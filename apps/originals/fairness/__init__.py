"""Scheme `pf-1`: how a seed pair and a nonce become a result. Pure: no Django, no database, no clock.

The published description is `docs/fairness.md`. All arithmetic on results is on whole numbers: binary
fractions are off by one at exact boundaries.
"""
