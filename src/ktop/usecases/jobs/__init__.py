"""Jobs: given, followed, cancelled."""
