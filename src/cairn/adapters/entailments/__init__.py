"""Models that judge whether one text follows from another."""
