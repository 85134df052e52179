"""The public surface of quorate: everything that a user's code imports."""
