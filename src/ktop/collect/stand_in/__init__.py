"""Stand-ins of the public sources that speak their documented formats about made-up companies, for demos and tests."""
