"""A plain Scrapy project: everything that touches a website."""
