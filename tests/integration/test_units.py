#!/usr/bin/python3
"""The service files of drivers-conf are units that systemd takes, and name keys it knows."""
import glob
import os
import shutil
import subprocess
import sys
import tempfile

SOURCE = os.environ.get('RINGTAP_SOURCE', os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
BUILD = os.path.abspath(os.environ.get('RINGTAP_BUILD', 'build'))


def main():
    if not shutil.which('systemd-analyze'):
        print('skip: no systemd-analyze here')
        return 77
    units = sorted(glob.glob(os.path.join(SOURCE, 'drivers-conf', '*.service')))
    failed = not units
    with tempfile.TemporaryDirectory(prefix='ringtap-it-') as root:
        for unit in units:
            with open(unit) as f:
                text = f.read().replace('/usr/local/bin/', f'{BUILD}/probe/app/')
            copy = os.path.join(root, os.path.basename(unit))
            with open(copy, 'w') as f:
                f.write(text)
        for unit in units:
            copy = os.path.join(root, os.path.basename(unit))
            run = subprocess.run(['systemd-analyze', 'verify', '--man=no', copy], capture_output=True, text=True)
            bad = run.returncode != 0 or root in run.stderr or os.path.basename(unit) in run.stderr
            print(f'{"FAIL" if bad else "ok  "} {os.path.basename(unit)}{": " + run.stderr if bad else ""}')
            failed |= bad
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
