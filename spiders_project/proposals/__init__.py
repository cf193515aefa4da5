"""From a fetched page to targets: what it could give, as recipes that nobody had to write."""

from spiders_project.proposals.obstacles import NothingToPropose, Obstacle
from spiders_project.proposals.pages import Page
from spiders_project.proposals.proposal import Proposal, ReadColumn
from spiders_project.proposals.ranking import propose

__all__ = ["NothingToPropose", "Obstacle", "Page", "Proposal", "ReadColumn", "propose"]
