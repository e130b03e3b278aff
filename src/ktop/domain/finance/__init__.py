"""Guarantee and loan in one process (원스톱 보증·대출)."""
