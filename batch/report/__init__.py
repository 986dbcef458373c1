"""The report: one HTML page about a generation, with plots, that needs nothing from elsewhere to be shown."""
