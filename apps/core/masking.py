"""Personal data in words, so that a row can be read without knowing whom it is about."""

import re

EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
IPV4 = re.compile(r"\b(\d{1,3}\.\d{1,3})\.\d{1,3}\.\d{1,3}\b")
IPV6 = re.compile(r"\b((?:[0-9a-f]{1,4}:){2})[0-9a-f:]{4,}\b", re.IGNORECASE)
# Whoever has it sees identities; everybody else gets them masked.
SEES = "operator.reveal_identity"


def masked_email(email: str) -> str:
    """`rosalind@example.org` -> `r•••••@e•••••.org`: enough to recognise, too little to write to."""
    name, _, host = email.partition("@")
    domain, dot, ending = host.rpartition(".")
    return f"{name[:1]}•••••@{domain[:1]}•••••{dot}{ending}"


def masked_text(text: str) -> str:
    """Words with the e-mail and network addresses in them masked."""
    text = EMAIL.sub(lambda found: masked_email(found.group()), text)
    text = IPV4.sub(r"\1.•••.•••", text)
    return IPV6.sub(r"\1•••", text)
