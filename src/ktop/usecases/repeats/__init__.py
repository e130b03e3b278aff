"""Requests that a program sends again because it never saw the answer."""
