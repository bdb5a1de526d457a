"""What the tests of the sinks share: a collector with a configuration of its own, a publisher, results as lines."""
import faulthandler
import os
import signal
import socket
import subprocess
import sys
import threading
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


PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def _tested(main):
    """main's exit status; what ends it from outside or in another of its threads is said, and fails it."""
    broken = []

    def in_thread(args):
        broken.append(args.exc_type)
        sys.__excepthook__(args.exc_type, args.exc_value, args.exc_traceback)

    def ended(number, _):
        print(f'FAIL ended by {signal.Signals(number).name}', flush=True)
        faulthandler.dump_traceback()
        sys.exit(1)

    faulthandler.enable()
    threading.excepthook = in_thread
    for number in PASSED_ON:
        signal.signal(number, ended)
    code = main()
    check('no thread of the test ended in an exception', not broken, broken)
    return code


def run(name, main, seconds=900):
    """Runs a test in a process of its own, so that there is a last line and an exit status whatever ends it, a signal or a hang too."""
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        faulthandler.dump_traceback_later(seconds, exit=True)
        sys.exit(_tested(main))
    for number in PASSED_ON:
        signal.signal(number, lambda number, _: os.kill(child, number))
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 77):
        try:
            os.killpg(child, signal.SIGKILL)  # what it started
        except OSError:
            pass
    how = 'passed' if code == 0 else 'skipped' if code == 77 else f'failed ({signal.Signals(-code).name})' if code < 0 else f'failed ({code})'
    print(f'{name}: {how}', flush=True)
    return 1 if code < 0 else code


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
