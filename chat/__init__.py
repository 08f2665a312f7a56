"""The chat: one room, every message stored before it is acknowledged."""
