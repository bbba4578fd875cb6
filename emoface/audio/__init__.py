"""From a recording to features: opening, log-mels, content encoder and lip net."""
