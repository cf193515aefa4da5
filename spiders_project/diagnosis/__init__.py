"""Why a field is empty: two pages at its selector, and where such values stand now.

Pages are a stranger's and selectors anybody's, so this runs in a process that may be killed.
"""

from spiders_project.diagnosis.diagnosing import Question, diagnose

__all__ = ["Question", "diagnose"]
