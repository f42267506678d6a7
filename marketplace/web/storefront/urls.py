"""The storefront: the root of the site."""

from django.urls import path

from marketplace.web import converters
from marketplace.web.storefront import views

converters.register()

app_name = "storefront"
urlpatterns = [
    path("", views.home, name="home"),
    path("catalogue/", views.catalogue, name="catalogue"),
    path("docs/checks/", views.checks, name="checks"),
    path("<shown_namespace:namespace>/<shown_package:name>/", views.package, name="package"),
    path("<shown_namespace:namespace>/<shown_package:name>/<slug:tab>/", views.package, name="tab"),
]
