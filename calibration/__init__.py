"""Evidence tables, parameters derived from them, and checks against published figures."""
