"""A value of a jurisdiction profile, and the profile of a country: changed by two people."""

from apps.accounts.countries import countries, country_name
from apps.accounts.models import User
from apps.audit import proposals
from apps.audit.models import Proposal
from apps.audit.proposals import Act, Content, Person
from apps.core.errors import Conflict, InvalidInput
from apps.limits import profiles


def propose_value(*, name: str, field_name: str, text: str, by: User, reason: str) -> Proposal:
    """Ask for another value. text: as a person writes it.

    Raises InvalidInput, NotPermitted.
    """
    if name not in profiles.NAMES or field_name not in profiles.FIELDS:
        raise InvalidInput(fields={"value": "There is no such value."})
    value = profiles.parse(field_name, text)
    before = getattr(profiles.profile(name), field_name)
    if value == before:
        raise InvalidInput(fields={"value": "This is the value in force."})
    return proposals.propose(
        CHANGE_VALUE,
        by=by,
        title=f"{name}: {profiles.label(field_name).lower()}",
        content={
            "profile": name,
            "value": field_name,
            "before": profiles.to_json(before),
            "after": profiles.to_json(value),
        },
        reason=reason,
    )


def propose_country(*, country: str, name: str, by: User, reason: str) -> Proposal:
    """Ask for another profile for the residents of a country. Raises InvalidInput, NotPermitted."""
    if country not in {code for code, _ in countries()}:
        raise InvalidInput(fields={"country": "There is no such country."})
    if name not in profiles.NAMES:
        raise InvalidInput(fields={"profile": "There is no such profile."})
    before = profiles.profile_for(country).name
    if name == before:
        raise InvalidInput(fields={"profile": "Its residents play under it already."})
    return proposals.propose(
        ASSIGN_COUNTRY,
        by=by,
        title=f"{country_name(country)} under {name}",
        content={"country": country, "before": before, "after": name},
        reason=reason,
    )


def _value_facts(content: Content) -> list[tuple[str, str]]:
    name = str(content["value"])
    return [
        ("Profile", str(content["profile"])),
        ("Value", profiles.label(name)),
        ("Now", profiles.words(profiles.from_json(name, content["before"]))),
        ("Afterwards", profiles.words(profiles.from_json(name, content["after"]))),
    ]


def _change_value(proposal: Proposal, by: Person) -> Content:
    content = proposal.content
    name, field_name = content["profile"], content["value"]
    _same(profiles.to_json(getattr(profiles.profile(name), field_name)), content["before"])
    change = profiles.change_value(
        name=name,
        field_name=field_name,
        value=profiles.from_json(field_name, content["after"]),
        proposed_by=proposal.maker,
        approved_by=_user(by),
        reason=proposal.reason,
    )
    return {"change": change.pk}


def _country_facts(content: Content) -> list[tuple[str, str]]:
    return [
        ("Residents of", country_name(str(content["country"]))),
        ("Now", str(content["before"])),
        ("Afterwards", str(content["after"])),
    ]


def _assign_country(proposal: Proposal, by: Person) -> Content:
    content = proposal.content
    _same(profiles.profile_for(content["country"]).name, content["before"])
    change = profiles.assign_country(
        country=content["country"],
        name=content["after"],
        proposed_by=proposal.maker,
        approved_by=_user(by),
        reason=proposal.reason,
    )
    return {"change": change.pk}


def _same(now: object, then: object) -> None:
    if now != then:
        raise Conflict("Another value came into force since this was proposed.")


def _user(by: Person) -> User:
    return User.objects.get(pk=by.pk)


CHANGE_VALUE = proposals.register(
    Act(
        name="profile.value",
        title="Change a jurisdiction profile",
        propose="limits.propose_profile",
        approve="limits.approve_profile",
        facts=_value_facts,
        carry_out=_change_value,
    )
)
ASSIGN_COUNTRY = proposals.register(
    Act(
        name="profile.country",
        title="Give a country a profile",
        propose="limits.propose_profile",
        approve="limits.approve_profile",
        facts=_country_facts,
        carry_out=_assign_country,
    )
)
