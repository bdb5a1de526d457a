#!/usr/bin/python3
"""The tool as people use it: on a terminal and in a pipe, interrupted, with a full disk, with a capture that wants to paint the screen."""
import fcntl
import json
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

import netns

DEMO = os.path.join(netns.ROOT, 'tests', 'data', 'demo.pcap')
UTF8 = {'LC_ALL': 'C.UTF-8', 'TERM': 'xterm'}
SGR = re.compile(r'\x1b\[[0-9]*m')


# ---- captures ----

def frame(src, dst, port, payload):
    udp = struct.pack('>HHHH', port, port, 8 + len(payload), 0) + payload
    ip = struct.pack('>BBHHHBBH4B4B', 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, 10, 0, 0, src, 10, 0, 0, dst)
    return bytes(12) + b'\x08\x00' + ip + udp


def capture(path, frames):
    with open(path, 'wb') as f:
        f.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for n, data in enumerate(frames):
            f.write(struct.pack('<IIII', 1700000000 + n // 50, n % 50 * 20000, len(data), len(data)) + data)
    return path


def message(start, n, cseq, user=b'alice'):
    return b'\r\n'.join([start, b'Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK%d' % n, b'Max-Forwards: 70',
                         b'From: "' + user + b'" <sip:a%d@10.0.0.1>;tag=f%d' % (n, n), b'To: <sip:bob@10.0.0.2>;tag=t',
                         b'Call-ID: c%d@test' % n, b'CSeq: ' + cseq, b'Content-Length: 0', b'', b''])


def calls(count, user=b'alice'):
    for n in range(count):
        yield frame(1, 2, 5060, message(b'INVITE sip:bob@10.0.0.2 SIP/2.0', n, b'1 INVITE', user))
        yield frame(2, 1, 5060, message(b'SIP/2.0 486 Busy Here\x1b[31m', n, b'1 INVITE', user))


def rtp(count):
    for n in range(count):
        yield frame(3, 4, 4000, struct.pack('>BBHII', 0x80, 8, n & 0xffff, n * 160 & 0xffffffff, 7) + bytes(160))


# ---- running ----

def environment(**more):
    e = {k: v for k, v in os.environ.items() if k not in ('NO_COLOR', 'COLUMNS', 'LC_ALL', 'LC_CTYPE', 'LANG', 'TERM')}
    e.update(more)
    return e


def run(argv, **more):
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, **more)


def on_terminal(argv, columns, env, stdout=None):
    """Runs argv with a terminal of so many columns as stdout (unless given) and stderr; what it wrote there, and its status."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 50, columns, 0, 0))
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=stdout or slave, stderr=slave, env=env)
    os.close(slave)
    text = b''
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:
            break
        if not part:
            break
        text += part
    os.close(master)
    return text.replace(b'\r\n', b'\n'), process.wait(120)


# ---- the checks ----

def check_terminal(check, ringtap):
    text, status = on_terminal([ringtap, 'read', DEMO], 80, environment(**UTF8))
    check.equal('read on a terminal', status, 0)
    plain = SGR.sub('', text.decode()).replace('\r\x1b[K', '')
    check.true('  has colours', '\x1b[32m' in text.decode())
    check.true('  no other escape sequences', '\x1b' not in plain)
    rows = [line for line in plain.split('\n') if re.match(r'TIME|\d\d:\d\d:', line)]
    check.true('  no row wider than 80', len(rows) > 17 and max(map(len, rows)) <= 80, max(rows, key=len))
    for name, more in (('NO_COLOR', {'NO_COLOR': '1'}), ('TERM=dumb', {'TERM': 'dumb'})):
        text, status = on_terminal([ringtap, 'read', DEMO], 120, environment(**{**UTF8, **more}))
        check.true('no colours with ' + name, b'\x1b[3' not in text and b' answered ' in text and status == 0)
    piped = run([ringtap, 'read', '--flow', DEMO], env=environment(**UTF8))
    check.true('no colours, no progress in a pipe', b'\x1b' not in piped.stdout and piped.stderr == b'' and piped.returncode == 0)
    check.true('arrows in UTF-8', '\u2192' in piped.stdout.decode())
    ascii_only = run([ringtap, 'read', '--flow', DEMO], env=environment(LC_ALL='C')).stdout
    check.true('and in ASCII where the locale says so', max(ascii_only) < 0x80 and b'->|' in ascii_only)


def check_hostile(check, ringtap, directory):
    path = capture(directory + '/hostile.pcap', calls(3, b'\x1b]0;owned\x07\x1b[2J\xe2\x80\xae\xff'))
    for arguments in (['read', '--flow'], ['show', 'c1@test', '--read']):
        text, status = on_terminal([ringtap] + arguments + [path], 100, environment(**UTF8))
        plain = SGR.sub('', text.decode()).replace('\r\x1b[K', '')
        check.equal('a hostile capture: ' + arguments[0], status, 0)
        check.true('  cannot write to the terminal', not re.search('[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]', plain) and '[31m' in plain)
    lines = run([ringtap, 'read', '--format', 'jsonl', path]).stdout.splitlines()
    check.equal('  its JSON parses', len([json.loads(line) for line in lines]), 3)


def check_progress(check, ringtap, large):
    text, status = on_terminal([ringtap, 'read', '--format', 'jsonl'] + [large] * 60, 100, environment(**UTF8), subprocess.DEVNULL)
    check.true('progress on a terminal', re.search(rb'large\.pcap: \d+ %, [\d ]+ frames, [\d.]+ M/s', text), text[:100])
    check.true('  taken away at the end', text.endswith(b'\r\x1b[K') and status == 0)


def check_interrupt(check, ringtap, large):
    process = subprocess.Popen([ringtap, 'read', '--format', 'jsonl'] + [large] * 2000, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    check.equal('interrupted: status', process.returncode, 1)
    check.true('  says so', err.startswith(b'ringtap read: interrupted'), err)
    check.true('  prints what it has', out.endswith(b'}\n') and all(json.loads(line) for line in out.splitlines()), out[:80])


def check_pipe(check, ringtap, directory):
    path = capture(directory + '/many.pcap', calls(20000))
    command = '"%s" read --format jsonl "%s" %s 2>"%s/err" | head -1'
    out = run(['sh', '-c', command % (ringtap, path, '', directory)]).stdout
    check.equal('a reader that leaves: lines', out.count(b'\n'), 1)
    check.equal('  nothing is said', open(directory + '/err').read(), '')
    result = directory + '/left'
    run(['sh', '-c', command % (ringtap, path, '--out ' + result, directory)])
    stored = run([ringtap, 'calls', '--store', result + '/store', '--format', 'jsonl']).stdout
    check.equal('  --out is whole all the same', stored.count(b'\n'), 20000)
    straight = run([ringtap, 'read', '--format', 'jsonl', path]).stdout
    stored = run([ringtap, 'calls', '--store', result + '/store', '--format', 'jsonl', '--kind', 'all']).stdout
    check.true('  and equals what read prints', sorted(straight.splitlines()) == sorted(stored.splitlines()))
    billed = 0
    for line in open(result + '/billing/manifest.jsonl'):
        billed += json.loads(line)['records']
    check.equal('  billed calls', billed, 20000)
    return path


def check_full(check, ringtap, directory, many):
    for form in ('table', 'jsonl', 'csv'):
        with open('/dev/full', 'wb') as full:
            p = subprocess.run([ringtap, 'read', '--format', form, many], stdout=full, stderr=subprocess.PIPE, timeout=120)
        check.true('disk full: ' + form, p.returncode == 1 and p.stderr.endswith(b'No space left on device\n') and p.stderr.count(b'\n') == 1,
                   p.stderr)
    small = directory + '/small'
    os.mkdir(small)
    if os.geteuid() != 0 or subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=2m', 'none', small], stderr=subprocess.DEVNULL).returncode:
        print('not checked: --out on a full disk (cannot mount a tmpfs)')
        return
    try:
        p = run([ringtap, 'read', '--out', small + '/out', many])
        check.true('disk full: --out', p.returncode == 1 and p.stderr.count(b'\n') <= 2 and b'full' in p.stderr.lower() or b'space' in p.stderr,
                   p.stderr)
    finally:
        subprocess.run(['umount', small])


def check_commands(check, ringtap, directory):
    result = directory + '/demo'
    p = run([ringtap, 'read', '--out', result, DEMO])
    check.true('read --out says where', p.returncode == 0 and (result + '/store').encode() in p.stderr, p.stderr)
    again = run([ringtap, 'read', '--out', result, DEMO])
    check.true('  and not twice', again.returncode == 1 and b'earlier replay' in again.stderr, again.stderr)
    stored = [json.loads(line) for line in run([ringtap, 'calls', '--store', result + '/store', '--format', 'jsonl']).stdout.splitlines()]
    straight = [json.loads(line) for line in run([ringtap, 'read', '--format', 'jsonl', '--kind', 'call', DEMO]).stdout.splitlines()]
    check.true('calls from the store are those of read', sorted(map(str, stored)) == sorted(map(str, straight)) and stored)
    first = stored[0]
    for word in (first['uid'], first['uid'][:8], first['call_id']):
        p = run([ringtap, 'show', '--store', result + '/store', word])
        check.true('show ' + word[:12], p.returncode == 0 and first['uid'].encode() in p.stdout, p.stderr)
    p = run([ringtap, 'show', '--store', result + '/store', '--format', 'json', first['uid'][:8]])
    check.true('  as JSON, with its flow', json.loads(p.stdout)['flow'])
    answered = run([ringtap, 'read', '--format', 'jsonl', DEMO, "disposition = 'answered'"]).stdout.splitlines()
    check.equal('a condition on a capture', len(answered), sum(c['disposition'] == 'answered' for c in straight))
    effective = run([ringtap, 'check-config'])
    path = directory + '/effective.yaml'
    with open(path, 'wb') as f:
        f.write(effective.stdout)
    check.true('check-config prints what it takes', run([ringtap, 'check-config', path]).stdout == effective.stdout, effective.stderr)
    for arguments, status in ((['--version'], 0), (['help'], 0), (['fields'], 0), ([], 2), (['reed'], 2), (['read'], 2), (['read', '--x'], 2),
                              (['read', DEMO, 'nosuch = 1'], 2), (['read', 'nosuch.pcap'], 1), (['show'], 2),
                              (['calls', '--store', '/nowhere'], 1), (['stats', '--segment', '/nowhere'], 1)):
        p = run([ringtap] + arguments)
        check.true('ringtap ' + ' '.join(arguments), p.returncode == status and (status == 0) == (p.stderr == b''), p.stderr)


def check_cores(check, ringtap):
    def records(cores):
        lines = run([ringtap, 'read', '--format', 'jsonl', '--flow', '--cores', cores, DEMO]).stdout.splitlines()
        return sorted(re.sub(rb'"seq":\d+,', b'', line) for line in lines)

    one = records('1')
    check.true('two cores tell the same as one', one and records('2') == one)


def check_stdin(check, ringtap):
    with open(DEMO, 'rb') as f:
        piped = subprocess.run([ringtap, 'read', '--format', 'jsonl', '-'], stdin=f, capture_output=True, timeout=120)
    check.true('a capture on standard input', piped.stdout == run([ringtap, 'read', '--format', 'jsonl', DEMO]).stdout, piped.stderr)


def main():
    ringtap = netns.program('ringtap')
    check = netns.Check()
    if not os.path.exists(DEMO):
        netns.skip('tests/data/demo.pcap is not there')
    directory = tempfile.mkdtemp(prefix='ringtap-cli-')
    try:
        check_terminal(check, ringtap)
        check_hostile(check, ringtap, directory)
        large = capture(directory + '/large.pcap', rtp(150000))
        check_progress(check, ringtap, large)
        check_interrupt(check, ringtap, large)
        os.unlink(large)
        many = check_pipe(check, ringtap, directory)
        check_full(check, ringtap, directory, many)
        check_commands(check, ringtap, directory)
        check_cores(check, ringtap)
        check_stdin(check, ringtap)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return 1 if check.failed else 0


if __name__ == '__main__':
    sys.exit(main())
