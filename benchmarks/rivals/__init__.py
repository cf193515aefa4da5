"""What Kumo is measured against: small, honest set-ups as a person would write them."""
