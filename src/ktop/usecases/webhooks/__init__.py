"""Webhooks: an organisation's own server is told of what happens, with a signature."""
