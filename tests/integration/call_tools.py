"""Captures of calls written from a script, for tests that need what no corpus has: times in ms since the beginning, addresses as (ip, port)."""
import json
import os
import struct
import sys
import tempfile

import corpus_tools as tools

sys.path.insert(0, os.path.join(tools.SOURCE, 'tests', 'data'))
import make_demo

BEGAN_US = make_demo.BEGAN_US
ALICE, BOB = ('192.0.2.11', 5060), ('192.0.2.22', 5060)


def sdp(at, payloads='8 101', extra=(), kind='audio', proto='RTP/AVP', ip=None):
    lines = ['v=0', 'o=- 1 1 IN IP4 ' + at[0], 's=-', 'c=IN IP4 ' + (ip or at[0]), 't=0 0', 'm=%s %d %s %s' % (kind, at[1], proto, payloads)]
    if '101' in payloads.split():
        lines += ['a=rtpmap:101 telephone-event/8000']
    return '\r\n'.join(lines + list(extra) + [''])


class Script:
    def __init__(self):
        self.capture = make_demo.Capture()

    def udp(self, ms, src, dst, payload):
        self.capture.udp(BEGAN_US + round(ms * 1000), src, dst, payload)

    def rtp(self, ms, src, dst, ssrc, seq, timestamp, payload=b'\xd5' * 160, payload_type=8, marker=0):
        self.udp(ms, src, dst, struct.pack('>BBHII', 0x80, payload_type | marker << 7, seq & 0xffff, timestamp & 0xffffffff, ssrc) + payload)

    def talk(self, src, dst, ssrc, from_ms, to_ms, seq=1, step_ms=20, skip=()):
        """A packet of PCMA every step_ms; returns how many were sent."""
        numbers = [i for i in range((to_ms - from_ms) // step_ms) if i not in skip]
        for i in numbers:
            self.rtp(from_ms + i * step_ms, src, dst, ssrc, seq + i, i * step_ms * 8)
        return len(numbers)

    def close(self, folder=None):
        """The capture's path; it goes when this object does."""
        self.folder = tempfile.TemporaryDirectory(prefix='ringtap-calls-')
        path = os.path.join(self.folder.name, 'calls.pcap')
        self.capture.write(path)
        return path

    def read(self, *options):
        run = tools.read(self.close(), *options)
        if run.status != 0:
            raise AssertionError('ringtap read: %s %s' % (run.status, run.err.decode(errors='replace')))
        return run.records()


class Call:
    """One call between two user agents."""
    def __init__(self, script, name, a=ALICE, b=BOB):
        self.script, self.a, self.b, self.call_id, self.cseq = script, a, b, name + '@calls.example.com', {a: 0, b: 0}

    def message(self, ms, src, dst, first, cseq, body='', to_tag=True, kind='application/sdp', extra=()):
        caller = (first.startswith('SIP/2.0') and src == self.b) or (not first.startswith('SIP/2.0') and src == self.a)
        tags = [';tag=a-' + self.call_id, ';tag=b-' + self.call_id]
        users = ['<sip:alice@example.com>', '<sip:bob@example.com>']
        if not caller:
            tags.reverse(), users.reverse()
        lines = [first, 'Via: SIP/2.0/UDP %s:%d;branch=z9hG4bK-%s-%s' % (*(self.a if caller else self.b), self.call_id.split('@')[0], cseq.replace(' ', '')),
                 'Max-Forwards: 70', 'From: ' + users[0] + tags[0], 'To: ' + users[1] + (tags[1] if to_tag else ''),
                 'Call-ID: ' + self.call_id, 'CSeq: ' + cseq, *extra]
        if body:
            lines.append('Content-Type: ' + kind)
        self.script.udp(ms, src, dst, '\r\n'.join(lines + ['Content-Length: %d' % len(body), '', body]).encode())

    def other(self, side):
        return self.b if side == self.a else self.a

    def request(self, ms, method, side=None, body='', to_tag=True, **more):
        side = side or self.a
        if method != 'ACK':
            self.cseq[side] += 1
        cseq = '%d %s' % (self.cseq[side], method)
        self.message(ms, side, self.other(side), method + ' sip:x@example.com SIP/2.0', cseq, body, to_tag, **more)
        return side, cseq

    def response(self, ms, to, code, reason='OK', body=''):
        self.message(ms, self.other(to[0]), to[0], 'SIP/2.0 %d %s' % (code, reason), to[1], body, code > 100)

    def answered(self, ms, offer, answer):
        """INVITE at ms, 180 and 200 at 100 ms each, ACK."""
        invite = self.request(ms, 'INVITE', body=offer, to_tag=False)
        self.response(ms + 100, invite, 180, 'Ringing')
        self.response(ms + 200, invite, 200, 'OK', answer)
        self.request(ms + 210, 'ACK')
        return self

    def bye(self, ms, side=None):
        self.response(ms + 10, self.request(ms, 'BYE', side), 200)


class Cases:
    """One line a case; the last line and the exit status say how it went."""
    def __init__(self):
        self.passed, self.failed = 0, 0

    def check(self, name, good, seen=''):
        self.passed, self.failed = self.passed + bool(good), self.failed + (not good)
        print(('ok    ' if good else 'WRONG ') + name + ('' if good else ': ' + str(seen)[:1500]))

    def equal(self, name, ours, wanted):
        self.check(name, ours == wanted, '%s, not %s' % (json.dumps(ours), json.dumps(wanted)))

    def finish(self):
        print('%d passed, %d failed' % (self.passed, self.failed))
        sys.exit(1 if self.failed else 0)


def calls(records, status='final'):
    return [r for r in records if r['kind'] == 'call' and r['status'] == status]
