"""Works jobs off: in any number of ``ktop worker`` processes, and in one beside the server."""
