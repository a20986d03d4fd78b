"""The commands of `masthead`, a file for each part of the house."""
