"""Companies handed over in spreadsheets: templates, a preview with errors by cell, and taking in what is right."""
