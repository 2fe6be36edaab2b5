"""Personal data as staff see it before they ask for it."""


def masked_email(email: str) -> str:
    """`rosalind@example.org` -> `r•••••@e•••••.org`: enough to recognise, too little to write to."""
    name, _, host = email.partition("@")
    domain, dot, ending = host.rpartition(".")
    return f"{name[:1]}•••••@{domain[:1]}•••••{dot}{ending}"
