"""Looking up results of companies by their consent."""
