"""The web face: the HTTP service of the sandbox, and who may use it."""
