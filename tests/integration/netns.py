"""What the integration tests share: where the programs are, processes that end, and a pair of network namespaces.

Addresses stand inside namespaces that a test makes and takes away again; nothing outside is touched.
Exit status of a test: 0 passed, 1 failed, 77 skipped with its reason.
"""
import csv
import glob
import os
import shutil
import signal
import json
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get('RINGTAP_BUILD', os.path.join(ROOT, 'build'))


def skip(reason):
    print('skipped: ' + reason)
    sys.exit(77)


def program(name):
    """The path of one of our programs; the test is skipped where it was not built."""
    for path in (os.path.join(BUILD, 'probe', 'app', name), os.path.join(BUILD, 'tests', 'integration', name)):
        if os.access(path, os.X_OK):
            return path
    return skip('%s is not built in %s (RINGTAP_BUILD)' % (name, BUILD))


def need_root():
    if os.geteuid() != 0:
        skip('needs root for network namespaces and packet sockets')


def need_tool(name):
    path = shutil.which(name)
    if not path:
        skip(name + ' is not installed')
    return path


class Check:
    """Counts what held and what did not; the test goes on."""

    def __init__(self):
        self.failed = 0

    def equal(self, what, got, expected):
        ok = got == expected
        shown = '%.200r' % (got,)
        print('%s: %s: %s%s' % ('ok' if ok else 'FAILED', what, shown, '' if ok else ', expected %.200r' % (expected,)))
        self.failed += not ok

    def true(self, what, condition, shown=''):
        print('%s: %s %s' % ('ok' if condition else 'FAILED', what, shown))
        self.failed += not condition

    def status(self):
        return 1 if self.failed else 0


class Processes:
    """Processes that are ended, by their own ids, whatever happens."""

    def __init__(self, directory):
        self.directory = directory
        self.running = []

    def start(self, name, argv, **more):
        """Starts argv with its output in <directory>/<name>.log."""
        log = open(self.log(name), 'ab')
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, **more)
        log.close()
        process.name = name
        self.running.append(process)
        return process

    def log(self, name):
        return os.path.join(self.directory, name + '.log')

    def text(self, name):
        with open(self.log(name), errors='replace') as f:
            return f.read()

    def stop(self, process, how=signal.SIGTERM, timeout=30):
        """Its exit status."""
        if process.poll() is None:
            process.send_signal(how)
        status = process.wait(timeout)
        self.running.remove(process)
        return status

    def end(self):
        for process in self.running:
            if process.poll() is None:
                process.terminate()
        for process in self.running:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.running = []


def wait_for(condition, seconds, what):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.05)
    raise TimeoutError('waited %g s for %s' % (seconds, what))


class Namespaces:
    """Two network namespaces and a veth pair between them: near (10.77.0.1 on veth0) and far (10.77.0.2 on veth1)."""

    def __init__(self):
        self.near = 'ringtap-%d-near' % os.getpid()
        self.far = 'ringtap-%d-far' % os.getpid()
        self.near_address, self.far_address = '10.77.0.1', '10.77.0.2'

    def make(self):
        if subprocess.run(['ip', 'netns', 'add', self.near], stderr=subprocess.DEVNULL).returncode:
            skip('network namespaces cannot be made here')
        self.ip('netns', 'add', self.far)
        for space in (self.near, self.far):
            # IPv6 would talk by itself.
            self.run(space, ['sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1'], check=False,
                     stderr=subprocess.DEVNULL)
            self.ip('-n', space, 'link', 'set', 'lo', 'up')
        self.link()

    def link(self, queues=1):
        """The veth pair, in place of one that is there; so many queues each way."""
        self.run(self.near, ['ip', 'link', 'delete', 'veth0'], stderr=subprocess.DEVNULL)
        count = ['numtxqueues', str(queues), 'numrxqueues', str(queues)]
        self.ip('link', 'add', 'veth0', 'netns', self.near, *count, 'type', 'veth', 'peer', 'name', 'veth1', 'netns', self.far, *count)
        for space, link, address in ((self.near, 'veth0', self.near_address), (self.far, 'veth1', self.far_address)):
            self.ip('-n', space, 'address', 'add', address + '/24', 'dev', link)
            self.ip('-n', space, 'link', 'set', link, 'up')

    def ip(self, *args):
        subprocess.run(['ip'] + list(args), check=True)

    def inside(self, space, argv):
        return ['ip', 'netns', 'exec', space] + argv

    def run(self, space, argv, **more):
        return subprocess.run(self.inside(space, argv), **more)

    def end(self):
        for space in (self.near, self.far):
            subprocess.run(['ip', 'netns', 'delete', space], stderr=subprocess.DEVNULL)


def temporary():
    return tempfile.mkdtemp(prefix='ringtap-test-')


def run(test):
    """The status of test(processes, directory); whatever happens no process stays, nor, but for RINGTAP_KEEP, the directory."""
    directory = temporary()
    processes = Processes(directory)
    try:
        return test(processes, directory)
    finally:
        processes.end()
        if 'RINGTAP_KEEP' not in os.environ:
            shutil.rmtree(directory, ignore_errors=True)


def run_apart(test, *tools):
    """The status of test(spaces, processes, directory) between two network namespaces, with ip and these tools."""
    need_root()
    for tool in ('ip',) + tools:
        need_tool(tool)
    spaces = Namespaces()
    try:
        return run(lambda processes, directory: test(spaces, processes, directory))
    finally:
        spaces.end()


def write_config(directory, **probe):
    """A configuration whose files all lie in directory; probe.* as given.  Its path."""
    keys = {'name': 'test', 'segment': directory + '/segment', 'state_dir': directory + '/state', 'ring_bytes': '8M',
            'cores': 1, 'log_level': 'info'}
    keys.update(probe)
    path = directory + '/ringtap.yaml'
    with open(path, 'w') as f:
        f.write('probe:\n')
        for key, value in keys.items():
            f.write('  %s: %s\n' % (key, value))
        f.write('tables:\n  calls: 5000\ntimers:\n  linger_s: 1\n')
        f.write('collector:\n  segments: [%s/segment]\nstore:\n  dir: %s/store\n' % (directory, directory))
        f.write('billing:\n  dir: %s/billing\n  rotate_s: 3600\n' % directory)
    return path


def store_records(directory, *conditions):
    """The calls in the store, by `ringtap calls`, as dictionaries by record keys."""
    out = subprocess.run([program('ringtap'), 'calls', '--store', directory + '/store', '--format', 'jsonl', '--limit', '0', *conditions],
                         check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def billing_rows(directory):
    rows = []
    for path in sorted(glob.glob(directory + '/billing/*.csv')):
        with open(path, newline='') as f:
            rows += list(csv.DictReader(f))
    return rows


def g711_capture(path, packets, ssrc=0x52494e47):
    """An RTP stream of G.711 (20 ms) as a capture for sipp's play_pcap_audio."""
    with open(path, 'wb') as f:
        f.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for i in range(packets):
            rtp = struct.pack('>BBHII', 0x80, 0x80 if i == 0 else 0, i + 1, i * 160, ssrc) + bytes([0xff] * 160)
            udp = struct.pack('>HHHH', 6000, 6000, 8 + len(rtp), 0) + rtp
            ip = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 20 + len(udp), i, 0, 64, 17, 0, bytes([10, 77, 0, 1]), bytes([10, 77, 0, 2]))
            frame = bytes(12) + b'\x08\x00' + ip + udp
            f.write(struct.pack('<IIII', i // 50, i % 50 * 20000, len(frame), len(frame)) + frame)
