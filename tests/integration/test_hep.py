#!/usr/bin/python3
"""The HEP sink against a receiver of the test, over UDP and TCP: every chunk of every packet is looked at, the calls of a capture are
there with their streams, and a receiver that goes away in the middle gets everything when it is back.

Exit 0 fine, 1 failed."""
import ipaddress
import json
import os
import re
import signal
import socket
import struct
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from sink_tools import Place, check, free_port, run, wait_for

# type: (name, bytes; None: any number above 0)
CHUNKS = {1: ('family', 1), 2: ('protocol', 1), 3: ('src4', 4), 4: ('dst4', 4), 5: ('src6', 16), 6: ('dst6', 16), 7: ('sport', 2), 8: ('dport', 2),
          9: ('seconds', 4), 10: ('microseconds', 4), 11: ('type', 1), 12: ('agent', 4), 14: ('key', None), 15: ('payload', None),
          17: ('correlation', None), 18: ('vlan', 2), 19: ('node', None)}
TEXTS = ('key', 'payload', 'correlation', 'node')
MUST = {'family', 'protocol', 'sport', 'dport', 'seconds', 'microseconds', 'type', 'agent', 'key', 'payload', 'correlation', 'node'}


def parse(data):
    """{name: value}; raises ValueError for what is no packet."""
    if data[:4] != b'HEP3' or struct.unpack('>H', data[4:6])[0] != len(data):
        raise ValueError('head')
    at, packet = 6, {}
    while at < len(data):
        vendor, kind, length = struct.unpack('>HHH', data[at:at + 6])
        name, size = CHUNKS[kind]
        value = data[at + 6:at + length]
        if vendor != 0 or name in packet or len(value) != length - 6 or (size and len(value) != size) or not value:
            raise ValueError(f'chunk {kind} at {at}')
        packet[name] = value if name in TEXTS else int.from_bytes(value, 'big')
        at += length
    v4 = packet['family'] == socket.AF_INET
    if not MUST <= set(packet) or ({'src4', 'dst4'} <= set(packet)) != v4 or ({'src6', 'dst6'} <= set(packet)) == v4 or packet['microseconds'] > 999999:
        raise ValueError('chunks ' + ' '.join(packet))
    return packet


class Receiver:
    """Takes packets over UDP and TCP on one port; away() closes everything."""

    def __init__(self):
        self.port, self.packets, self.open = free_port(), [], []
        self.back()

    def back(self):
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        self.udp.bind(('127.0.0.1', self.port))
        self.tcp = socket.socket()
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.tcp.bind(('127.0.0.1', self.port))
        self.tcp.listen()
        self.open = [self.udp, self.tcp]
        for target in (self.take_udp, self.take_tcp):
            threading.Thread(target=target, args=(self.udp if target == self.take_udp else self.tcp,), daemon=True).start()

    def away(self):
        for s in self.open:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()

    def take_udp(self, s):
        while True:
            try:
                data = s.recv(65536)
            except OSError:
                return
            if not data:
                return
            self.packets.append(data)

    def take_tcp(self, listener):
        while True:
            try:
                s, _ = listener.accept()
            except OSError:
                return
            self.open.append(s)
            threading.Thread(target=self.take_stream, args=(s,), daemon=True).start()

    def take_stream(self, s):
        def exactly(n):
            data = b''
            while len(data) < n:
                more = s.recv(n - len(data))
                if not more:
                    raise OSError
                data += more
            return data
        try:
            while True:
                head = exactly(6)
                self.packets.append(head + exactly(struct.unpack('>H', head[4:])[0] - 6))
        except OSError:
            pass


def check_packets(data, records, what, twice=False):
    """The calls it.CORE.SEQ of publish, each with two streams."""
    bad = []
    calls, streams = {}, {}
    for one in data:
        try:
            p = parse(one)
        except (ValueError, KeyError, struct.error) as e:
            bad.append((repr(e), one[:60]))
            continue
        body = json.loads(p['payload'])
        if p['type'] == 100:
            calls.setdefault(body['uid'], []).append(p)
            time_us = body['invite_time']
        else:
            streams.setdefault(p['correlation'], []).append(p)
            body, time_us = body['ringtap'], None
        stamp = time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(p['seconds'])) + '.%06dZ' % p['microseconds']
        if p['agent'] != 2077 or p['key'] != b'se:cret' or p['node'] != b'it' or p['protocol'] != 17 \
                or str(ipaddress.ip_address(p['src4'])) != body['src_ip'] or p['sport'] != body['src_port'] or time_us not in (None, stamp):
            bad.append(p)
    check(f'{what}: every chunk of {len(data)} packets is right', not bad, bad[:1])
    packets = [p for ps in calls.values() for p in ps]
    check(f'{what}: {records} calls as logs', len(calls) == records and (twice or len(packets) == records), (len(calls), len(packets)))
    check(f'{what}: a report of each stream under the Call-ID', all(p['correlation'].decode() == json.loads(p['payload'])['call_id'] for p in packets)
          and {p['correlation'] for p in packets} == set(streams) and (twice or all(len(s) == 2 for s in streams.values())))
    one = json.loads(next(iter(streams.values()))[0]['payload'])
    check(f'{what}: the names that Homer knows', one['CODEC_NAME'] == 'PCMA' and one['TOTAL_PK'] == one['ringtap']['packets']
          and {'CORRELATION_ID', 'RTP_SIP_CALL_ID', 'PACKET_LOSS', 'MEAN_JITTER'} <= set(one), one)


def settings(scheme, receiver, more=''):
    return f'hep: {{url: "{scheme}://127.0.0.1:{receiver.port}", agent_id: 2077, key: "se:cret", flush_ms: 20{more}}}\n'


def part_once(root, scheme):
    receiver = Receiver()
    place = Place(root, settings(scheme, receiver))
    try:
        check('published', place.publish(400, 0).wait(20) == 0)
        check(f'{scheme}: the collector ends', place.once() == 0, place.log())
        wait_for(5, lambda: len(receiver.packets) >= 1200)
        check_packets(receiver.packets, 400, scheme)
    finally:
        place.close()
        receiver.away()


def part_away(root, scheme):
    """The receiver goes away in the middle, twice; the collector is killed once."""
    receiver = Receiver()
    place = Place(root, settings(scheme, receiver, ', batch_records: 50'))
    try:
        records = 3000
        collector, publisher = place.collector(), place.publish(records, 1000)
        for _ in range(2):
            time.sleep(0.5)
            receiver.away()
            time.sleep(0.4)
            receiver.back()
        time.sleep(0.3)
        collector.kill()
        collector.wait()
        collector = place.collector()
        check('the publisher was never held up', publisher.wait(30) == 0)
        time.sleep(0.3)
        collector.send_signal(signal.SIGTERM)
        check(f'{scheme}: the collector stops', collector.wait(30) == 0, place.log())
        time.sleep(0.3)
        check('nothing waits', 'wait for the next start' not in place.log(), place.log())
        check('the log tells of the outage', re.search(r'hep waits, trying again', place.log()), place.log())
        check_packets(receiver.packets, records, f'{scheme} with outages', twice=True)
    finally:
        place.close()
        receiver.away()


def main():
    for part, scheme in ((part_once, 'udp'), (part_once, 'tcp'), (part_away, 'tcp')):
        with tempfile.TemporaryDirectory(prefix='ringtap-hep-') as root:
            part(root, scheme)
    return 0


if __name__ == '__main__':
    sys.exit(run('hep', main))
