#!/usr/bin/python3
"""Every capture of the corpus through a sanitized `ringtap read`: no sanitizer report, no crash, no hang.  What does not fit into the
time budget (RINGTAP_CORPUS_SECONDS, 420 s) is said, smallest captures first."""
import os
import sys
import time

sys.dont_write_bytecode = True
import corpus_tools as tools

ENDS = time.monotonic() + float(os.environ.get('RINGTAP_CORPUS_SECONDS', 420))
REPORTS = (b'AddressSanitizer', b'runtime error:', b'LeakSanitizer')


def judge(name):
    """None (no time left), or what is wrong, or ''."""
    if time.monotonic() > ENDS:
        return None
    run = tools.read(os.path.join(tools.CORPUS, name), '--flow', seconds=180)
    if run.status is None:
        return 'not finished after %d s' % run.seconds
    report = next((line for line in run.err.splitlines() if any(r in line for r in REPORTS)), None)
    if report:
        return report.decode(errors='replace')
    return '' if run.status in (0, 1) else 'exit %s: %s' % (run.status, run.err.decode(errors='replace').strip()[-300:])


def main():
    tools.program()
    names = sorted(tools.captures(), key=lambda n: os.path.getsize(os.path.join(tools.CORPUS, n)))
    bad, left = 0, 0
    for name, wrong in zip(names, tools.in_parallel(judge, names)):
        left += wrong is None
        if wrong:
            bad += 1
            print('%s: %s' % (name, wrong))
    print('%d captures read, %d wrong, %d left out for lack of time' % (len(names) - left, bad, left))
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
