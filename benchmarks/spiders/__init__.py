"""The spiders that Kumo and its rivals run alike: plain Scrapy, with nothing of Kumo in them."""
