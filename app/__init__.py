"""The web app: six steps from a model to a proven faster one."""
