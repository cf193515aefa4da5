"""Storage and shops that live as long as a module, since its worker does."""

from tests.scenes import database, redis_url, shop, slow_shop

__all__ = ["database", "redis_url", "shop", "slow_shop"]
