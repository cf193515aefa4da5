"""What is scraped, when, and what became of it."""
