"""What people decide about held requests and pictures, what passes between them before, and what follows."""

from studio.review.models.deciding import HoldRuling, Invitation, Outsider, ReviewDecision, ReviewRequest, turn_of
from studio.review.models.delivering import Release, Rendition, Withdrawal
from studio.review.models.describing import DescriptionScreening
from studio.review.models.looking import PER_MILLE, Comment, Flag, Look
from studio.review.models.planning import ReviewPlan, Stage
from studio.review.models.recalling import Recall

__all__ = [
    "PER_MILLE",
    "Comment",
    "DescriptionScreening",
    "Flag",
    "HoldRuling",
    "Invitation",
    "Look",
    "Outsider",
    "Recall",
    "Release",
    "Rendition",
    "ReviewDecision",
    "ReviewPlan",
    "ReviewRequest",
    "Stage",
    "Withdrawal",
    "turn_of",
]
