"""The corpus: speech with known phones or measured lips, as clips that the training stages read."""
