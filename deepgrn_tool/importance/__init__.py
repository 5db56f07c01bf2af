"""Which inputs a network relies on: how much worse it ranks when one of them comes from other bins."""
