#!/usr/bin/python3
"""Whose clock tells when a frame came: a probe that is stopped for half a second sees what waited with its own times by the
driver's timestamps (net_pcap: the kernel's), and all at once by the host's clock."""
import json
import os
import signal
import subprocess
import sys

import netns

PACKETS, INTERVAL_S, STOP_AT_S, STOP_S = 60, 0.1, 3.0, 0.6  # libpcap's buffer holds some seven frames
SENDER = """
import socket, struct, sys, time
s, last, worst = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), None, 0
s.bind(('%s', 6000))
start = time.monotonic()
for i in range(%d):
    time.sleep(max(0, start + i * %g - time.monotonic()))
    s.sendto(struct.pack('>BBHII', 0x80, 0, i + 1, i * 160, 7) + bytes([255] * 160), ('%s', 7000))
    now = time.monotonic()
    worst = max(worst, now - (last or now))
    last = now
print(worst * 1000)
"""


def stream(directory):
    """The record of the one stream."""
    out = subprocess.run([netns.program('ringtap'), 'calls', '--store', directory + '/store', '--kind', 'stream', '--format', 'jsonl', '--limit', '0'],
                         check=True, capture_output=True, text=True).stdout
    records = [json.loads(line) for line in out.splitlines()]
    return records[0] if len(records) == 1 else {'records': len(records)}


class Probe:
    """One that captures with a profile of these timestamps, in a folder of its own."""

    def __init__(self, spaces, processes, top, clock):
        self.processes, self.clock, self.name = processes, clock, 'probe_' + clock
        self.directory = top + '/' + clock
        os.mkdir(self.directory)
        with open(self.directory + '/profile.yaml', 'w') as f:
            f.write('profile:\n  timestamps: %s\n' % clock)
        self.config = netns.write_config(self.directory, profile=self.directory + '/profile.yaml', mbufs=16384)
        self.process = processes.start(self.name, spaces.inside(spaces.far, [netns.program('ringtap-probe'), '-c', self.config,
                                                                             '--port', 'net_pcap0,iface=veth1']))
        netns.wait_for(lambda: 'capturing' in processes.text(self.name) or self.process.poll() is not None, 30, 'the probe')

    def record(self):
        """What the stopped probe says of the one stream."""
        collector = self.processes.start('collector_' + self.clock, [netns.program('ringtap-collector'), '-c', self.config])
        netns.wait_for(lambda: os.path.isdir(self.directory + '/store') and 'ssrc' in stream(self.directory), 20, 'the record')
        self.processes.stop(collector)
        return stream(self.directory)


def test(spaces, processes, directory):
    check = netns.Check()
    spaces.make()
    probes = [Probe(spaces, processes, directory, clock) for clock in ('driver', 'nic')]
    script = SENDER % (spaces.near_address, PACKETS, INTERVAL_S, spaces.far_address)
    sender = processes.start('sender', spaces.inside(spaces.near, ['/usr/bin/python3', '-c', script]))
    netns.time.sleep(STOP_AT_S)
    for how in (signal.SIGSTOP, signal.SIGCONT):
        for probe in probes:
            probe.process.send_signal(how)
        netns.time.sleep(STOP_S)
    sender.wait(60)
    netns.time.sleep(0.5)
    pause_ms = float(processes.text('sender'))
    # net_pcap offers no timestamps, so that without being told so the host's clock is taken.
    for probe, source in zip(probes, ('nic', 'host')):
        check.equal(probe.clock + ': exit status', processes.stop(probe.process), 0)
        record = probe.record()
        check.equal(probe.clock + ': packets', record.get('packets'), PACKETS)
        check.equal(probe.clock + ': clock_source', record.get('clock_source'), source)
        seen_ms = record.get('delta_ms_max', 0)
        if source == 'nic':
            check.true('%s: the longest pause is the sender\'s' % probe.clock, abs(seen_ms - pause_ms) < STOP_S * 1000 / 3, '%g of %g ms' % (seen_ms, pause_ms))
        else:
            check.true('%s: the longest pause is the probe\'s own' % probe.clock, seen_ms > STOP_S * 1000 * 0.8, '%g ms' % seen_ms)
        if check.failed:
            print(processes.text(probe.name))
    return check.status()


if __name__ == '__main__':
    sys.exit(netns.run_apart(test))
