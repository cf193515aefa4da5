import subprocess
import sys

TRIED = """
import sys
import spiders_project.extraction.extractors as own
assert "rdflib" not in sys.modules and "extruct" not in sys.modules
import extruct
assert extruct.extract("<p>", syntaxes=["rdfa"]) == {"rdfa": []}
assert extruct.JsonLdExtractor is own.JsonLdExtractor
"""


def test_rdflib_is_left_out_until_somebody_imports_the_whole_of_extruct() -> None:
    subprocess.run([sys.executable, "-c", TRIED], check=True)
