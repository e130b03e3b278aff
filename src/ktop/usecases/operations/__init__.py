"""Running an installation: backup, restore, health, and finding out what is wrong with its set-up."""
