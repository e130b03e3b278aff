"""What programmes have brought about: reports that an agency keeps."""
