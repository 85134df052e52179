"""The Docker cluster: containers of unmodified images on a network of their own, reached and broken from outside."""
