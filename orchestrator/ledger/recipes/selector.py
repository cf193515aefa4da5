"""The recipe of the spider `selector`: where the items and their fields stand on a page."""

from orchestrator.ledger.recipes.fields import PlacedFields
from orchestrator.ledger.recipes.links import FollowRules, MostPages
from orchestrator.ledger.recipes.part import Part
from orchestrator.ledger.recipes.places import Place


class PlacedItems(Part):
    """Where items and their fields stand, on any one page."""

    #: Each match is an item, and fields are looked for inside it; absent = the page is the item.
    items: Place | None = None
    fields: PlacedFields


class SelectorRecipe(PlacedItems):
    """Items by selectors; every page visited that has some gives them."""

    follow: FollowRules = []
    next_page: Place | None = None
    most_pages: MostPages | None = None
