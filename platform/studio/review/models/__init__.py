"""What people decide: about held requests, about pictures; and the releases and withdrawals that follow."""

from studio.review.models.deciding import HoldRuling, Invitation, Outsider, ReviewDecision, ReviewRequest
from studio.review.models.delivering import Release, Rendition, Withdrawal
from studio.review.models.planning import ReviewPlan, Stage

__all__ = [
    "HoldRuling",
    "Invitation",
    "Outsider",
    "Release",
    "Rendition",
    "ReviewDecision",
    "ReviewPlan",
    "ReviewRequest",
    "Stage",
    "Withdrawal",
]
