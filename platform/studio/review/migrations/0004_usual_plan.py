"""What was submitted before there were plans was reviewed by the usual one: one stage, one approval, any reviewer."""

from django.db import migrations
from django.utils import timezone


def usual_plan(apps, schema_editor):
    ReviewPlan, Stage, ReviewRequest, ReviewDecision, Project = (
        apps.get_model(app, name)
        for app, name in (
            ("review", "ReviewPlan"),
            ("review", "Stage"),
            ("review", "ReviewRequest"),
            ("review", "ReviewDecision"),
            ("projects", "Project"),
        )
    )
    for project in Project.objects.filter(jobs__pictures__review_requests__isnull=False).distinct():
        plan = ReviewPlan.objects.create(project=project, number=1, at=timezone.now())
        stage = Stage.objects.create(plan=plan, place=1, name="Review", needed=1)
        ReviewRequest.objects.filter(picture__job__project=project).update(stage=stage)
        ReviewDecision.objects.filter(picture__job__project=project).update(stage=stage)
    for decision in ReviewDecision.objects.iterator():
        ReviewRequest.objects.filter(pk=decision.request_id).update(ended=decision.at)


class Migration(migrations.Migration):
    dependencies = [("review", "0003_stages")]
    operations = [migrations.RunPython(usual_plan, migrations.RunPython.noop)]
