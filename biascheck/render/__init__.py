"""Readings for people."""
