"""Public ids: what people and partners see. Database keys never leave the house."""

import secrets

# No vowels and no look-alikes: ids are read out to support and never spell a word.
ALPHABET = "23456789bcdfghjkmnpqrstvwxz"


def public_id(prefix: str, length: int = 16) -> str:
    return f"{prefix}_{''.join(secrets.choice(ALPHABET) for _ in range(length))}"
