"""Second factors: an authenticator app, and codes for when it is lost."""
