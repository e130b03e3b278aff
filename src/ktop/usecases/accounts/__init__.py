"""People: signing in and up, their sessions, and their own account."""
