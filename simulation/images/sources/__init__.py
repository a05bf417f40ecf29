"""Where images come from: one file a source. Every reader bounds what it reads and runs nothing that it
reads."""
