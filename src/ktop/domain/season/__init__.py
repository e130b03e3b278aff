"""The season of a support programme: from the call to the announcement, and what becomes of the projects after it."""
