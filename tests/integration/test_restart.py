#!/usr/bin/python3
"""The record sequence and the segment over restarts of ringtap-probe: a kill loses no published record and repeats no number; a lost
segment costs a gap of at most the reserve; a second probe is refused; another layout takes the numbers over."""
import os
import signal
import struct
import sys

import netns
import test_memif

RESERVE = 1 << 20
CORE_0_NEXT = 4096
PROBE_STARTS = 208


class Probe:
    """ringtap-probe on a net_memif port of its own."""

    def __init__(self, processes, directory):
        self.processes, self.directory, self.starts = processes, directory, 0
        self.port = 'net_memif0,role=%s,socket=' + directory + '/memif.sock,socket-abstract=no'

    def start(self, **keys):
        self.starts += 1
        self.name = 'probe%d' % self.starts
        config = netns.write_config(self.directory, **keys)
        process = self.processes.start(self.name, [netns.program('ringtap-probe'), '-c', config, '--port', self.port % 'server'])
        netns.wait_for(lambda: 'capturing' in self.processes.text(self.name) or process.poll() is not None, 20, 'the probe')
        return process

    def kill(self, process):
        self.processes.stop(process, signal.SIGKILL)
        os.unlink(self.directory + '/memif.sock')  # nobody else takes it away

    def replay(self, capture):
        sender = self.processes.start('replay%d' % self.starts, [netns.program('replay'), self.port % 'client', '20000', capture])
        if sender.wait(60):
            raise RuntimeError(self.processes.text('replay%d' % self.starts))
        self.processes.running.remove(sender)

    def segment(self, offset, form='<Q'):
        with open(self.directory + '/segment', 'rb') as f:
            f.seek(offset)
            return struct.unpack(form, f.read(struct.calcsize(form)))[0]

    def next(self):
        return self.segment(CORE_0_NEXT)

    def state(self):
        """next by core, of the state file."""
        with open(self.directory + '/state/test.seq') as f:
            lines = f.read().splitlines()
        return {int(line.split()[1]): int(line.split()[3]) for line in lines[1:]}


def test(processes, directory):
    check = netns.Check()
    netns.program('replay')
    probe = Probe(processes, directory)
    capture = test_memif.Capture(directory + '/calls.pcap')
    for call in range(30):
        test_memif.make_call(capture, call)
    capture.file.close()

    first = probe.start()
    check.equal('a new segment starts at 1', probe.next(), 1)
    probe.replay(capture.file.name)
    netns.wait_for(lambda: probe.next() == 31, 10, '30 records')
    probe.kill(first)
    check.equal('promise after a kill', probe.state(), {0: 1 + RESERVE})

    second = probe.start()
    check.equal('the segment is continued', (probe.next(), probe.segment(PROBE_STARTS)), (31, 2))
    other = probe.start()
    check.equal('a second probe is refused', other.wait(20), 1)
    check.true('  with the reason', 'another ringtap-probe (process %d)' % second.pid in processes.text(probe.name))
    processes.running.remove(other)
    probe.replay(capture.file.name)
    check.equal('clean stop', processes.stop(second), 0)
    check.equal('numbers go on', probe.next(), 61)
    check.equal('exact after a clean stop', probe.state(), {0: 61})

    os.unlink(directory + '/segment')
    third = probe.start()
    check.equal('a lost segment after a clean stop costs nothing', probe.next(), 61)
    probe.kill(third)
    os.unlink(directory + '/segment')
    fourth = probe.start()
    check.equal('a lost segment after a kill costs the reserve', probe.next(), 61 + RESERVE)
    processes.stop(fourth)

    fifth = probe.start(cores=2)
    check.equal('another layout takes the numbers over', (probe.next(), probe.segment(PROBE_STARTS)), (61 + RESERVE, 1))
    check.equal('two cores stopped', processes.stop(fifth), 0)
    sixth = probe.start()
    processes.stop(sixth)
    check.equal('a core that is gone keeps its number', probe.state(), {0: 61 + RESERVE, 1: 1})

    seventh = probe.start()
    with open(directory + '/ringtap.yaml', 'a') as f:
        f.write('nonsense: 1\n')
    seventh.send_signal(signal.SIGHUP)
    netns.wait_for(lambda: 'the old configuration stays' in processes.text(probe.name), 10, 'the refusal of a bad reload')
    netns.write_config(directory)
    seventh.send_signal(signal.SIGHUP)
    netns.wait_for(lambda: 'reloaded' in processes.text(probe.name), 10, 'a reload')
    check.equal('stopped after reloads', processes.stop(seventh), 0)
    if check.failed:
        for i in range(probe.starts):
            print(processes.text('probe%d' % (i + 1)))
    return check.status()


if __name__ == '__main__':
    sys.exit(netns.run(test))
