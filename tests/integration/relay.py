#!/usr/bin/python3
"""relay.py LEFT RIGHT SEED TRUTH - a bridge between two interfaces, which does to the RTP that comes in on LEFT what networks do.

Every frame goes over as it is (addresses too: nobody sees the relay), but of the RTP from LEFT, by draws of SEED, a packet is dropped, comes
twice, is overtaken by those behind it, or is late.  The first and the last packets of a stream are left alone only by chance: what was done is
counted by what went out.  On SIGTERM the truth goes to TRUTH: a line of JSON for each stream, from its (source, destination, SSRC)."""
import heapq
import json
import random
import select
import signal
import socket
import struct
import sys
import time

DROP, TWICE, SWAP, LATE = 0.04, 0.03, 0.03, 0.05
SWAP_S, LATE_S = 0.050, 0.012 # past two packets of 20 ms; past none
EVENT = 101


class Stream:
    """What went out of one stream."""
    def __init__(self):
        self.numbers, self.packets, self.duplicates, self.reordered, self.events = set(), 0, 0, 0, {}

    def out(self, seq, payload_type, timestamp, payload):
        self.packets += 1
        if seq in self.numbers:
            self.duplicates += 1
        elif self.numbers and seq < max(self.numbers):
            self.reordered += 1
        self.numbers.add(seq)
        if payload_type == EVENT:
            self.events.setdefault(timestamp, '0123456789*#ABCD'[payload[0] & 15])

    def truth(self, key):
        expected = max(self.numbers) - min(self.numbers) + 1
        return {'src': key[0], 'dst': key[1], 'ssrc': key[2], 'packets': self.packets, 'expected': expected, 'lost': expected - len(self.numbers),
                'duplicates': self.duplicates, 'reordered': self.reordered, 'digits': ''.join(d for _, d in sorted(self.events.items()))}


def rtp_of(frame):
    """(key, sequence number, payload type, timestamp, payload), or None."""
    if len(frame) < 54 or frame[12:14] != b'\x08\x00' or frame[14] != 0x45 or frame[23] != 17:
        return None
    source, destination, length = struct.unpack('!HHH', frame[34:40])
    if source == 5060 or destination == 5060 or source % 2 or frame[42] >> 6 != 2 or length < 20:
        return None
    seq, timestamp, ssrc = struct.unpack('!HII', frame[44:54])
    ends = ['%s:%d' % (socket.inet_ntoa(frame[at:at + 4]), port) for at, port in ((26, source), (30, destination))]
    return (ends[0], ends[1], '0x%08x' % ssrc), seq, frame[43] & 0x7f, timestamp, frame[54:34 + length]


def without_checksum(frame):
    """The kernel leaves UDP checksums between its own interfaces to hardware that is not there: none is one that holds."""
    if frame[12:14] == b'\x08\x00' and frame[14] == 0x45 and frame[23] == 17:
        return frame[:40] + b'\0\0' + frame[42:]
    return frame


class Relay:
    def __init__(self, left, right, seed):
        self.sockets = []
        for name in (left, right):
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUFFORCE if hasattr(socket, 'SO_RCVBUFFORCE') else 33, 8 << 20)
            s.bind((name, 0))
            self.sockets.append(s)
        self.random, self.streams, self.waiting, self.order = random.Random(seed), {}, [], 0

    def send(self, frame, rtp):
        self.sockets[1].send(frame)
        key, seq, payload_type, timestamp, payload = rtp
        self.streams.setdefault(key, Stream()).out(seq, payload_type, timestamp, payload)

    def later(self, seconds, frame, rtp):
        self.order += 1
        heapq.heappush(self.waiting, (time.monotonic() + seconds, self.order, frame, rtp))

    def from_left(self, frame):
        rtp = rtp_of(frame)
        if not rtp:
            self.sockets[1].send(frame)
            return
        draw = self.random.random()
        if draw < DROP:
            return
        if draw < DROP + TWICE:
            self.later(self.random.random() * 0.03, frame, rtp)
        elif draw < DROP + TWICE + SWAP:
            self.later(SWAP_S, frame, rtp)
            return
        elif draw < DROP + TWICE + SWAP + LATE:
            self.later(self.random.random() * LATE_S, frame, rtp)
            return
        self.send(frame, rtp)

    def step(self):
        wait = 0.2
        while self.waiting:
            wait = self.waiting[0][0] - time.monotonic()
            if wait > 0:
                break
            _, _, frame, rtp = heapq.heappop(self.waiting)
            self.send(frame, rtp)
            wait = 0
        for s in select.select(self.sockets, [], [], max(0, min(wait, 0.2)))[0]:
            frame, address = s.recvfrom(65535)
            if address[2] == socket.PACKET_OUTGOING:
                continue
            frame = without_checksum(frame)
            if s is self.sockets[0]:
                self.from_left(frame)
            else:
                self.sockets[0].send(frame)


def main():
    relay = Relay(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    print('relaying', flush=True)
    while not stopped:
        relay.step()
    with open(sys.argv[4], 'w') as f:
        for key, stream in relay.streams.items():
            f.write(json.dumps(stream.truth(key)) + '\n')


if __name__ == '__main__':
    main()
