"""Companies and technologies that an organisation keeps."""
