"""Public sources: one file each behind one port, the answers they gave, and the record of a company made of these."""
