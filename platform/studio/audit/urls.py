"""What the public may ask, and the books that auditors read."""

from django.urls import path

from studio.audit import book_views, register, report_views, resolution, views

urlpatterns = [
    path("check", views.check, name="check"),
    path("check.json", views.check_json, name="check-json"),
    path("how-a-picture-is-made", views.making, name="making"),
    path("c2pa/v1/openapi.json", resolution.openapi, name="resolution"),
    path("c2pa/v1/matches/byBinding", resolution.by_binding, name="matches-by-binding"),
    path("c2pa/v1/matches/byContent", resolution.by_content, name="matches-by-content"),
    path("c2pa/v1/manifests/<str:manifest_id>", resolution.manifest, name="manifest"),
    path("c2pa/v1/services/supportedAlgorithms", resolution.supported_algorithms, name="supported-algorithms"),
    path("records/<uuid:pk>", views.record, name="record"),
    path("books/", register.books, name="books"),
    path("organisations/<uuid:pk>/register/", register.register, name="register"),
    path("organisations/<uuid:pk>/register/filters/", register.save_filter, name="register-save"),
    path("organisations/<uuid:pk>/register/filters/<int:saved>/", register.drop_filter, name="register-drop"),
    path("organisations/<uuid:pk>/integrity/", book_views.integrity, name="integrity"),
    path("organisations/<uuid:pk>/integrity/progress/", book_views.integrity_progress, name="integrity-progress"),
    path("organisations/<uuid:pk>/keys/", book_views.keys, name="keys"),
    path("organisations/<uuid:pk>/reports/", report_views.reports, name="reports"),
    path("reports/<uuid:pk>/", report_views.report, name="report"),
    path("reports/<uuid:pk>/progress/", report_views.progress, name="report-progress"),
    path("reports/<uuid:pk>/cancel/", report_views.cancel, name="report-cancel"),
    path("reports/<uuid:pk>/file", report_views.report_file, name="report-file"),
    path("pictures/<uuid:pk>/dossier/", book_views.dossier, name="dossier"),
    path("models/<uuid:pk>/uses/", book_views.model_uses, name="model-uses"),
]
