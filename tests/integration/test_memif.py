#!/usr/bin/python3
"""Offline equals live: a capture sent through net_memif to ringtap-probe gives the calls that `ringtap read` finds in the file,
in every field that does not depend on the clock."""
import glob
import json
import os
import struct
import subprocess
import sys

import netns

FIELDS = ['call_id', 'from_tag', 'to_tag', 'from_user', 'to_user', 'ruri_user', 'src_ip', 'src_port', 'dst_ip', 'dst_port', 'transport',
          'disposition', 'sip_code', 'sip_reason', 'ended_by', 'messages', 'retransmissions', 'invites', 'forks']
STREAM_FIELDS = ['src_ip', 'src_port', 'dst_ip', 'dst_port', 'ssrc', 'payload_type', 'codec', 'packets', 'expected', 'lost', 'duplicates',
                 'reordered']
CALLS, AUDIO_PACKETS = 60, 50
A, B = '192.0.2.1', '192.0.2.2'


class Capture:
    """A capture file of Ethernet, IPv4 and UDP."""

    def __init__(self, path):
        self.file, self.time_us, self.id = open(path, 'wb'), 1700000000 * 1000000, 0
        self.file.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))

    def udp(self, src, sport, dst, dport, payload):
        self.id = (self.id + 1) & 0xffff
        self.time_us += 1000
        udp = struct.pack('>HHHH', sport, dport, 8 + len(payload), 0) + payload
        address = [bytes(int(x) for x in a.split('.')) for a in (src, dst)]
        ip = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 20 + len(udp), self.id, 0, 64, 17, 0, *address)
        frame = bytes(12) + b'\x08\x00' + ip + udp
        self.file.write(struct.pack('<IIII', self.time_us // 1000000, self.time_us % 1000000, len(frame), len(frame)) + frame)


def sdp(address, port):
    return ('v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %d RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n'
            % (address, address, port))


def message(start, call, cseq, branch, to_tag, body=''):
    tag = ';tag=b%d' % call if to_tag else ''
    lines = [start, 'Via: SIP/2.0/UDP %s:5060;branch=z9hG4bK%s%d' % (A, branch, call), 'From: <sip:%d@example.org>;tag=a%d' % (7000 + call, call),
             'To: <sip:%d@example.net>%s' % (8000 + call, tag), 'Call-ID: memif-%d@example.org' % call, 'CSeq: ' + cseq,
             'Content-Length: %d' % len(body)]
    if body:
        lines.append('Content-Type: application/sdp')
    return ('\r\n'.join(lines) + '\r\n\r\n' + body).encode()


def make_call(capture, call):
    """Calls of three kinds in turn: answered, busy, and answered with losses, a retransmission and a duplicate."""
    kind, caller_port, callee_port = call % 3, 10000 + 4 * call, 20000 + 4 * call
    uri = 'sip:%d@example.net' % (8000 + call)

    def forth(*args):
        capture.udp(A, 5060, B, 5060, message(*args))

    def back(*args):
        capture.udp(B, 5060, A, 5060, message(*args))

    for _ in range(2 if kind == 2 else 1):
        forth('INVITE %s SIP/2.0' % uri, call, '1 INVITE', 'i', False, sdp(A, caller_port))
    if kind == 1:
        back('SIP/2.0 486 Busy Here', call, '1 INVITE', 'i', True)
        forth('ACK %s SIP/2.0' % uri, call, '1 ACK', 'i', True)
        return
    back('SIP/2.0 180 Ringing', call, '1 INVITE', 'i', True)
    back('SIP/2.0 200 OK', call, '1 INVITE', 'i', True, sdp(B, callee_port))
    forth('ACK %s SIP/2.0' % uri, call, '1 ACK', 'k', True)
    for i in range(AUDIO_PACKETS):
        for ssrc, way in ((1, (A, caller_port, B, callee_port)), (2, (B, callee_port, A, caller_port))):
            packet = struct.pack('>BBHII', 0x80, 8, 100 + i, i * 160, call * 16 + ssrc) + bytes([0xd5] * 160)
            for _ in range(0 if kind == 2 and i in (20, 21, 30) else 2 if kind == 2 and i == 10 else 1):
                capture.udp(*way, packet)
    forth('BYE %s SIP/2.0' % uri, call, '2 BYE', 'b', True)
    back('SIP/2.0 200 OK', call, '2 BYE', 'b', True)


def compared(record):
    streams = sorted(tuple(s.get(f) for f in STREAM_FIELDS) for s in record.get('streams') or [])
    return tuple(record.get(f) for f in FIELDS) + (streams,)


def offline(ringtap, capture):
    out = subprocess.run([ringtap, 'read', '--format', 'jsonl', capture], check=True, capture_output=True, text=True).stdout
    records = [json.loads(line) for line in out.splitlines()]
    return sorted((compared(r) for r in records if r['kind'] == 'call'), key=repr)


def live(processes, directory, name, capture):
    """The calls of a probe that got the capture through shared memory."""
    where = os.path.join(directory, name)
    os.mkdir(where)
    config = netns.write_config(where)
    device = 'net_memif0,role=%s,socket=' + where + '/memif.sock,socket-abstract=no'
    probe = processes.start(name + '-probe', [netns.program('ringtap-probe'), '-c', config, '--port', device % 'server'])
    netns.wait_for(lambda: 'capturing' in processes.text(name + '-probe') or probe.poll() is not None, 20, 'the probe')
    sender = processes.start(name + '-replay', [netns.program('replay'), device % 'client', '20000', capture])
    if sender.wait(60) or 'frames sent' not in processes.text(name + '-replay'):
        raise RuntimeError('replay: ' + processes.text(name + '-replay') + processes.text(name + '-probe'))
    processes.running.remove(sender)
    if processes.stop(probe):
        raise RuntimeError(processes.text(name + '-probe'))
    subprocess.run([netns.program('ringtap-collector'), '-c', config, '--once'], check=True, stderr=subprocess.DEVNULL)
    return sorted((compared(r) for r in netns.store_records(where)), key=repr), processes.text(name + '-probe')


def test(processes, directory):
    check = netns.Check()
    ringtap = netns.program('ringtap')
    for name in ('ringtap-probe', 'ringtap-collector', 'replay'):
        netns.program(name)
    made = directory + '/made.pcap'
    capture = Capture(made)
    for call in range(CALLS):
        make_call(capture, call)
    capture.file.close()
    for path in [made] + sorted(glob.glob(netns.ROOT + '/tests/data/*.pcap'))[:5]:
        name = os.path.basename(path).replace('.pcap', '')
        expected = offline(ringtap, path)
        got, log = live(processes, directory, name, path)
        check.equal(name + ': calls', len(got), len(expected))
        different = [(g, e) for g, e in zip(got, expected) if g != e]
        check.true(name + ': every field equal', got == expected, '%d differ: %.400r' % (len(different), different[:1]) if different else '')
        check.true(name + ': ledger', ' 0 missed by the NIC' in log)
    check.equal('made: calls', len(offline(ringtap, made)), CALLS)
    return check.status()


if __name__ == '__main__':
    sys.exit(netns.run(test))
