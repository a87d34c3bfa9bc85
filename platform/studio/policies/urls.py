"""Policies: what is in force and was, drafts, and what a policy would say."""

from django.urls import path

from studio.policies import categories, drafts, overviews, screens, trying

urlpatterns = [
    path("projects/<uuid:pk>/policy/", overviews.project_policy, name="project-policy"),
    path("projects/<uuid:pk>/policy/history/", overviews.project_history, name="project-policy-history"),
    path("organisations/<uuid:pk>/policy/", overviews.organisation_policy, name="organisation-policy"),
    path("organisations/<uuid:pk>/policy/history/", overviews.organisation_history, name="organisation-policy-history"),
    path("organisations/<uuid:pk>/screens/", screens.classifiers, name="classifiers"),
    path("policies/<uuid:pk>/", overviews.version, name="policy-version"),
    path("policy-drafts/<uuid:pk>/", drafts.draft, name="policy-draft"),
    path("policy-drafts/<uuid:pk>/edit/", drafts.edit, name="policy-draft-edit"),
    path("policy-drafts/<uuid:pk>/terms/", drafts.terms, name="policy-draft-terms"),
    path("policy-drafts/<uuid:pk>/categories/", categories.categories, name="policy-draft-categories"),
    path("policy-drafts/<uuid:pk>/examples/", drafts.examples, name="policy-draft-examples"),
    path("policy-drafts/<uuid:pk>/move/", drafts.move, name="policy-draft-move"),
    path("policy-drafts/<uuid:pk>/publish/", drafts.publish, name="policy-draft-publish"),
    path("policy-drafts/<uuid:pk>/rehearsal/", drafts.rehearsal, name="policy-draft-rehearsal"),
    path("policy-drafts/<uuid:pk>/bench/", trying.bench, name="policy-draft-bench"),
    path("policy-drafts/<uuid:pk>/bench/<uuid:question>/", trying.bench_answer, name="policy-draft-answer"),
    path("campaigns/<uuid:pk>/check/", trying.check, name="policy-check"),
    path("campaigns/<uuid:pk>/check/<uuid:question>/", trying.check_answer, name="policy-check-answer"),
]
