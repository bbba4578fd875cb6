"""Direction of a performance: a timeline of tracks, from Python, JSON, subtitles or plain words, and edits of takes."""
