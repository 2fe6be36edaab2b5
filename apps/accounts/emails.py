"""When two spellings of an address are one mailbox."""

# Where a dot before the @ means nothing.
DOTLESS = {"gmail.com", "googlemail.com"}
SAME_DOMAIN = {"googlemail.com": "gmail.com"}


def folded(email: str) -> str:
    """The address without what mailboxes ignore: case, what follows a plus, Google's dots."""
    name, _, domain = email.strip().lower().rpartition("@")
    name = name.partition("+")[0] or name
    if domain in DOTLESS:
        name = name.replace(".", "") or name
    return f"{name}@{SAME_DOMAIN.get(domain, domain)}"


def without_dots(email: str) -> str:
    """A looser key: what is equal here may be one person, and a person of ours looks at it."""
    name, _, domain = folded(email).rpartition("@")
    return f"{name.replace('.', '')}@{domain}"
