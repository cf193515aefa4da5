"""Pages that are opened in a browser and read once their scripts have run.

What is here runs in the crawler process of a target that renders. It imports the browser's driver,
which only the extra `browser` brings: so nothing else imports it before such a crawl begins.
"""
