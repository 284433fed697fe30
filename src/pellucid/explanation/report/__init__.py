"""The report: one HTML page of all that is known of a model, first what to expect of it.

A section a file; `report` puts them in order. Pictures are embedded once (`album`); nothing is asked of a network.
"""

from pellucid.explanation.report.report import Report, evaluation_report, report

__all__ = ["Report", "evaluation_report", "report"]
