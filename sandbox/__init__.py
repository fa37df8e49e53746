"""Authorised openings of the city's data: statistics under differential privacy and a budget."""
