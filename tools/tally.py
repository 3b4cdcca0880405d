"""Adds up JUnit reports: tally.py FAILED_SUITES report.xml... prints `N passed, N failed, N skipped`.

A suite that failed without a failed test (it crashed, or found none) still counts as one failure; no test at all is one too.
"""
import sys
import xml.etree.ElementTree as ElementTree


def count(report):
    cases = list(ElementTree.parse(report).getroot().iter("testcase"))
    failed = sum(case.find("failure") is not None or case.find("error") is not None for case in cases)
    skipped = sum(case.find("skipped") is not None for case in cases)
    return len(cases) - failed - skipped, failed, skipped


def main(failed_suites, reports):
    passed, failed, skipped = (sum(column) for column in zip(*map(count, reports)))
    failed = max(failed, failed_suites, 0 if passed else 1)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
