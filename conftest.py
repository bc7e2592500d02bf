"""Doctests of a module are collected by importing it: those of the local page need the extra `web`."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("starlette") and find_spec("uvicorn") else ["biascheck/web"]
