#!/usr/bin/python3
"""Digits: of telephone events as tshark decodes them, on every corpus capture that has some; of INFO; across cores; masked."""
import collections
import os
import shutil
import struct
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import call_tools as t
import corpus_tools as tools

A, B = ('192.0.2.11', 4000), ('192.0.2.22', 5000)
KEYS = '0123456789*#ABCD!'
# Corpus captures with telephone events (tshark -Y rtpevent).
CAPTURES = ['flows/dtmf_rtp.pcap', 'flows/dtmf_sipp2833.pcap']


def press(script, src, dst, ssrc, ms, seq, key, lost=()):
    """100 ms of key as a sender does it: five packets and three of its end."""
    timestamp = ms * 8
    for i in range(8):
        if i not in lost:
            event = struct.pack('>BBH', KEYS.index(key), 10 | (i >= 5) << 7, 160 * min(i + 1, 5))
            script.rtp(ms + 20 * min(i, 5), src, dst, ssrc, seq + i, timestamp, event, 101, i == 0)
    return seq + 8


def script(c, cores, mask):
    s = t.Script()
    call = t.Call(s, 'one').answered(0, t.sdp(A), t.sdp(B))
    s.talk(A, B, 1, 300, 1000)
    seq = 1000
    for i, key in enumerate('12#*D5'):
        seq = press(s, A, B, 1, 1000 + 300 * i, seq, key, lost=[(), (0,), (5, 6, 7), (1, 2, 3, 5), (0, 1, 2, 3, 4), (7,)][i])
    press(s, B, A, 2, 1500, 10, '7')
    for ms, side, signal in ((3000, t.ALICE, '9'), (3200, t.BOB, '#')):
        request = call.request(ms, 'INFO', side, body='Signal=%s\r\nDuration=120\r\n' % signal, kind='application/dtmf-relay')
        call.response(ms + 20, request, 200)
    call.bye(4000)
    options = ['--cores', str(cores)]
    with tempfile.NamedTemporaryFile('w', suffix='.yaml') as f:
        f.write('dtmf:\n  mask: %s\n' % ('true' if mask else 'false'))
        f.flush()
        r = t.calls(s.read(*options, '-c', f.name))[0]
    name = '%d cores%s: ' % (cores, ', masked' if mask else '')
    keys = lambda sender, source: ''.join(d['digit'] for d in r['dtmf'] if d['sender'] == sender and d['source'] == source)
    hidden = lambda text: '*' * len(text) if mask else text
    c.equal(name + 'events of the caller', keys('caller', 'rfc4733'), hidden('12#*D5'))
    c.equal(name + 'events of the callee', keys('callee', 'rfc4733'), hidden('7'))
    c.equal(name + 'INFO of both', [keys('caller', 'info'), keys('callee', 'info')], [hidden('9'), hidden('#')])
    c.equal(name + 'lengths', sorted(collections.Counter(d['length_ms'] for d in r['dtmf']).items()), [(100, 7), (120, 2)])
    times = [d['time'] for d in r['dtmf']]
    c.equal(name + 'in order', times, sorted(times))


def by_tshark(path):
    """Digits per SSRC: each timestamp with an event is one, as the standard says; segments of long events have none of their own."""
    out = subprocess.run(['tshark', '-r', path, '-Y', 'rtpevent', '-T', 'fields', '-e', 'rtp.ssrc', '-e', 'rtp.timestamp', '-e', 'rtpevent.event_id', '-e', 'ip.src',
                          '-e', 'udp.srcport'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout.decode()
    found = collections.OrderedDict()
    for line in out.splitlines():
        ssrc, timestamp, event, ip, port = line.split('\t')
        if event and ',' not in event:
            found.setdefault((int(ssrc, 16), ip, port, int(timestamp)), int(event))
    return ''.join(sorted(KEYS[e] for e in found.values() if e < len(KEYS)))


def corpus(c):
    if not os.path.isdir(tools.CORPUS) or not shutil.which('tshark'):
        print('no corpus or no tshark: those cases are left out')
        return
    paths = [p for p in tools.captures() if p in CAPTURES or any(w in p.lower() for w in ('dtmf', '2833', 'rfc4733'))]
    for path in paths:
        if not path.endswith(('.pcap', '.pcapng', '.cap')):
            continue
        whole = os.path.join(tools.CORPUS, path)
        theirs = by_tshark(whole)
        records = tools.read(whole).records()
        ours = ''.join(sorted(d['digit'] for r in t.calls(records) for d in r.get('dtmf', []) if d['source'] == 'rfc4733'))
        c.equal(path, ours, theirs)


def main():
    c = t.Cases()
    for cores in (1, 3):
        for mask in (False, True):
            script(c, cores, mask)
    corpus(c)
    c.finish()


if __name__ == '__main__':
    main()
