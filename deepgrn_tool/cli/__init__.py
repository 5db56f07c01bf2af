"""The executables: one thin module each, option parsing only."""
