"""Posters and avatars are drawn from a hash: stable, small, harmless."""

import gzip
from xml.dom.minidom import parseString

import pytest
from django.test import Client

from apps.site import art, avatars
from apps.site.scenes import SCENES

POSTER_BYTES_MAX = 3 * 1024
SLUGS = [
    f"velvet-{word}-{number}"
    for word in ("moon", "koi", "crown", "roulette")
    for number in range(75)
]


def test_the_same_slug_always_gives_the_same_poster() -> None:
    first = art.poster("seven-moons")
    art.poster.cache_clear()
    art.plan.cache_clear()

    assert art.poster("seven-moons") == first


def test_three_hundred_games_get_three_hundred_posters() -> None:
    assert len({art.poster(slug) for slug in SLUGS}) == len(SLUGS)


def test_every_poster_is_well_formed_and_small() -> None:
    for slug in SLUGS:
        picture = art.poster(slug)
        parseString(picture)  # noqa: S318  our own drawing
        assert len(gzip.compress(picture.encode())) < POSTER_BYTES_MAX, slug
        assert "{" not in picture
        assert "style=" not in picture


def test_every_scene_can_be_reached() -> None:
    drawn = {art.plan(f"anything-{number}").scene for number in range(2000)}

    assert drawn == {*art.MOTIFS, *SCENES}


def test_a_word_in_the_slug_names_what_is_drawn() -> None:
    scenes = [art.plan(f"quiet-{number}-serpent").scene for number in range(100)]

    assert scenes.count("serpent") > 60


def test_digits_and_cards_are_never_mirrored() -> None:
    plans = [art.plan(f"lucky-{number}-blackjack") for number in range(200)]

    assert not [plan for plan in plans if plan.scene in {"seven", "cards"} and plan.mirrored]


def test_avatars_differ_and_do_not_tell_whose_they_are() -> None:
    seeds = [avatars.seed_of(f"pl_{number}") for number in range(100)]

    assert len({avatars.avatar(seed) for seed in seeds}) > 60
    assert not [seed for number, seed in enumerate(seeds) if f"pl_{number}" in seed]
    for seed in seeds:
        parseString(avatars.avatar(seed))  # noqa: S318  our own drawing


def test_a_poster_is_served_for_ever(client: Client) -> None:
    response = client.get(art.url("seven-moons"))

    assert response.status_code == 200
    assert response["Content-Type"] == "image/svg+xml"
    assert "immutable" in response["Cache-Control"]
    assert response.content.decode() == art.poster("seven-moons")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/art/-.svg", "/art/a%20b-12ab34cd.svg", "/avatar/..svg", "/avatar/a.b.svg"]
)
def test_strange_picture_names_are_not_found(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404
