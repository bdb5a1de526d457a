#!/usr/bin/python3
"""make_demo.py [FOLDER] - makes demo.pcap, the capture that scripts/quickstart reads, and demo.truth.json, what is in it.

A minute of a small carrier's morning: calls of every fate with their media, a registration, a ping and a text message.  The bytes
are the same every time.  The truth comes from the scenario below and not from reading the capture.  Addresses are those of RFC 5737 and
RFC 3849, names those of RFC 2606."""
import json
import os
import struct
import sys

BEGAN_US = 1772442000 * 1000000  # 2026-03-02 09:00:00 UTC
MS, S = 1000, 1000000
ALICE, BOB, CAROL, PROXY, GATEWAY = '192.0.2.11', '192.0.2.22', '192.0.2.33', '198.51.100.5', '203.0.113.7'
ALICE6, BOB6 = '2001:db8:1::11', '2001:db8:2::22'
# One period of 400 Hz at 8000 samples/s, A-law (ITU-T G.711).
TONE = bytes.fromhex('d5bd b3b0 babab0b3bd d5 55 3d3330 3a3a30333d 55'.replace(' ', ''))


def checksum(data):
    data += b'\0' * (len(data) % 2)
    total = sum(struct.unpack('>%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def address(text):
    if ':' not in text:
        return bytes(int(part) for part in text.split('.'))
    head, _, tail = text.partition('::')
    groups = [[int(g, 16) for g in side.split(':') if g] for side in (head, tail)]
    groups[0] += [0] * (8 - len(groups[0]) - len(groups[1]))
    return struct.pack('>8H', *groups[0] + groups[1])


class Capture:
    """Frames as they leave the wire, sorted by time at the end (a frame's number breaks ties)."""
    def __init__(self):
        self.frames, self.ids, self.sockets = [], {}, {}

    def packet(self, at_us, src, dst, protocol, payload, fragment=None):
        """fragment: (offset in bytes, more follow) of an IPv4 datagram; all but the first carry the identification of the packet before."""
        s, d = address(src), address(dst)
        if len(s) == 4:
            self.ids[src] = self.ids.get(src, 0) + (not (fragment and fragment[0]))
            bits = (fragment[0] >> 3 | fragment[1] << 13) if fragment else 0x4000
            head = struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(payload), self.ids[src], bits, 64, protocol, 0) + s + d
            head = head[:10] + struct.pack('>H', checksum(head)) + head[12:]
        else:
            head = struct.pack('>IHBB', 0x60000000, len(payload), protocol, 64) + s + d
        macs = b'\x02\0' + d[-4:] + b'\x02\0' + s[-4:]
        self.frames.append((at_us, len(self.frames), macs + (b'\x08\0' if len(s) == 4 else b'\x86\xdd') + head + payload))

    def transport(self, src, dst, protocol, head, at, payload):
        """head with its checksum, which stands at offset at."""
        s, d = address(src), address(dst)
        whole = head + payload
        pseudo = s + d + (struct.pack('>BBH', 0, protocol, len(whole)) if len(s) == 4 else struct.pack('>IHBB', len(whole), 0, 0, protocol))
        return whole[:at] + struct.pack('>H', checksum(pseudo + whole) or 0xffff) + whole[at + 2:]

    def udp(self, at_us, src, dst, payload, mtu=0):
        """mtu: bytes of payload in each IPv4 fragment, a multiple of 8; 0: whole."""
        head = struct.pack('>HHHH', src[1], dst[1], 8 + len(payload), 0)
        whole = self.transport(src[0], dst[0], 17, head, 6, payload)
        if not mtu or len(whole) <= mtu:
            self.packet(at_us, src[0], dst[0], 17, whole)
            return
        for at in range(0, len(whole), mtu):
            self.packet(at_us, src[0], dst[0], 17, whole[at:at + mtu], (at, at + mtu < len(whole)))

    def segment(self, at_us, src, dst, flags, payload=b''):
        seq, ack = self.sockets.setdefault((src, dst), 1000), self.sockets.setdefault((dst, src), 1000)
        head = struct.pack('>HHIIBBHHH', src[1], dst[1], seq, ack if flags & 16 else 0, 0x50, flags, 64240, 0, 0)
        self.packet(at_us, src[0], dst[0], 6, self.transport(src[0], dst[0], 6, head, 16, payload))
        self.sockets[src, dst] += len(payload) + (1 if flags & 3 else 0)

    def tcp(self, at_us, src, dst, payload):
        """One message, in two segments where it is long; connects first where it must."""
        if (src, dst) not in self.sockets:
            for i, (a, b, flags) in enumerate(((src, dst, 2), (dst, src, 18), (src, dst, 16))):
                self.segment(at_us - 900 + 300 * i, a, b, flags)
        cut = 300 if len(payload) > 400 else len(payload)
        for i, part in enumerate(p for p in (payload[:cut], payload[cut:]) if p):
            self.segment(at_us + 40 * i, src, dst, 24, part)
        self.segment(at_us + 200, dst, src, 16)

    def write(self, path):
        with open(path, 'wb') as f:
            f.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
            for at_us, _, frame in sorted(self.frames):
                f.write(struct.pack('<IIII', at_us // S, at_us % S, len(frame), len(frame)) + frame)


class Random:
    """The same numbers everywhere and always (an LCG of Knuth's MMIX)."""
    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        return (self.state >> 33) % n


class Side:
    def __init__(self, user, ip, agent, port=5060, rtp=None, name=''):
        self.user, self.ip, self.agent, self.sip, self.rtp = user, ip, agent, (ip, port), (ip, rtp)
        self.host = '[%s]' % ip if ':' in ip else ip
        self.name = '"%s" ' % name if name else ''


def sdp(side, codec=8, direction='sendrecv', version=1):
    """A session description of one audio stream and DTMF events."""
    kind = 'IP6' if ':' in side.ip else 'IP4'
    names = {8: 'PCMA/8000', 18: 'G729/8000', 0: 'PCMU/8000'}
    lines = ['v=0', 'o=- 1 %d IN %s %s' % (version, kind, side.ip), 's=-', 'c=IN %s %s' % (kind, side.ip), 't=0 0',
             'm=audio %d RTP/AVP %d 101' % (side.rtp[1], codec), 'a=rtpmap:%d %s' % (codec, names[codec]), 'a=rtpmap:101 telephone-event/8000',
             'a=fmtp:101 0-15', 'a=ptime:20', 'a=' + direction, '']
    return '\r\n'.join(lines)


def rtp(codec, marker, sequence, timestamp, ssrc):
    """An RTP packet of 20 ms of tone."""
    payload = (TONE * 8)[:160] if codec != 18 else b'\x78\x52\x80\xa0\0\xfa\xc2\0\x07\xd6' * 2
    return struct.pack('>BBHII', 0x80, codec | marker << 7, sequence & 0xffff, timestamp & 0xffffffff, ssrc) + payload


class Dialog:
    """One Call-ID between two sides; what is sent is counted for the truth."""
    def __init__(self, demo, name, a, b, at_us, kind='calls', transport='UDP'):
        self.demo, self.a, self.b, self.began, self.transport = demo, a, b, BEGAN_US + at_us, transport
        self.call_id, self.tag_a, self.tag_b = name + '@demo.example.com', 'a-' + name, 'b-' + name
        self.cseq, self.branch, self.now = {a: 0, b: 0}, 0, self.began
        self.truth = {'call_id': self.call_id, 'from_user': a.user, 'to_user': b.user, 'messages': 0, 'retransmissions': 0}
        self.truth['transport'] = transport.lower()
        demo.truth[kind].append(self.truth)

    def at(self, ms):
        self.now = self.began + round(ms * MS)
        return self

    def send(self, sender, lines, body):
        to = self.b if sender is self.a else self.a
        if body:
            lines.append('Content-Type: ' + ('message/sipfrag;version=2.0' if body.startswith('SIP/') else 'text/plain' if '=' not in body[:2] else 'application/sdp'))
        data = '\r\n'.join(lines + ['Content-Length: %d' % len(body), '', body]).encode()
        if self.transport == 'TCP':
            self.demo.capture.tcp(self.now, sender.sip, to.sip, data)
        else:
            self.demo.capture.udp(self.now, sender.sip, to.sip, data)
        self.truth['messages'] += 1

    def dialog_lines(self, sender, to_tag):
        """From and To as the side that sends the request writes them."""
        ours, theirs = (self.tag_a, self.tag_b) if sender is self.a else (self.tag_b, self.tag_a)
        other = self.b if sender is self.a else self.a
        return ['From: %s<sip:%s@demo.example.com>;tag=%s' % (sender.name, sender.user, ours),
                'To: <sip:%s@demo.example.com>%s' % (other.user, ';tag=' + theirs if to_tag else ''), 'Call-ID: ' + self.call_id]

    def request(self, method, sender=None, body='', extra=(), to_tag=False, repeat=False, cseq=None, uri=None):
        sender = sender or self.a
        other = self.b if sender is self.a else self.a
        if not repeat and method not in ('ACK', 'CANCEL'):
            self.cseq[sender] += 1
        if not repeat and (method != 'CANCEL'):
            self.branch += 1
        self.truth['retransmissions'] += repeat
        # This is what responses answer.
        self.last = (sender, method, cseq or self.cseq[sender], self.branch, to_tag)
        via = 'Via: SIP/2.0/%s %s:%d;branch=z9hG4bK-%s-%d' % (self.transport, sender.host, sender.sip[1], self.call_id.split('@')[0], self.branch)
        lines = ['%s %s SIP/2.0' % (method, uri or 'sip:%s@%s' % (other.user, other.host)), via, 'Max-Forwards: 70'] + self.dialog_lines(sender, to_tag)
        lines += ['CSeq: %d %s' % (cseq or self.cseq[sender], method), 'User-Agent: ' + sender.agent]
        if method in ('INVITE', 'REGISTER', 'REFER'):
            lines.append('Contact: <sip:%s@%s:%d%s>' % (sender.user, sender.host, sender.sip[1], ';transport=tcp' if self.transport == 'TCP' else ''))
        self.send(sender, lines + list(extra), body)
        return self.last

    def response(self, code, reason, body='', extra=(), to=None, tag=True):
        sender, method, cseq, branch, _ = to or self.last
        answerer = self.b if sender is self.a else self.a
        via = 'Via: SIP/2.0/%s %s:%d;branch=z9hG4bK-%s-%d' % (self.transport, sender.host, sender.sip[1], self.call_id.split('@')[0], branch)
        lines = ['SIP/2.0 %d %s' % (code, reason), via] + self.dialog_lines(sender, tag and code > 100)
        lines += ['CSeq: %d %s' % (cseq, method), 'Server: ' + answerer.agent]
        if method == 'INVITE' and 180 <= code < 300:
            lines.append('Contact: <sip:%s@%s:%d>' % (answerer.user, answerer.host, answerer.sip[1]))
        self.send(answerer, lines + list(extra), body)

    def sdp(self, side, codec=8, direction='sendrecv', version=1):
        return sdp(side, codec, direction, version)

    def invite(self, codec=8, **more):
        return self.request('INVITE', body=self.sdp(self.a, codec), **more)

    def refuse(self, code, reason, to, extra=()):
        """A final response that is no 2xx, and the ACK of its hop: the INVITE's own branch."""
        self.response(code, reason, extra=extra, to=to)
        self.now += 2 * MS
        branch, self.branch = self.branch, to[3] - 1
        self.request('ACK', to_tag=True, cseq=to[2])
        self.branch = max(branch, self.branch)

    def answer(self, ms, to, codec=8):
        self.at(ms).response(200, 'OK', self.sdp(self.b, codec), to=to)
        self.at(ms + 12).request('ACK', to_tag=True, cseq=to[2])
        self.truth.update(disposition='answered', sip_code=200, setup_ms=ms)

    def bye(self, ms, sender):
        self.at(ms).request('BYE', sender, to_tag=True)
        self.at(ms + 15).response(200, 'OK')
        self.truth.update(ended_by='caller' if sender is self.a else 'callee', end_cause='bye', duration_ms=ms - self.truth['setup_ms'])

    def media(self, sender, ssrc, from_ms, to_ms, codec=8, lose=(), late=(), sequence=100):
        """RTP each 20 ms; lose and late: indices of packets that never come, or come behind the next one."""
        to = self.b if sender is self.a else self.a
        count = (to_ms - from_ms) // 20
        for i in range(count):
            if i in lose:
                continue
            moment = self.began + (from_ms + 20 * i) * MS + (27 * MS if i in late else 0) + (i * 37 + ssrc) % 400
            self.demo.capture.udp(moment, sender.rtp, to.rtp, rtp(codec, i == 0, sequence + i, (from_ms + 20 * i) * 8 + 4000, ssrc))
        stream = {'src': '%s:%d' % sender.rtp, 'dst': '%s:%d' % to.rtp, 'ssrc': '0x%08x' % ssrc, 'packets': count - len(lose), 'expected': count,
                  'lost': len(lose), 'duplicates': 0, 'reordered': len(late), 'payload_type': codec}
        self.truth.setdefault('streams', []).append(stream)


class Demo:
    def __init__(self):
        self.capture, self.truth = Capture(), {'calls': [], 'registrations': [], 'transactions': []}

    def call(self, name, at_s, a=None, b=None, transport='UDP'):
        number = len(self.truth['calls'])
        a = a or Side('+4930100%02d' % number, ALICE, 'Demo Phone 1.0', rtp=20000 + 4 * number, name='Alice')
        b = b or Side('+4930200%02d' % number, BOB, 'Demo Gateway 2.1', rtp=30000 + 4 * number)
        return Dialog(self, name, a, b, at_s * S, transport=transport)


def answered(demo):
    d = demo.call('answered', 0)
    to = d.invite()
    d.at(4).response(100, 'Trying')
    d.at(820).response(180, 'Ringing')
    d.answer(2400, to)
    d.media(d.a, 0x1001, 2420, 8420)
    d.media(d.b, 0x1002, 2410, 8410)
    d.bye(8450, d.a)
    d.truth.update(pdd_ms=820)


def early_media(demo):
    d = demo.call('early-media', 2, b=Side('+498001234567', GATEWAY, 'Demo Gateway 2.1', rtp=31000))
    to = d.invite()
    d.at(3).response(100, 'Trying')
    d.at(400).response(183, 'Session Progress', d.sdp(d.b))
    d.answer(3000, to)
    d.media(d.b, 0x2002, 420, 6000, sequence=65500)
    d.media(d.a, 0x2001, 3020, 6000)
    d.bye(6040, d.b)
    d.truth.update(pdd_ms=400)


def unanswered(demo):
    for i, (name, code, reason, disposition, cause) in enumerate((
            ('busy', 486, 'Busy Here', 'busy', 'failure'), ('rejected', 603, 'Decline', 'rejected', 'failure'),
            ('unallocated', 404, 'Not Found', 'failed', 'failure'), ('no-answer', 480, 'Temporarily Unavailable', 'no_answer', 'failure'))):
        d = demo.call(name, 4 + 2 * i)
        to = d.invite()
        d.at(5).response(100, 'Trying')
        ring = code != 404
        if ring:
            d.at(350).response(180, 'Ringing')
        d.at(1900).refuse(code, reason, to, extra=('Reason: Q.850;cause=%d' % {486: 17, 603: 21, 404: 1, 480: 19}[code],))
        d.truth.update(disposition=disposition, sip_code=code, end_cause=cause, ended_by='callee', pdd_ms=350 if ring else 1900,
                       q850={486: 17, 603: 21, 404: 1, 480: 19}[code])


def cancelled(demo):
    d = demo.call('cancelled', 11)
    to = d.invite()
    d.at(4).response(100, 'Trying')
    d.at(300).response(180, 'Ringing')
    d.at(6300).request('CANCEL', cseq=to[2])
    d.at(6310).response(200, 'OK')
    d.at(6320).refuse(487, 'Request Terminated', to)
    d.truth.update(disposition='cancelled', sip_code=487, end_cause='cancel', ended_by='caller', pdd_ms=300)


def redirected(demo):
    d = demo.call('redirected', 13)
    to = d.invite()
    d.at(120).refuse(302, 'Moved Temporarily', to, extra=('Contact: <sip:+4930777@203.0.113.7>',))
    d.truth.update(disposition='redirected', sip_code=302, end_cause='redirect', ended_by='callee', forwarded_to='<sip:+4930777@203.0.113.7>', pdd_ms=120)


def forwarded(demo):
    d = demo.call('forwarded', 14)
    to = d.invite(extra=('Diversion: <sip:+4930111@demo.example.com>;reason=unconditional',))
    d.at(4).response(100, 'Trying')
    d.at(90).response(181, 'Call Is Being Forwarded')
    d.at(600).response(180, 'Ringing')
    d.answer(1500, to, codec=18)
    d.media(d.a, 0x3001, 1520, 4520, codec=18)
    d.media(d.b, 0x3002, 1520, 4520, codec=18)
    d.bye(4600, d.a)
    d.truth.update(pdd_ms=90)


def authenticated(demo):
    d = demo.call('authenticated', 16, b=Side('+4930555', PROXY, 'Demo Proxy 4', rtp=32000))
    to = d.invite()
    d.at(6).response(100, 'Trying')
    d.at(12).refuse(407, 'Proxy Authentication Required', to, extra=('Proxy-Authenticate: Digest realm="demo.example.com", nonce="f84f1cec41e6cbe5"',))
    credentials = 'Proxy-Authorization: Digest username="alice", realm="demo.example.com", nonce="f84f1cec41e6cbe5", uri="sip:demo.example.com", response="42ce3cef44b22f50"'
    to = d.at(25).invite(extra=(credentials,))
    d.at(30).response(100, 'Trying')
    d.at(500).response(180, 'Ringing')
    d.answer(1000, to)
    d.media(d.a, 0x4001, 1020, 4020)
    d.media(d.b, 0x4002, 1020, 4020)
    d.bye(4050, d.b)
    d.truth.update(auth_challenges=1, pdd_ms=500)


def held(demo):
    d = demo.call('held', 20)
    to = d.invite()
    d.at(300).response(180, 'Ringing')
    d.answer(800, to)
    d.media(d.a, 0x5001, 820, 2820)
    d.media(d.b, 0x5002, 820, 2820)
    for ms, ours, theirs in ((2900, 'sendonly', 'recvonly'), (5000, 'sendrecv', 'sendrecv')):
        to = d.at(ms).request('INVITE', body=d.sdp(d.a, direction=ours, version=ms), to_tag=True)
        d.at(ms + 20).response(200, 'OK', d.sdp(d.b, direction=theirs, version=ms))
        d.at(ms + 30).request('ACK', to_tag=True, cseq=to[2])
    for stream, sender, ssrc in ((0, d.a, 0x5001), (1, d.b, 0x5002)):
        first = d.truth['streams'].pop(stream)
        d.media(sender, ssrc, 5100, 7100, sequence=200)
        again = d.truth['streams'].pop()
        for key in ('packets', 'expected'):
            first[key] += again[key]
        d.truth['streams'].insert(stream, first)
    d.bye(7150, d.a)
    d.truth.update(holds=1, pdd_ms=300)


def transferred(demo):
    d = demo.call('transferred', 24)
    to = d.invite()
    d.at(200).response(180, 'Ringing')
    d.answer(700, to)
    d.media(d.a, 0x6001, 720, 2720, codec=0)
    d.media(d.b, 0x6002, 720, 2720, codec=0)
    d.at(2800).request('REFER', d.b, to_tag=True, extra=('Refer-To: <sip:carol@demo.example.com>', 'Referred-By: <sip:%s@demo.example.com>' % d.b.user))
    d.at(2810).response(202, 'Accepted')
    for ms, line, state in ((2820, 'SIP/2.0 100 Trying\r\n', 'active'), (4600, 'SIP/2.0 200 OK\r\n', 'terminated;reason=noresource')):
        d.at(ms).request('NOTIFY', body=line, to_tag=True, extra=('Event: refer', 'Subscription-State: ' + state))
        d.at(ms + 10).response(200, 'OK')
    d.bye(4700, d.b)
    d.truth.update(transfer_to='<sip:carol@demo.example.com>', pdd_ms=200)
    # Where it went: a call of its own.
    d = demo.call('transfer-target', 27, b=Side('carol', CAROL, 'Carol Softphone 3', rtp=33000, name='Carol'))
    to = d.invite(extra=('Referred-By: <sip:bob@demo.example.com>',))
    d.at(250).response(180, 'Ringing')
    d.answer(1550, to)
    d.media(d.a, 0x6101, 1570, 3570)
    d.media(d.b, 0x6102, 1570, 3570)
    d.bye(3600, d.b)
    d.truth.update(pdd_ms=250)


def ipv6(demo):
    d = demo.call('ipv6', 30, Side('alice6', ALICE6, 'Demo Phone 1.0', rtp=40000), Side('bob6', BOB6, 'Demo Phone 1.0', rtp=41000))
    to = d.invite()
    d.at(150).response(180, 'Ringing')
    d.answer(900, to)
    d.media(d.a, 0x7001, 920, 2920)
    d.media(d.b, 0x7002, 920, 2920)
    d.bye(2950, d.a)
    d.truth.update(pdd_ms=150)


def tcp(demo):
    d = demo.call('tcp', 33, Side('alice-tcp', ALICE, 'Demo Phone 1.0', port=49152, rtp=42000), Side('bob-tcp', BOB, 'Demo Gateway 2.1', rtp=43000), transport='TCP')
    to = d.invite()
    d.at(10).response(100, 'Trying')
    d.at(180).response(180, 'Ringing')
    d.answer(950, to)
    d.media(d.a, 0x8001, 970, 2970)
    d.media(d.b, 0x8002, 970, 2970)
    d.bye(3000, d.b)
    # A message is there when its last segment is: those with SDP come in two, 40 us apart.
    d.truth.update(pdd_ms=180 - 0.04, duration_ms=3000 - 950 - 0.04)


def impaired(demo):
    d = demo.call('impaired', 36, b=Side('+33140000000', GATEWAY, 'Demo Gateway 2.1', rtp=34000))
    random = Random(20260302)
    to = d.invite()
    d.at(500).request('INVITE', body=d.sdp(d.a), repeat=True)
    d.at(700).response(100, 'Trying')
    d.at(1200).response(180, 'Ringing')
    d.answer(2000, to)
    lose, late = set(), set()
    # 5 % of the packets between the first and the last; late ones stand apart from the lost, so that each count is exact.
    while len(lose) < 12:
        lose.add(2 + random.below(236))
    while len(late) < 6:
        i = 2 + random.below(236)
        if not {i, i + 1, i + 2, i - 1} & (lose | late):
            late.add(i)
    d.media(d.b, 0x9002, 2020, 6820, lose=lose, late=late, sequence=65400)
    d.media(d.a, 0x9001, 2020, 6820)
    d.bye(6900, d.a)
    d.truth.update(pdd_ms=1200)


def cut(demo):
    """The BYE is not in the capture: it ends."""
    d = demo.call('still-up', 41)
    to = d.invite()
    d.at(220).response(180, 'Ringing')
    d.answer(1200, to)
    d.media(d.a, 0xa001, 1220, 5220)
    d.media(d.b, 0xa002, 1220, 5220)
    d.truth.update(pdd_ms=220, end_cause='capture_end', ended_by='none')


def others(demo):
    a, registrar = Side('alice', ALICE, 'Demo Phone 1.0'), Side('alice', PROXY, 'Demo Registrar 4')
    d = Dialog(demo, 'register', a, registrar, 500 * MS, kind='registrations')
    d.request('REGISTER', uri='sip:demo.example.com', extra=('Expires: 3600',))
    d.at(8).response(401, 'Unauthorized', extra=('WWW-Authenticate: Digest realm="demo.example.com", nonce="ea9c8e88df84f1ce"',))
    d.at(20).request('REGISTER', uri='sip:demo.example.com', extra=('Expires: 3600', 'Authorization: Digest username="alice", realm="demo.example.com", '
                     'nonce="ea9c8e88df84f1ce", uri="sip:demo.example.com", response="dfe56131d1958046"'))
    d.at(31).response(200, 'OK', extra=('Contact: <sip:alice@%s:5060>;expires=1800' % ALICE, 'Expires: 1800'))
    d.truth.update(aor='alice@demo.example.com', action='register', sip_code=200, attempts=2, auth_challenges=1, requested_expires=3600, granted_expires=1800)
    for name, method, at_us, body, code, reason in (('ping', 'OPTIONS', 1500 * MS, '', 200, 'OK'), ('text', 'MESSAGE', 18 * S, 'Back at ten.', 202, 'Accepted')):
        d = Dialog(demo, name, a, Side('bob', PROXY, 'Demo Proxy 4'), at_us, kind='transactions')
        d.request(method, body=body)
        d.at(9).response(code, reason)
        d.truth.update(method=method, sip_code=code)


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    demo = Demo()
    for scene in (answered, early_media, unanswered, cancelled, redirected, forwarded, authenticated, held, transferred, ipv6, tcp, impaired, cut, others):
        scene(demo)
    demo.capture.write(os.path.join(folder, 'demo.pcap'))
    with open(os.path.join(folder, 'demo.truth.json'), 'w') as f:
        json.dump(demo.truth, f, indent=1, sort_keys=True)
        f.write('\n')


if __name__ == '__main__':
    main()
