"""What programs ask, and the page where a person makes them tokens."""

from django.urls import include, path

from studio.api import likeness, links, views
from studio.api.interface import api

urlpatterns = [
    path("account/tokens/", views.tokens, name="tokens"),
    path("account/tokens/<uuid:pk>/revoke/", views.revoke, name="token-revoke"),
    path("for-programs", views.guide, name="for-programs"),
    path("links/<str:signed>", links.linked, name="link"),
    path("api/v1/", include((api.addresses(), "api"))),
    path("v1/", include((likeness.api.addresses(), "likeness"))),
]
