"""Results that a company sends to an institution: inbox, marks, receipt, withdrawal."""
