"""The pages of endpoints."""

from django.urls import path

from studio.webhooks import views

urlpatterns = [
    path("webhooks/", views.webhooks, name="webhooks"),
    path("webhooks/<uuid:pk>/", views.webhook, name="webhook"),
    path("webhooks/<uuid:pk>/deliveries/<uuid:delivery>/again/", views.send_again, name="webhook-again"),
]
