"""Letters by mail: invitations and notices, where this installation has a mail server."""
