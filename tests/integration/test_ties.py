#!/usr/bin/python3
"""Media is tied to the right call: addresses used again within seconds, NAT, ICE, RTCP anywhere, early media, re-INVITE, and what the call then says of it."""
import os
import struct
import sys

sys.dont_write_bytecode = True
import call_tools as t

A, B = ('192.0.2.11', 4000), ('192.0.2.22', 5000)
PRIVATE, PUBLIC, ELSEWHERE = ('10.1.1.5', 4000), ('203.0.113.9', 4000), ('203.0.113.9', 33333)
CORES = (1, 3)


def by_name(records):
    return {r['call_id'].split('@')[0]: r for r in t.calls(records)}


def streams(record, *keys):
    return sorted(tuple(s.get(k) for k in keys) for s in record.get('streams', []))


def both_ways(script, ms, end, a=A, b=B, first=10):
    return script.talk(a, b, 1, ms, end, first), script.talk(b, a, 2, ms, end, first + 5000)


def reuse(c, cores, gap_ms, early, ssrcs=(1, 2)):
    """The same addresses and SSRCs gap_ms after the BYE: each call has its own media, all of it, and no loss."""
    script = t.Script()
    t.Call(script, 'first').answered(0, t.sdp(A), t.sdp(B)).bye(4000)
    both_ways(script, 220, 4060)
    at = 4000 + gap_ms
    t.Call(script, 'second').answered(at, t.sdp(A), t.sdp(B)).bye(at + 4000)
    begin = at + (150 if early else 220)
    script.talk(A, B, ssrcs[0], begin, at + 4000, 7)
    script.talk(B, A, ssrcs[1], begin, at + 4000, 9)
    records = script.read('--cores', str(cores))
    found = by_name(records)
    name = '%d cores, addresses used again after %d ms%s: ' % (cores, gap_ms, ', early media' if early else '')
    keys = ('sender', 'packets', 'lost', 'after_bye')
    c.equal(name + 'first call', streams(found['first'], *keys), [('callee', 192, 0, 2), ('caller', 192, 0, 2)])
    count = (at + 4000 - begin) // 20
    c.equal(name + 'second call', streams(found['second'], *keys), [('callee', count, 0, 0), ('caller', count, 0, 0)])


def one_call(cores, offer=A, answer=B, media=None, a=t.ALICE, extra=None, offer_ip=None):
    script = t.Script()
    call = t.Call(script, 'one', a=a).answered(0, t.sdp(offer, ip=offer_ip), t.sdp(answer))
    if media:
        media(script)
    if extra:
        extra(script, call)
    call.bye(6000)
    return by_name(script.read('--cores', str(cores)))['one']


def nat(c, cores):
    r = one_call(cores, offer=PRIVATE, media=lambda s: both_ways(s, 300, 6000, a=ELSEWHERE))
    c.equal('%d cores, NAT on another port: both streams, tied by the public end' % cores, streams(r, 'sender', 'tie'), [('callee', 'source'), ('caller', 'destination')])
    # Both ends elsewhere than SDP says: the server behind 1:1 NAT too.
    r = one_call(cores, offer=PRIVATE, answer=('198.51.100.77', 5000), a=(PUBLIC[0], 5060), media=lambda s: both_ways(s, 300, 6000, a=PUBLIC))
    c.equal('%d cores, NAT that keeps the port, seen by the signalling' % cores, streams(r, 'sender', 'tie'), [('callee', 'guess'), ('caller', 'guess')])
    r = one_call(cores, media=lambda s: both_ways(s, 300, 6000))
    c.equal('%d cores, no NAT' % cores, streams(r, 'sender', 'tie'), [('callee', 'both'), ('caller', 'both')])


def nat_host(c, cores):
    """Neither end of the media is what anybody announced, but one call alone stands behind the caller's public address."""
    server, other = ('198.51.100.40', 7000), ('198.51.100.40', 7002)

    def calls(n, media, payload_type=8, begin=300):
        script = t.Script()
        made = [t.Call(script, 'call%d' % i, a=(PUBLIC[0], 5060 + i)).answered(50 * i, t.sdp((PRIVATE[0], 4000 + 2 * i)), t.sdp(('192.0.2.22', 5000 + 2 * i)))
                for i in range(n)]
        for near, far, ssrc in media:
            for a, b, number in ((near, far, ssrc), (far, near, ssrc + 1)):
                for i in range((6000 - begin) // 20):
                    script.rtp(begin + i * 20, a, b, number, i, i * 160, payload_type=payload_type)
        for i, call in enumerate(made):
            call.bye(6000 + 10 * i)
        return script.read('--cores', str(cores))

    ours = ((PUBLIC[0], 41000), server, 11)
    keys = ('sender', 'src_port', 'tie', 'lost')
    r = by_name(calls(1, [ours]))['call0']
    c.equal('%d cores, NAT, neither end announced: one call behind the host has it' % cores, streams(r, *keys),
            [('callee', 7000, 'guess', 0), ('caller', 41000, 'guess', 0)])
    records = calls(2, [ours])
    c.equal('... two calls behind the host: nobody knows whose', [len(r.get('streams', [])) for r in t.calls(records)] + [r['kind'] for r in records].count('stream') * [1],
            [0, 0, 1, 1])
    records = calls(1, [ours], payload_type=0)
    c.equal('... a codec that was not announced: not the call\'s', (streams(by_name(records)['call0'], *keys), [r['kind'] for r in records].count('stream')), ([], 2))
    records = calls(1, [ours, ((PUBLIC[0], 42000), other, 21)])
    r = by_name(records)['call0']
    c.equal('... of two pairs of streams it has one', (streams(r, *keys), [r['kind'] for r in records].count('stream')),
            ([('callee', 7000, 'guess', 0), ('caller', 41000, 'guess', 0)], 2))


def ice(c, cores):
    script = t.Script()
    lines = ['a=candidate:1 1 UDP 2130706431 10.1.1.5 4100 typ host', 'a=candidate:2 1 UDP 1694498815 203.0.113.9 4200 typ srflx raddr 10.1.1.5 rport 4100']
    call = t.Call(script, 'one').answered(0, t.sdp(A, extra=lines), t.sdp(B))
    both_ways(script, 300, 5000, a=('203.0.113.9', 4200))
    call.bye(5000)
    r = by_name(script.read('--cores', str(cores)))['one']
    c.equal('%d cores, ICE: the candidate that was selected' % cores, streams(r, 'sender', 'tie'), [('callee', 'both'), ('caller', 'both')])


def rtcp(c, cores):
    report = lambda ssrc: struct.pack('>BBHIQIII', 0x80, 200, 6, ssrc, 1 << 63, 1, 2, 3)
    for name, port, lines in (('on the next port', 1, []), ('multiplexed', 0, ['a=rtcp-mux']), ('where a=rtcp says', 777, ['a=rtcp:4777'])):
        script = t.Script()
        call = t.Call(script, 'one').answered(0, t.sdp(A, extra=lines), t.sdp(B, extra=[x.replace('4777', '5777') for x in lines]))
        both_ways(script, 300, 5000)
        script.udp(2000, (A[0], A[1] + port), (B[0], B[1] + port), report(1))
        script.udp(2100, (B[0], B[1] + port), (A[0], A[1] + port), report(2))
        call.bye(5000)
        r = by_name(script.read('--cores', str(cores)))['one']
        c.equal('%d cores, RTCP %s' % (cores, name), streams(r, 'sender', 'rtcp_packets'), [('callee', 1), ('caller', 1)])


def moved(c, cores):
    """Early media, then the call, then a re-INVITE that moves the caller's end."""
    script = t.Script()
    call = t.Call(script, 'one')
    invite = call.request(0, 'INVITE', body=t.sdp(A), to_tag=False)
    call.response(100, invite, 183, 'Session Progress', t.sdp(B))
    script.talk(B, A, 2, 120, 4000)
    call.response(2000, invite, 200, 'OK', t.sdp(B))
    call.request(2010, 'ACK')
    script.talk(A, B, 1, 2020, 4000)
    new = (A[0], 4444)
    call.response(4010, call.request(4000, 'INVITE', body=t.sdp(new)), 200, 'OK', t.sdp(B))
    call.request(4020, 'ACK')
    script.talk(new, B, 1, 4040, 6000, 500)
    script.talk(B, new, 2, 4040, 6000, 600)
    call.bye(6000)
    r = by_name(script.read('--cores', str(cores)))['one']
    c.equal('%d cores, early media and a re-INVITE that moves media' % cores, streams(r, 'sender', 'dst_port', 'packets'),
            [('callee', 4000, 194), ('callee', 4444, 98), ('caller', 5000, 98), ('caller', 5000, 99)])


def transcoding(c, cores):
    """A B2BUA: two calls, four streams, each its own two."""
    script = t.Script()
    b2b, inner, outer = ('198.51.100.5', 5060), ('198.51.100.5', 7000), ('198.51.100.5', 8000)
    one = t.Call(script, 'one', t.ALICE, b2b).answered(0, t.sdp(A), t.sdp(inner))
    two = t.Call(script, 'two', b2b, t.BOB).answered(10, t.sdp(outer, payloads='0'), t.sdp(B, payloads='0'))
    both_ways(script, 300, 5000, A, inner)
    both_ways(script, 300, 5000, outer, B)
    one.bye(5000), two.bye(5010)
    found = by_name(script.read('--cores', str(cores)))
    c.equal('%d cores, a transcoding B2BUA' % cores, [streams(found[n], 'sender', 'src_port', 'dst_port') for n in ('one', 'two')],
            [[('callee', 7000, 4000), ('caller', 4000, 7000)], [('callee', 5000, 8000), ('caller', 8000, 5000)]])


def late_sdp(c, cores):
    """RTP before any SDP: tied when it comes, with all its packets."""
    script = t.Script()
    both_ways(script, 0, 5000)
    t.Call(script, 'one').answered(300, t.sdp(A), t.sdp(B)).bye(5000)
    r = by_name(script.read('--cores', str(cores)))['one']
    c.equal('%d cores, media seen before its SDP' % cores, streams(r, 'sender', 'packets'), [('callee', 250), ('caller', 250)])


def untied(c, cores):
    script = t.Script()
    script.talk(A, B, 1, 0, 2000)
    rng = t.make_demo.Random(7)
    for i in range(5000):
        noise = bytes([0x80, rng.below(72)]) + bytes(rng.below(256) for _ in range(40))
        script.udp(i, ('192.0.2.50', 1000 + i % 50), ('192.0.2.60', 2000), noise)
    records = script.read('--cores', str(cores))
    c.equal('%d cores, RTP without signalling is a stream; random UDP is none' % cores, [(r['kind'], r['packets']) for r in records], [('stream', 100)])


def verdicts(c, cores):
    r = one_call(cores, media=lambda s: s.talk(A, B, 1, 300, 6000))
    c.equal('%d cores, one way' % cores, [r.get(k) for k in ('one_way', 'no_media', 'srtp')], [True, None, None])
    r = one_call(cores)
    c.equal('%d cores, no media' % cores, [r.get(k) for k in ('one_way', 'no_media')], [None, True])
    r = one_call(cores, media=lambda s: both_ways(s, 300, 6000))
    c.equal('%d cores, media both ways' % cores, [r.get(k) for k in ('one_way', 'no_media')], [None, None])

    def hold(script, call):
        call.response(2010, call.request(2000, 'INVITE', body=t.sdp(A, extra=['a=sendonly'])), 200, 'OK', t.sdp(B, extra=['a=recvonly']))
        call.request(2020, 'ACK')
    r = one_call(cores, media=lambda s: s.talk(A, B, 1, 300, 6000), extra=hold)
    c.equal('%d cores, on hold, one way is meant' % cores, r.get('one_way'), None)
    script = t.Script()
    crypto = ['a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz']
    t.Call(script, 'one').answered(0, t.sdp(A, proto='RTP/SAVP', extra=crypto), t.sdp(B, proto='RTP/SAVP', extra=crypto)).bye(1000)
    c.equal('%d cores, SRTP' % cores, by_name(script.read('--cores', str(cores)))['one'].get('srtp'), True)


def main():
    c = t.Cases()
    for cores in CORES:
        for gap_ms in (70, 500, 3000, 9000):
            for early in (False, True):
                reuse(c, cores, gap_ms, early)
        reuse(c, cores, 500, False, ssrcs=(77, 78))
        for case in (nat, nat_host, ice, rtcp, moved, transcoding, late_sdp, untied, verdicts):
            case(c, cores)
    c.finish()


if __name__ == '__main__':
    main()
