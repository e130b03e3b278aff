"""An index over several machines: shares of its segments in long-lived processes, asked together."""
