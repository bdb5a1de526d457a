#!/usr/bin/python3
"""summary.py [--broken N] BUILD... - the sum of the test runs in those build folders: failures, skips with their reasons, and as the
last line 'N passed, N failed[, N skipped]'.  Exit 1 where something failed.

A cmocka program counts its cases; any other test counts one.  A build that broke counts as a failure."""
import argparse
import json
import os
import re
import sys


def cases(test):
    """(passed, failed, skipped) of one program; a test that fails without a failing case (crash, time limit) is one failure."""
    text = (test.get('stdout') or '') + '\n' + (test.get('stderr') or '')
    count = lambda word: sum(int(n) for n in re.findall(r'^\[ +%s +\] (\d+) test' % word, text, re.M))
    passed, failed, skipped = count('PASSED'), count('FAILED'), count('SKIPPED')
    result = test['result']
    if result in ('SKIP',):
        return 0, 0, 1
    if result in ('OK', 'EXPECTEDFAIL'):
        return (passed, 0, skipped) if passed + skipped else (1, 0, 0)
    return passed, max(failed, 1), skipped


def reason(test):
    lines = [line.strip() for line in (test.get('stdout') or '').splitlines() + (test.get('stderr') or '').splitlines() if line.strip()]
    return next((line for line in lines if re.match(r'skip', line, re.I)), lines[-1] if lines else 'no reason given')


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument('--broken', type=int, default=0)
    ap.add_argument('builds', nargs='+')
    a = ap.parse_args()
    total, failures, skips = [0, a.broken, 0], [], []
    for build in a.builds:
        log = os.path.join(build, 'meson-logs', 'testlog.json')
        for line in open(log, encoding='utf8', errors='replace') if os.path.exists(log) else []:
            test = json.loads(line)
            name = os.path.basename(build) + ': ' + test['name'].split(' / ')[-1]
            got = cases(test)
            total = [x + y for x, y in zip(total, got)]
            if got[1]:
                failures.append('%s (%s)' % (name, test['result'].lower()))
            if test['result'] == 'SKIP':
                skips.append('%s: %s' % (name, reason(test)))
            elif got[2]:
                text = (test.get('stdout') or '') + (test.get('stderr') or '')
                skips += ['%s: %s' % (name, found) for found in sorted(set(re.findall(r'^\[ +SKIPPED +\] (?!\d)(.*)', text, re.M)))]
    print('')
    for line in failures:
        print('failed: ' + line)
    if a.broken:
        print('failed: %d build folders did not build whole' % a.broken)
    for line in skips:
        print('skipped: ' + line)
    if not sum(total):
        total[1] = 1
        print('failed: no test ran')
    print('%d passed, %d failed' % (total[0], total[1]) + (', %d skipped' % total[2] if total[2] else ''))
    return 1 if total[1] else 0


if __name__ == '__main__':
    sys.exit(main())
