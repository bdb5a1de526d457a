#!/usr/bin/python3
"""scripts/quickstart: without an argument, with a capture, with an interface (root, in network namespaces), and wrong."""
import glob
import os
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import corpus_tools as tools
import netns

SCRIPT = os.path.join(tools.SOURCE, 'scripts', 'quickstart')
bad = []


def check(good, *words):
    if not good:
        bad.append(' '.join(str(w) for w in words))


def quickstart(folder, *arguments):
    run = tools.Run([SCRIPT, *arguments], seconds=240, cwd=folder, env=dict(os.environ, RINGTAP_BUILD=tools.BUILD))
    return run.status, run.out.decode(errors='replace'), run.err.decode(errors='replace')


def billed(folder):
    """Lines of all billing files, their headers left out."""
    files = [f for f in glob.glob(os.path.join(folder, 'quickstart-out', 'billing', '*.csv'))]
    return sum(len(open(f, errors='replace').read().splitlines()) - 1 for f in files)


def captures(folder):
    status, out, err = quickstart(folder)
    check(status == 0, 'demo: exit', status, err)
    for text in ('17 calls', 'INVITE', 'quickstart-out/billing', 'ringtap help'):
        check(text in out, 'demo: does not print', repr(text))
    check(billed(folder) == 17, 'demo: billing has', billed(folder), 'lines, not 17')
    again = os.path.join(folder, 'again.pcap')
    os.symlink(tools.DEMO, again)
    status, out, err = quickstart(folder, 'again.pcap')
    check(status == 0 and '17 calls' in out, 'capture: exit', status, err)
    check(os.path.isdir(os.path.join(folder, 'quickstart-out.old')), 'the former results were not kept')
    broken = os.path.join(folder, 'broken.pcap')
    open(broken, 'w').write('no capture')
    status, out, err = quickstart(folder, broken)
    check(status not in (0, None) and 'broken.pcap' in err, 'broken capture: exit', status, err)
    status, out, err = quickstart(folder, 'no-such-thing')
    check(status == 1 and 'no-such-thing' in err, 'nothing: exit', status, err)
    status, out, err = quickstart(folder, '--wrong')
    check(status == 2, 'wrong option: exit', status)


REPLAY = '''
import socket, struct, sys, time
data, s = open(sys.argv[1], 'rb').read(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind((sys.argv[2], 0))
at = 24
while at < len(data):
    n = struct.unpack_from('<I', data, at + 8)[0]
    s.send(data[at + 16:at + 16 + n])
    at += 16 + n
    time.sleep(0.0005)
'''


def interface(folder):
    """Frames of the demo onto one end of a veth; quickstart watches the other."""
    spaces = 'rtquick%d' % os.getpid()
    inside = ['ip', 'netns', 'exec', spaces]
    process = None
    subprocess.run(['ip', 'netns', 'add', spaces], check=True)
    try:
        subprocess.run(inside + ['ip', 'link', 'add', 'tap0', 'type', 'veth', 'peer', 'name', 'feed0'], check=True)
        for name in ('tap0', 'feed0', 'lo'):
            subprocess.run(inside + ['ip', 'link', 'set', name, 'up'], check=True)
        log = open(os.path.join(folder, 'live.log'), 'w+')
        process = subprocess.Popen(inside + [SCRIPT, 'tap0'], cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   env=dict(os.environ, RINGTAP_BUILD=tools.BUILD), preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
        text = lambda: open(log.name, errors='replace').read()
        ends = time.monotonic() + 60
        while 'Ctrl-C' not in text() and process.poll() is None and time.monotonic() < ends:
            time.sleep(0.2)
        time.sleep(1)
        subprocess.run(inside + [sys.executable, '-c', REPLAY, tools.DEMO, 'feed0'], check=True)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        status = process.wait(60)
        check(status == 0, 'interface: exit', status, text())
        check('17 calls' in text(), 'interface: not 17 calls:', text())
        check(billed(folder) == 17, 'interface: billing has', billed(folder), 'lines, not 17')
    finally:
        if process and process.poll() is None:
            process.terminate()
            process.wait(20)
        subprocess.run(['ip', 'netns', 'delete', spaces])


def main():
    tools.program()
    with tempfile.TemporaryDirectory(prefix='ringtap-quick-') as folder:
        captures(folder)
        if bad:
            pass
        elif os.geteuid() != 0:
            print('the interface part needs root: left out')
        elif not os.access(os.path.join(tools.BUILD, 'probe', 'app', 'ringtap-probe'), os.X_OK):
            print('the interface part needs ringtap-probe: left out')
        elif netns.shutil.which('ip'):
            interface(folder)
    print('\n'.join(bad + ['%d wrong' % len(bad)]))
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
