"""The web app: seven pages, from a model to its verified faster form."""
