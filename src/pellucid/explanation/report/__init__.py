"""The report: one HTML page with everything known about a model, beginning with what to expect of it.

`report.py` puts the sections in order; the other files make them. Each picture is embedded once, and the page loads
nothing from outside.
"""

from pellucid.explanation.report.report import Report, evaluation_report, report

__all__ = ["Report", "evaluation_report", "report"]
