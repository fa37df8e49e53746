"""Search over the entries of the resource catalogue: an index in memory, in Chinese and English."""
