"""The spiders, one file each, named as its spider.

Scrapy finds them by importing every module of this package.
"""
