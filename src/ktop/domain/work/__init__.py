"""Work that outlives a request: jobs."""
