"""Support programmes: their rules, the screening of applicants, and what the support has brought about."""
