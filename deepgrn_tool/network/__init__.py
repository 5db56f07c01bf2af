"""The network: its configuration, layers, files, and the import of published weights."""
