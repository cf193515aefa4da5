"""A spider whose pages depend on what its process did before."""

from typing import ClassVar

from spiders_project.spiders.demo_shop import DemoShopSpider


class SignedInSpider(DemoShopSpider):
    """Says that it keeps state, as one with a signed-in session does."""

    name = "signed_in"
    resumable: ClassVar[bool] = False
