#!/usr/bin/python3
"""In-band tones on G.711: digits with noise and a lost packet, CNG; by call, by watch list, across cores; not told twice; off by default."""
import math
import os
import random
import struct
import sys
import tempfile

sys.dont_write_bytecode = True
import call_tools as t
import corpus_tools as tools

ROWS, COLUMNS, KEYS = (697, 770, 852, 941), (1209, 1336, 1477, 1633), '123A456B789C*0#D'
A, B = ('192.0.2.11', 4000), ('192.0.2.22', 5000)


def mulaw(v):
    """G.711 mu-law of a 16-bit sample."""
    sign, v = (0x80, -v) if v < 0 else (0, v)
    v = min(v + 132, 32767)
    segment = max(v.bit_length() - 8, 0)
    return ~(sign | segment << 4 | v >> (segment + 3) & 15) & 0xff


def alaw(v):
    sign, v = (0x80, v) if v >= 0 else (0, -v - 1)
    v = min(v, 32767)
    segment = max(v.bit_length() - 8, 0)
    return (sign | segment << 4 | v >> (segment + 3 if segment else 4) & 15) ^ 0x55


class Voice:
    """A stream of 20 ms packets: (frequencies, ms) after each other."""
    def __init__(self, script, src, dst, ssrc, pt, noise=0):
        self.script, self.ends, self.ssrc, self.pt = script, (src, dst), ssrc, pt
        self.noise, self.random, self.n, self.at = noise, random.Random(ssrc), 0, 0

    def play(self, begin_ms, parts, lost=()):
        samples = [f for f, ms in parts for _ in range(ms * 8)]
        code = alaw if self.pt == 8 else mulaw
        for p in range(len(samples) // 160):
            payload = bytes(code(int(sum(6000 * math.sin(2 * math.pi * f * (p * 160 + i) / 8000) for f in samples[p * 160 + i]))
                                 + (self.random.randint(-self.noise, self.noise) if self.noise else 0)) for i in range(160))
            if p not in lost:
                self.script.rtp(begin_ms + 20 * p, *self.ends, self.ssrc, p, p * 160, payload, self.pt)


def key(k, ms=100, pause=100):
    i = KEYS.index(k)
    return [((ROWS[i // 4], COLUMNS[i % 4]), ms), ((), pause)]


def digits(text):
    return sum((key(k) for k in text), [])


def capture():
    """Two calls: one dials in A-law with noise and a lost packet and its callee is a fax; one in mu-law, whose other side sends events too."""
    s = t.Script()
    one = t.Call(s, 'one').answered(0, t.sdp(A, '8'), t.sdp(B, '8'))
    Voice(s, A, B, 1, 8, noise=300).play(300, [((), 200)] + digits('1234567890*#ABCD') + [((), 100)], lost=(12, 33))
    Voice(s, B, A, 2, 8).play(300, [((), 1000), ((1100,), 500), ((), 3000), ((1100,), 500), ((), 200)])
    one.bye(6000)
    a, b = ('192.0.2.31', 4100), ('192.0.2.42', 5100)
    two = t.Call(s, 'two').answered(0, t.sdp(a, '0 101'), t.sdp(b, '0 101'))
    Voice(s, a, b, 3, 0).play(300, [((), 100)] + digits('5551') + [((), 200)])
    both = Voice(s, b, a, 4, 0)
    for i in range(5):
        s.rtp(300 + 20 * i, b, a, 4, 1000 + i, 0, struct.pack('>BBH', 7, 10 | (i == 4) << 7, 160 * (i + 1)), 101, i == 0)
    both.play(400, [((), 100)] + digits('7') + [((), 200)])
    two.bye(6000)
    return s


def config(text, watch=''):
    folder = tempfile.TemporaryDirectory(prefix='ringtap-tones-')
    with open(os.path.join(folder.name, 'list'), 'w') as f:
        f.write(watch)
    path = os.path.join(folder.name, 'ringtap.yaml')
    with open(path, 'w') as f:
        f.write(text)
    return folder, path


def said(record, sender, source='inband'):
    return ''.join(d['digit'] for d in record.get('dtmf', []) if d['sender'] == sender and d['source'] == source)


def plain(records):
    """Without what listening adds."""
    return sorted((r['call_id'], r['packets'] if 'packets' in r else 0, str([{k: v for k, v in s.items()} for s in r.get('streams', [])])) for r in records)


def main():
    c = t.Cases()
    s = capture()
    folder, path = config('tones:\n  detectors: 16\n')
    probe = tools.read(s.close(), '-c', path)
    if b'built without libspandsp' in probe.err:
        print('skip: ringtap is built without libspandsp')
        sys.exit(77)
    off = t.calls(s.read())
    c.equal('off by default', [said(r, side) for r in off for side in ('caller', 'callee')], [''] * 4)
    for cores in (1, 3):
        name = '%d cores: ' % cores
        records = t.calls(s.read('--cores', str(cores), '-c', path))
        by = {r['call_id'].split('@')[0]: r for r in records}
        c.equal(name + 'digits in noise, two packets lost', said(by['one'], 'caller'), '1234567890*#ABCD')
        times = [d['time'] for d in by['one']['dtmf']]
        c.equal(name + 'in order of time', times, sorted(times))
        c.check(name + 'lengths', all(75 <= d['length_ms'] <= 125 for d in by['one']['dtmf']), by['one']['dtmf'])
        c.equal(name + 'CNG', by['one'].get('fax'), 'cng')
        c.equal(name + 'mu-law', said(by['two'], 'caller'), '5551')
        c.equal(name + 'events, and not the same again', [said(by['two'], 'callee', 'rfc4733'), said(by['two'], 'callee')], ['7', ''])
        c.equal(name + 'the streams are the same', plain(records), plain(off))
    for calls, watched, wanted in (('watched', 'nobody', ['', '']), ('watched', 'alice', ['1234567890*#ABCD', '5551']),
                                   ('ours', 'alice', ['1234567890*#ABCD', '5551'])):
        folder, path = config('tones:\n  detectors: 16\n  calls: [%s]\nwatch:\n  - name: ours\n    kind: number\n    file: list\n' % calls, watched + '\n')
        records = sorted(t.calls(s.read('-c', path)), key=lambda r: r['call_id'])
        c.equal('calls: [%s], list: %s' % (calls, watched), [said(r, 'caller') for r in records], wanted)
    folder, path = config('tones:\n  detectors: 1\n')
    records = t.calls(s.read('-c', path))
    c.equal('one detector: one stream', sum(bool(said(r, 'caller')) for r in records), 1)
    folder, path = config('tones:\n  detectors: 1\n  calls: [theirs]\n')
    bad = tools.read(s.close(), '-c', path)
    c.check('a list that is not there', bad.status != 0 and b'theirs' in bad.err, bad.err)
    c.finish()


if __name__ == '__main__':
    main()
