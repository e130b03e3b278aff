"""The company: its record, the flat facts and indicators made of it, and the outcomes that models predict."""
