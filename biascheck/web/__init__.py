"""The local page of `biascheck serve`: paste or drop texts, read the reports, label, export."""
