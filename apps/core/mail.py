"""Headers by which whoever writes a mail tells the queue about it. They do not leave the house."""

KIND_HEADER = "X-Queue-Kind"
PLAYER_HEADER = "X-Queue-Player"
