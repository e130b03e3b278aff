"""Members of an organisation: invited, listed, ended; new passwords by link."""
