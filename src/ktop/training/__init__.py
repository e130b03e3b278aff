"""What makes models: panels, schemes, guards, the reference population, releases. Nothing here runs when rating."""
