"""Rating companies and technologies, one or many, and looking at the answers again."""
