"""One type for each kind of value that people write: it reads, checks, writes and names it, everywhere alike."""
