"""The season of a support programme: its rules, its call, who applies, who is selected, and why."""
