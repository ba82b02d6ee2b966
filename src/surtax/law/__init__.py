"""Measures as dated data, precedence between them, and the duty on any product on any day, with reasons."""
