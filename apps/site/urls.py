from django.urls import path, register_converter

from apps.site import views

app_name = "site"


class SlugConverter:
    """Slugs and category names: letters, digits, dash and underscore, of a sane length."""

    regex = "[A-Za-z0-9_-]{1,100}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class VersionConverter(SlugConverter):
    """The part after the last dash of a picture's name."""

    regex = "[0-9a-f]{1,16}"


register_converter(SlugConverter, "name")
register_converter(VersionConverter, "version")

urlpatterns = [
    path("", views.lobby, name="lobby"),
    path("games/", views.games, name="games"),
    path("games/rounds/", views.rounds, name="rounds"),
    path("games/rounds/<str:address>/", views.one_round, name="round"),
    path("favourites/", views.favourite_games, name="favourites"),
    path("favourites/set/", views.favourite, name="favourite"),
    path("recent/", views.recent_games, name="recent"),
    path("feed/", views.feed, name="feed"),
    path("category/<name:slug>/", views.games, name="category"),
    path("studio/<name:studio>/", views.games, name="studio"),
    path("studios/", views.studios, name="studios"),
    path("search/", views.search, name="search"),
    path("session-net/", views.session_net, name="session_net"),
    path("terms/", views.terms, name="terms"),
    path("privacy/", views.privacy, name="privacy"),
    path("styleguide/", views.style_guide, name="styleguide"),
    path("art/<name:slug>-<version:version>.svg", views.poster, name="art"),
    path(
        "art/bare/<name:slug>-<version:version>.svg", views.poster, {"bare": True}, name="art_bare"
    ),
    path("avatar/<name:seed>.svg", views.avatar, name="avatar"),
    path("manifest.webmanifest", views.manifest, name="manifest"),
    path("robots.txt", views.robots, name="robots"),
]
