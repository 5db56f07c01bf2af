"""DeepGRN-tool: transcription factor binding sites from sequence and accessibility, with attention."""

__version__ = "0.1.0"
