"""The NumPy procedures: what runs where nothing could be compiled, and what the compiled ones are compared with."""
