"""Projects, campaigns, models with what they made, and requests for pictures."""

from django.urls import path

from studio.jobs import browsing, creating, galleries, lining, views

urlpatterns = [
    path("projects/<uuid:pk>/", galleries.project, name="project"),
    path("campaigns/<uuid:pk>/", galleries.campaign, name="campaign"),
    path("queue/", lining.line, name="queue"),
    path("queue/moves/", lining.moves, name="queue-moves"),
    path("queue/events/", lining.events, name="queue-events"),
    path("requests/<uuid:pk>/again/", lining.again, name="request-again"),
    path("gallery/", browsing.gallery, name="gallery"),
    path("gallery/compare/", browsing.compare, name="compare"),
    path("pictures/<uuid:pk>/small/", browsing.small, name="picture-small"),
    path("pictures/<uuid:pk>/star/", browsing.star, name="picture-star"),
    path("models/<uuid:pk>/", galleries.model, name="model"),
    path("campaigns/<uuid:pk>/create/", creating.create, name="create"),
    path("campaigns/<uuid:pk>/sizes/", creating.sizes, name="create-sizes"),
    path("campaigns/<uuid:pk>/cost/", creating.cost, name="create-cost"),
    path("campaigns/<uuid:pk>/words/", creating.unknown_words, name="unknown-words"),
    path("requests/<uuid:pk>/", views.request_page, name="request"),
    path("requests/<uuid:pk>/progress/", views.progress, name="request-progress"),
    path("requests/<uuid:pk>/preview/", views.preview, name="request-preview"),
    path("requests/<uuid:pk>/cancel/", views.cancel, name="request-cancel"),
    path("requests/<uuid:pk>/appeal/", views.appeal, name="request-appeal"),
]
