#!/usr/bin/python3
"""scripts/pktgen: the Lua runs against the functions that Pktgen 22.07 has, its command files say the same, the search finds the limit of a probe
whose limit is known; and a short search with a real probe over net_virtio_user and net_vhost ends with every frame in the ledger.

How fast that is decides nothing: a busy machine finds a low rate or none."""
import glob
import json
import os
import re
import shutil
import stat
import struct
import subprocess
import sys

import netns

PKTGEN = os.path.join(netns.ROOT, 'scripts', 'pktgen')
STUB = os.path.join(netns.HERE, 'pktgen_stub.lua')
NUMBERS = r'(\S+) (\S+) (\S+) (\S+)'
# Commands of Pktgen 22.07 that the files use: what the same Lua remembers, start min max inc one by one.
COMMANDS = (
    (r'range 0 type (ipv4|ipv6)', lambda g: ['range set_type ' + g[0]]),
    (r'range 0 proto (tcp|udp)', lambda g: ['range ip_proto ' + g[0]]),
    (r'range 0 (src|dst) (ip|port) ' + NUMBERS, lambda g: smmi('%s_%s' % (g[0], g[1]), g[2:])),
    (r'range 0 size ' + NUMBERS, lambda g: smmi('pkt_size', g)),
    (r'set 0 rnd (\d+) (\d+) ([01.Xx_]+)', lambda g: ['rnd ' + ' '.join(g)]),
    (r'set 0 count (\d+)', lambda g: ['set count ' + g[0]]),
    (r'(enable|disable) 0 (range|pcap)', lambda g: ['%s %s' % (g[1], 'on' if g[0] == 'enable' else 'off')]),
    (r'(stop|start) 0', lambda g: []),
)


def smmi(name, values):
    return ['range %s %s %s' % (name, word, value) for word, value in zip(('start', 'min', 'max', 'inc'), values)]


def lua(script, **settings):
    """The stub with this script: exit status, what it said, what was set up."""
    folder = netns.temporary()
    try:
        environment = dict(os.environ, STUB_SETTINGS=folder + '/settings', RINGTAP_RESULT=folder + '/result', **settings)
        run = subprocess.run(['lua5.4', STUB, '-f', script], env=environment, capture_output=True, text=True, timeout=60)
        read = lambda name: open(folder + name).read().splitlines() if os.path.exists(folder + name) else []
        return run.returncode, run.stderr, read('/settings'), [json.loads(line) for line in read('/result')]
    finally:
        shutil.rmtree(folder)


def commands(path):
    """What a command file sets up, in the stub's words; lines that Pktgen would not know are an error."""
    settings, unknown = [], []
    for line in open(path):
        line = line.strip()
        if not line or line.startswith('#'):
            continue
        for pattern, made in COMMANDS:
            match = re.fullmatch(pattern, line)
            if match:
                settings += made(match.groups())
                break
        else:
            unknown.append(line)
    return settings, unknown


def files(check):
    scripts = sorted(glob.glob(PKTGEN + '/*.lua'))
    check.true('Lua files', len(scripts) >= 7, len(scripts))
    for path in scripts + [STUB]:
        run = subprocess.run(['luac5.4', '-p', path], capture_output=True, text=True)
        check.true(os.path.basename(path) + ' is Lua', run.returncode == 0, run.stderr)
    for name in ('rtp_range', 'capture'):
        settings, unknown = commands('%s/%s.pkt' % (PKTGEN, name))
        check.equal(name + '.pkt: no unknown command', unknown, [])
        status, said, same, _ = lua('%s/%s.lua' % (PKTGEN, name))
        check.true(name + '.lua runs', status == 0, said)
        check.equal(name + '.pkt sets up what the Lua does', settings, same)


def rtp(check):
    """The bit fields of rtp_range.lua make RTP of version 2, in a frame of any bytes."""
    frame = bytearray(range(256))
    for line in lua(PKTGEN + '/rtp_range.lua')[2]:
        if line.startswith('rnd '):
            offset, mask = int(line.split()[2]), [bit for bit in line.split()[3] if bit in '01.Xx']
            word = format(struct.unpack_from('>I', frame, offset)[0], '032b')
            struct.pack_into('>I', frame, offset, int(''.join(old if bit == '.' else '1' if bit in 'Xx' else bit for old, bit in zip(word, mask)), 2))
    first, kind, seq, timestamp, ssrc = struct.unpack_from('>BBHII', frame, 42)
    check.equal('RTP: version, payload type, sequence, timestamp', (first, kind, seq, timestamp), (0x80, 8, 1, 0))
    check.true('RTP: an SSRC', ssrc != 0)


def searches(check):
    run = subprocess.run(['lua5.4', '-e', 'package.path = "%s/?.lua"' % PKTGEN, netns.HERE + '/pktgen_search.lua'], capture_output=True, text=True)
    check.true('laws of the search', run.returncode == 0, run.stderr)
    for capacity in (1000000, 777777, 400000, 31250, 1000):
        status, said, _, result = lua(PKTGEN + '/zero_loss.lua', STUB_CAPACITY=str(capacity), RINGTAP_STATS='the ledger', RINGTAP_SECONDS='2',
                                      RINGTAP_TRAFFIC=PKTGEN + '/rtp_range.lua', RINGTAP_RESOLUTION='0.5')
        percent = capacity / 10000
        found = result[-1]['found'] if result else None
        check.true('a probe of %d frames/s: Pktgen finds %s %%' % (capacity, found), status == 0 and
                   (found is None and percent < 0.5 or found is not None and found <= percent <= found + 0.5), said)
        check.true('  each trial exact, what was lost by its reason', all(t['exact'] and t['lost'] == t['nic_missed'] for t in result[:-1]))
    status, said, _, result = lua(PKTGEN + '/replay.lua', RINGTAP_STATS='the ledger', RINGTAP_COUNT='4321', RINGTAP_RATE='20')
    check.equal('a capture once around', result, [{'sent': 4321, 'received': 4321, 'lost': 0, 'exact': True}])


def run(*arguments, **environment):
    return subprocess.run([PKTGEN + '/run', *arguments], capture_output=True, text=True, timeout=300, env=dict(os.environ, **environment))


def plumbing(check):
    """The program `run` with the stub in Pktgen's place."""
    folder = netns.temporary()
    try:
        fake = folder + '/pktgen'
        with open(fake, 'w') as f:
            f.write('#!/bin/sh\necho "$@" >%s/arguments\nexec lua5.4 %s "$@"\n' % (folder, STUB))
        os.chmod(fake, os.stat(fake).st_mode | stat.S_IXUSR)
        done = run('--port', '0000:3b:00.1', '--pktgen', fake, '--stats', 'the ledger', '--seconds', '1', '--json')
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        check.true('run --port: the search of Pktgen', done.returncode == 0 and lines and 38 <= lines[-1]['found'] <= 40, done.stderr or lines[-1:])
        arguments = open(folder + '/arguments').read()
        check.true('its arguments', '-a 0000:3b:00.1' in arguments and '-m 1.0' in arguments and 'zero_loss.lua' in arguments, arguments)
        done = run('--port', '0000:3b:00.1', '--pktgen', fake, '--stats', 'the ledger', '--traffic', netns.ROOT + '/tests/data/demo.pcap', '--replay', '--json')
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        check.true('run --replay: a capture once', done.returncode == 0 and lines[0]['sent'] == lines[0]['received'] > 100, done.stderr or lines)
        check.true('its arguments', '-s 0:' + netns.ROOT in open(folder + '/arguments').read())
        done = run('--port', '0000:3b:00.1', PKTGEN='')
        check.true('without Pktgen it says how', done.returncode == 1 and 'PKTGEN=' in done.stderr, done.stderr)
        check.equal('neither --loop nor --port', run().returncode, 2)
        for wrong in (('--loop', '--port', 'x'), ('--loop', '--seconds', '0'), ('--loop', '--max', '-5'), ('--loop', '--calls', '0')):
            done = run(*wrong)
            check.true('wrong usage in a line: ' + ' '.join(wrong), done.returncode == 2 and done.stderr.count('\n') == 1, done.stderr)
        for wrong in (('--build', '/nonexistent'), ('--json', '--markdown'), ('--only', 'everything')):
            done = subprocess.run([netns.ROOT + '/scripts/bench', *wrong], capture_output=True, text=True, timeout=60)
            check.true('bench: wrong usage in a line: ' + ' '.join(wrong), done.returncode == 2 and done.stderr.count('\n') == 1, done.stderr)
    finally:
        shutil.rmtree(folder)


def loop(check):
    done = run('--loop', '--seconds', '0.5', '--max', '8000', '--resolution', '3000', '--calls', '20', '--json', '--build', netns.BUILD)
    if 'no driver net_v' in done.stderr:
        print('skipped: no net_vhost and net_virtio_user here')
        return
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    check.true('a search with a probe ends', done.returncode == 0 and 2 <= len(lines) <= 5 and 'found' in lines[-1], done.stderr or lines)
    if done.returncode:
        return
    for trial in lines[:-1]:
        check.true('  %s frames/s: sent, and in the ledger' % trial['rate'], trial['exact'] and trial['sent'] > 0, trial)
        check.equal('  lost', trial['lost'], 0)  # shared memory pushes back: the rate may fail, the count not
    good = [t for t in lines[:-1] if t['good']]
    check.equal('found: the highest good rate', lines[-1]['found'], max((t['rate'] for t in good), default=None))


def main():
    for name in ('lua5.4', 'luac5.4'):
        netns.need_tool(name)
    for name in ('ringtap', 'ringtap-probe'):
        netns.program(name)
    check = netns.Check()
    files(check)
    rtp(check)
    searches(check)
    plumbing(check)
    loop(check)
    return check.status()


if __name__ == '__main__':
    sys.exit(main())
