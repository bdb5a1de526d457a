"""What the tests that read capture files share: where the corpus and the programs are, running `ringtap read`, and skipping."""
import concurrent.futures
import datetime
import json
import os
import subprocess
import sys
import time

SOURCE = os.environ.get('RINGTAP_SOURCE') or os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
BUILD = os.environ.get('RINGTAP_BUILD') or os.path.join(SOURCE, 'build')
CORPUS = os.path.realpath(os.environ.get('RINGTAP_CORPUS') or os.path.join(SOURCE, '..', 'shared', 'corpus'))
RINGTAP = os.environ.get('RINGTAP') or os.path.join(BUILD, 'probe', 'app', 'ringtap')
DEMO = os.path.join(SOURCE, 'tests', 'data', 'demo.pcap')
FOLDERS = ('flows', 'derived', 'rfc', 'real')
CAPTURE_SECONDS = 60


def skip(why):
    print('skip: ' + why)
    sys.exit(77)


def program():
    """The ringtap program, or skip."""
    if not os.access(RINGTAP, os.X_OK):
        skip('no program %s (build it first)' % RINGTAP)
    return RINGTAP


def captures():
    """Paths of all corpus captures below CORPUS, or skip."""
    if not os.path.isdir(CORPUS):
        skip('no corpus at %s (set RINGTAP_CORPUS)' % CORPUS)
    found = []
    for folder in FOLDERS:
        for base, _, names in os.walk(os.path.join(CORPUS, folder)):
            found += [os.path.relpath(os.path.join(base, n), CORPUS) for n in names if not n.endswith(('.json', '.tsv', '.md'))]
    return sorted(found)


class Run:
    """What a program did: status (None: killed after the time limit), out and err as bytes."""
    def __init__(self, command, seconds=CAPTURE_SECONDS, cwd=None, env=None):
        began = time.monotonic()
        try:
            p = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=seconds, cwd=cwd, env=env)
            self.status, self.out, self.err = p.returncode, p.stdout, p.stderr
        except subprocess.TimeoutExpired as e:
            self.status, self.out, self.err = None, e.stdout or b'', e.stderr or b''
        self.seconds = time.monotonic() - began

    def records(self):
        return [json.loads(line) for line in self.out.decode('utf8', 'surrogateescape').splitlines()]


def read(path, *options, **keywords):
    return Run([program(), 'read', '--format', 'jsonl', *options, path], **keywords)


def in_parallel(function, items):
    """function of each item, in order of the items, as many at a time as there are processors (at most 4)."""
    with concurrent.futures.ThreadPoolExecutor(max(1, min(4, os.cpu_count() or 1))) as pool:
        yield from pool.map(function, items)


def seconds_of(text):
    """RFC 3339 to seconds since the epoch; numbers and None as they are."""
    if text is None or isinstance(text, (int, float)):
        return text
    moment = datetime.datetime.strptime(text[:19], '%Y-%m-%dT%H:%M:%S').replace(tzinfo=datetime.timezone.utc)
    return moment.timestamp() + float('0' + text[19:].rstrip('Z') if '.' in text else 0)


def streams_of(records):
    """Every stream: those of the calls and those of their own."""
    for r in records:
        if r['kind'] == 'call':
            yield from r.get('streams') or []
        elif r['kind'] == 'stream':
            yield r
