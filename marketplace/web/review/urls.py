"""The review console: where marketplace staff decide and auditors read."""

from django.urls import path

from marketplace.web.review import decisions, views

app_name = "review"
_VERSION = "versions/<int:version_id>/"
urlpatterns = [
    path("", views.queue, name="queue"),
    path("certified/", views.certified, name="certified"),
    path("events/", views.events, name="events"),
    path(_VERSION, views.version, name="version"),
    path(_VERSION + "file/", views.preview, name="preview"),
    path(_VERSION + "decide/", decisions.decide, name="decide"),
    path(_VERSION + "<slug:verb>/", decisions.change, name="change"),
]
