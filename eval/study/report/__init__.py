"""A study's report: sections, figures, tables, pages."""
