"""The portal: where publishers work."""

from django.urls import path

from marketplace.web import converters
from marketplace.web.portal import accounts, views

converters.register()

app_name = "portal"
_VERSION = "versions/<shown_namespace:namespace>/<shown_package:name>/<shown_version:number>/"
urlpatterns = [
    path("", views.home, name="home"),
    path("upload/", views.upload, name="upload"),
    path(_VERSION, views.version, name="version"),
    path(_VERSION + "progress/", views.progress, name="progress"),
    path(_VERSION + "withdraw/", views.withdraw, name="withdraw"),
    path(_VERSION + "yank/", views.yank, name="yank"),
    path(_VERSION + "unyank/", views.unyank, name="unyank"),
    path("tokens/", accounts.tokens, name="tokens"),
    path("tokens/<int:token_id>/revoke/", accounts.revoke_token, name="revoke-token"),
    path("organisations/", accounts.organisations, name="organisations"),
    path("organisations/<slug:slug>/claim/", accounts.claim, name="claim"),
]
