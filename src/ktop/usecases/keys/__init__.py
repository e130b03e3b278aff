"""Keys of programs: made, rotated, revoked, and recognised."""
