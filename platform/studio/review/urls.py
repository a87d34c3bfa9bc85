"""A picture, its files, and what its maker can do with it; and the page behind an outsider's link."""

from django.urls import path, re_path

from studio.review import delivery, outside, submit_views, views

LINK = r"^outside/(?P<token>[\w-]{43})/"
PICTURE = r"^pictures/(?P<pk>[0-9a-f]{8}-[0-9a-f-]{27})/"

urlpatterns = [
    path("pictures/<uuid:pk>/", views.picture, name="picture"),
    re_path(PICTURE + r"(?P<kind>signed|released|process)$", views.picture_file, name="picture-file"),
    re_path(PICTURE + r"(?P<tab>" + "|".join(views.ABOUT) + ")/$", views.picture, name="picture-tab"),
    path("pictures/<uuid:pk>/caption.txt", views.caption, name="picture-caption"),
    path("pictures/<uuid:pk>/moved/", views.moved, name="picture-moved"),
    path("pictures/submit/", submit_views.together, name="submit-together"),
    path("pictures/<uuid:pk>/submit/", views.submit, name="picture-submit"),
    path("pictures/<uuid:pk>/release/", views.release, name="picture-release"),
    path("pictures/<uuid:pk>/renditions/", delivery.ask, name="picture-rendition"),
    re_path(PICTURE + r"renditions/(?P<shape>[a-z0-9-]{1,40})$", delivery.rendition_file, name="rendition-file"),
    path("pictures/<uuid:pk>/withdraw/", views.withdraw, name="picture-withdraw"),
    re_path(LINK + "$", outside.page, name="outside"),
    re_path(LINK + "picture$", outside.file, name="outside-file"),
]
