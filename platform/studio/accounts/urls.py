"""Signing in and out, and one's own account."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from studio.accounts import views

urlpatterns = [
    path("login/", LoginView.as_view(template_name="studio/login.html"), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("account/", views.account, name="account"),
]
