"""What every room may use and what itself needs no other: errors, files, processes, progress, the settings type."""
