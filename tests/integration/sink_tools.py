"""What the tests of the sinks share: a collector with a configuration of its own, a publisher, results as lines."""
import os
import socket
import subprocess
import sys
import time

BUILD = os.environ.get('RINGTAP_BUILD', 'build')
SOURCE = os.environ.get('RINGTAP_SOURCE', os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
COLLECTOR, PUBLISH, RINGTAP = f'{BUILD}/probe/app/ringtap-collector', f'{BUILD}/tests/integration/publish', f'{BUILD}/probe/app/ringtap'


def check(what, ok, detail=''):
    print(f'{"ok  " if ok else "FAIL"} {what}{": " + str(detail) if detail and not ok else ""}', flush=True)
    if not ok:
        sys.exit(1)


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def wait_for(seconds, condition):
    """What condition gives, once it is true; the last one where time is up."""
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if result or time.monotonic() > end:
            return result
        time.sleep(0.1)


class Place:
    """A configuration with directories of its own; sink: lines of YAML."""

    def __init__(self, root, sink):
        self.root, self.segment, self.store, self.config = root, f'{root}/segment', f'{root}/store', f'{root}/ringtap.yaml'
        self.running = []
        with open(self.config, 'w') as f:
            f.write(f'probe:\n  name: it\n  segment: {self.segment}\n'
                    f'collector:\n  commit_ms: 20\n  commit_records: 500\n'
                    f'store:\n  dir: {self.store}\n  retention_days: 0\n'
                    f'billing: {{enabled: false}}\n{sink}')

    def _start(self, *command, **more):
        process = subprocess.Popen(command, **more)
        self.running.append(process)
        return process

    def collector(self, *arguments):
        return self._start(COLLECTOR, '-c', self.config, *arguments, stderr=open(f'{self.root}/log', 'a'))

    def once(self):
        return self.collector('--once').wait(60)

    def publish(self, records, rate, cores=2, ring=1 << 22):
        return self._start(PUBLISH, self.segment, 'it', *map(str, (records, rate, cores, ring)), stdout=subprocess.DEVNULL)

    def log(self):
        with open(f'{self.root}/log') as f:
            return f.read()

    def close(self):
        for process in self.running:
            if process.poll() is None:
                process.kill()
                process.wait()
