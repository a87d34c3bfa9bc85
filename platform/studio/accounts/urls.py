"""Signing in and out, second steps, one's own account, and the people of an organisation.

The sign-in library's views stand here one by one: what it could do besides (sign-up, addresses, connections) has no
address. Their names are the library's own, which it looks them up by.
"""

from allauth.account import views as signing
from allauth.socialaccount import views as elsewhere
from django.urls import include, path, re_path
from django.views.decorators.http import require_POST

from studio.accounts import arriving, people, views

urlpatterns = [
    path("login/", signing.login, name="account_login"),
    path("logout/", require_POST(signing.logout), name="account_logout"),
    path("login/sent-away/", signing.account_inactive, name="account_inactive"),
    path("login/again/", signing.reauthenticate, name="account_reauthenticate"),
    path("login/password/", signing.password_reset, name="account_reset_password"),
    path("login/password/sent/", signing.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^login/password/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        signing.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("login/password/changed/", signing.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    path("login/with/cancelled/", elsewhere.login_cancelled, name="socialaccount_login_cancelled"),
    path("login/with/failed/", elsewhere.login_error, name="socialaccount_login_error"),
    path("", include("allauth.socialaccount.providers.openid_connect.urls")),
    path("account/", views.account, name="account"),
    path("invitation/", arriving.invitation, name="invitation"),
    path("organisations/<uuid:pk>/people/", people.people, name="organisation-people"),
    path("organisations/<uuid:pk>/people/<int:member>/", people.person, name="organisation-person"),
    path(
        "organisations/<uuid:pk>/invitations/<uuid:invitation>/withdraw/", people.withdraw, name="invitation-withdraw"
    ),
    path("account/second-step/", include("allauth.mfa.urls")),
]
