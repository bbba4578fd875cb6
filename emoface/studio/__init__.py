"""The studio: a local page on which a performance is directed, part by part, and heard and seen at once."""
