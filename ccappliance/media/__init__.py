"""Floor 2: sound: the engine, its scripted twin, detectors, tones, prompts and files."""
