"""The commands of the program, by group; ``experiments.cli`` puts them together."""
