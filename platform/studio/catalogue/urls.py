"""The models, a custodian's decisions about them, and teaching."""

from django.urls import path

from studio.catalogue import lesson_views, views

urlpatterns = [
    path("models/", views.models, name="models"),
    path("models/<uuid:pk>/approve/", views.approve, name="model-approve"),
    path("models/<uuid:pk>/withdraw/", views.withdraw, name="model-withdraw"),
    path("models/<uuid:pk>/teach/", lesson_views.teach, name="teach"),
    path("lessons/<uuid:pk>/", lesson_views.lesson, name="lesson"),
    path("lessons/<uuid:pk>/progress/", lesson_views.progress, name="lesson-progress"),
    path("lessons/<uuid:pk>/cancel/", lesson_views.cancel, name="lesson-cancel"),
]
