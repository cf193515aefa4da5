"""What the API tells and takes, as models: a file per noun. The document is written from them."""
