#!/usr/bin/python3
"""T.38: after the re-INVITE to udptl the fax is a stream of the call, with its packets, losses and redundancy; the audio before it stays audio."""
import struct
import sys

sys.dont_write_bytecode = True
import call_tools as t

A, B = ('192.0.2.11', 4000), ('192.0.2.22', 5000)


def udptl(seq, repeats=0):
    return struct.pack('>HBB', seq & 0xffff, 1, 0x06) + b'\0' + bytes([repeats]) + b'\x01\x04' * repeats


def fax(cores, port_changes, first_seq=0):
    s = t.Script()
    call = t.Call(s, 'fax').answered(0, t.sdp(A), t.sdp(B))
    s.talk(A, B, 1, 220, 2000)
    s.talk(B, A, 2, 220, 2000)
    a, b = ((A[0], 4100), (B[0], 5100)) if port_changes else (A, B)
    offer, answer = t.sdp(a, 't38', kind='image', proto='udptl'), t.sdp(b, 't38', kind='image', proto='udptl')
    call.response(2050, call.request(2000, 'INVITE', t.BOB, body=answer), 200, 'OK', offer)
    call.request(2060, 'ACK', t.BOB)
    for i in range(100):
        if i not in (10, 20, 21):
            s.udp(2100 + 40 * i, a, b, udptl(first_seq + i, min(i, 3)))
        s.udp(2110 + 40 * i, b, a, udptl(i + 500))
    s.udp(3001, ('192.0.2.99', 9), ('192.0.2.98', 9), udptl(1))  # nobody's
    call.bye(7000)
    return t.calls(s.read('--cores', str(cores)))[0]


def main():
    c = t.Cases()
    for cores in (1, 3):
        for port_changes in (False, True):
            for first in (0, 0x7ff0, 65500):
                r = fax(cores, port_changes, first)
                name = '%d cores, %s, from %d: ' % (cores, 'other ports' if port_changes else 'the same ports', first)
                c.equal(name + 't38', r.get('t38'), True)
                keys = ('codec', 'sender', 'packets', 'lost', 'redundant', 'ssrc')
                c.equal(name + 'streams', sorted(tuple(str(s.get(k)) for k in keys) for s in r['streams']),
                        sorted([('PCMA', 'caller', '89', '0', 'None', '0x00000001'), ('PCMA', 'callee', '89', '0', 'None', '0x00000002'),
                                ('t38', 'caller', '97', '3', '96', 'None'), ('t38', 'callee', '100', '0', '0', 'None')]))
    s = t.Script()
    t.Call(s, 'voice').answered(0, t.sdp(A), t.sdp(B)).bye(1000)
    c.equal('a call without fax says nothing of it', t.calls(s.read())[0].get('t38'), None)
    c.finish()


if __name__ == '__main__':
    main()
