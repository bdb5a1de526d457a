#!/usr/bin/python3
"""The service files of drivers-conf are units that systemd takes, and name keys it knows; those and the files for the host suit each other."""
import glob
import os
import shutil
import subprocess
import sys
import tempfile

SOURCE = os.environ.get('RINGTAP_SOURCE', os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
BUILD = os.path.abspath(os.environ.get('RINGTAP_BUILD', 'build'))


def read(name):
    """The lines of a file of drivers-conf that say something."""
    with open(os.path.join(SOURCE, 'drivers-conf', name)) as f:
        return [line.strip() for line in f if line.strip() and not line.startswith('#')]


def suits():
    """What is wrong with the files beside each other."""
    # systemd gives a StateDirectory, whatever lies in it, to the unit's user: root where there is none.
    for name in ('ringtap-probe.service', 'ringtap-collector.service'):
        lines = read(name)
        if any(line.startswith('StateDirectory=') for line in lines) and not any(line.startswith('User=') for line in lines):
            yield f'{name}: StateDirectory without User takes the store from the collector'
    # vm.nr_hugepages counts pages of the default size.
    sized = any('default_hugepagesz=' in line for line in read('host/grub.cfg'))
    for name in ('host/sysctl.conf', 'host/tuned.conf'):
        if sized and any(line.startswith('vm.nr_hugepages') for line in read(name)):
            yield f'host/grub.cfg and {name}: vm.nr_hugepages of pages that are not 2 MiB'


def main():
    wrong = list(suits())
    print('\n'.join(f'FAIL {what}' for what in wrong) or 'ok   units and files for the host suit each other')
    if wrong:
        return 1
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
