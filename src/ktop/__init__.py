"""K-TOP: an open technology-rating platform (기술평가 오픈 플랫폼)."""

__version__ = "0.1.0"
