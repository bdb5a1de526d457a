#!/usr/bin/python3
"""Steering on a veth: SIP, RTP, their fragments and tunnels reach the probe, ssh-like TCP does not, the host keeps what is its own; ports are
changed by SIGHUP; a killed probe leaves no program on the interface; what comes on a queue that is not taken stays with the host."""
import ctypes
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys

import netns

LIBC = ctypes.CDLL(None, use_errno=True)
SIP, OTHER_SIP, SSH, RTP = 5060, 7060, 2222, 20000


def in_space(space, make):
    """What make returns; sockets stay in the namespace in which they were made."""
    own, there = os.open('/proc/self/ns/net', os.O_RDONLY), os.open('/var/run/netns/' + space, os.O_RDONLY)
    try:
        if LIBC.setns(there, 0):
            netns.skip('setns: ' + os.strerror(ctypes.get_errno()))
        return make()
    finally:
        LIBC.setns(own, 0)
        os.close(own)
        os.close(there)


def udp(address, port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, port))
    s.settimeout(3)
    return s


def options(n, padding=0):
    return ('OPTIONS sip:far SIP/2.0\r\nVia: SIP/2.0/UDP 10.77.0.1:5060;branch=z9hG4bK%d\r\nFrom: <sip:a@near>;tag=1\r\nTo: <sip:b@far>\r\n'
            'Call-ID: steer-%d\r\nCSeq: %d OPTIONS\r\nX-Padding: %s\r\nContent-Length: 0\r\n\r\n' % (n, n, n, 'x' * padding)).encode()


def rtp(n):
    return struct.pack('>BBHII', 0x80, 0, n, n * 160, 77) + bytes(160)


class Host:
    """Both ends of the traffic: near sends, far is the machine that is watched."""

    def __init__(self, spaces):
        self.spaces = spaces
        self.far = {port: in_space(spaces.far, lambda p=port: udp(spaces.far_address, p)) for port in (SIP, OTHER_SIP, RTP + 2, 53, 4789)}
        self.near = {port: in_space(spaces.near, lambda p=port: udp(spaces.near_address, p)) for port in (SIP, RTP, 40000)}
        self.listener = in_space(spaces.far, lambda: socket.create_server((spaces.far_address, SSH)))
        self.n = 0

    def send(self, source, port, payload):
        self.near[source].sendto(payload, (self.spaces.far_address, port))

    def got(self, port):
        """How many datagrams wait at port of the host."""
        s, n = self.far[port], 0
        s.setblocking(False)
        try:
            while s.recv(65536):
                n += 1
        except BlockingIOError:
            return n

    def ssh(self, n):
        """n lines each way over TCP; how many bytes came back."""
        client = in_space(self.spaces.near, lambda: socket.create_connection((self.spaces.far_address, SSH), 5))
        server, _ = self.listener.accept()
        client.settimeout(5)
        back = 0
        for _ in range(n):
            client.sendall(b'SSH-2.0-like\r\n')
            server.sendall(server.recv(100))
            back += len(client.recv(100))
        client.close()
        server.close()
        return back

    def sip_over_tcp(self, n):
        """n requests over a connection; how many came back."""
        listener = in_space(self.spaces.far, lambda: socket.create_server((self.spaces.far_address, SIP)))
        client = in_space(self.spaces.near, lambda: socket.create_connection((self.spaces.far_address, SIP), 5))
        server, _ = listener.accept()
        client.settimeout(5)
        server.settimeout(5)
        back = 0
        for i in range(n):
            client.sendall(options(700 + i).replace(b'SIP/2.0/UDP', b'SIP/2.0/TCP'))
            server.recv(4096)
            server.sendall(b'seen')
            back += client.recv(10) == b'seen'
        for s in (client, server, listener):
            s.close()
        return back

    def traffic(self):
        """10 SIP, 1 SIP in fragments, 20 RTP, 3 VXLAN, 5 DNS-like and TCP."""
        for i in range(10):
            self.n += 1
            self.send(SIP, SIP, options(self.n))
        self.n += 1
        self.send(SIP, SIP, options(self.n, 3000))
        for i in range(20):
            self.send(RTP, RTP + 2, rtp(i))
        for i in range(3):
            self.send(40000, 4789, bytes(60))
        for i in range(5):
            self.send(40000, 53, b'question')
        return self.ssh(20)


class Probe:
    def __init__(self, processes, spaces, directory, config):
        self.processes, self.directory, self.starts, self.config = processes, directory, 0, config
        self.spaces = spaces

    def start(self):
        self.starts += 1
        name = 'probe%d' % self.starts
        self.name = name
        self.process = self.processes.start(name, self.spaces.inside(self.spaces.far, [
            netns.program('ringtap-probe'), '-c', self.config, '--port', 'veth1']))
        netns.wait_for(lambda: 'capturing' in self.text() or self.process.poll() is not None, 30, 'the probe')
        if 'CAP_BPF' in self.text() or 'does not load' in self.text():
            netns.skip('no BPF here: ' + self.text().strip().splitlines()[-1])
        if 'capturing' not in self.text():
            sys.exit('FAILED: the probe does not start:\n' + self.text())

    def text(self):
        return self.processes.text(self.name)

    def figure(self, key):
        out = subprocess.run([netns.program('ringtap'), 'stats', '-f', 'json', '-g', self.directory + '/segment'], capture_output=True, text=True)
        total = 0
        for core in json.loads(out.stdout.splitlines()[0])['cores']:
            total += core['ledger']['verdicts_sum'] if key == 'verdicts' else core['metrics'][key]
        return total

    def settle(self, key, value):
        """key has come to value (counters are written each second)."""
        try:
            netns.wait_for(lambda: self.figure(key) >= value, 10, key)
        except TimeoutError:
            pass
        return self.figure(key)


def configure(directory, mode, ports, cores=1):
    path = netns.write_config(directory, cores=cores)
    with open(path, 'a') as f:
        f.write('sip:\n  ports: %s\nsteer:\n  enabled: true\n  mode: %s\n  rtp_ports: [20000-30000]\n' % (ports, mode))
    return path


def program_on_veth(spaces):
    out = spaces.run(spaces.far, ['ip', '-d', 'link', 'show', 'veth1'], capture_output=True, text=True).stdout
    return 'prog/xdp' in out


def check_reasons(check, probe, what, fragments):
    check.equal(what + ': SIP', probe.settle('steer_sip', 11), 11)  # the first fragment is SIP
    check.equal(what + ': RTP', probe.settle('steer_rtp', 20), 20)
    check.equal(what + ': later fragments', probe.settle('steer_fragments', fragments), fragments)
    check.equal(what + ': tunnels', probe.settle('steer_tunnels', 3), 3)
    check.true(what + ': TCP and the rest stayed with the host', probe.settle('steer_passed', 25) >= 25, probe.figure('steer_passed'))


def redirect(check, probe, host, spaces):
    probe.start()
    check.equal('ssh-like TCP comes back', host.traffic(), 20 * 14)
    check.equal('the host gets its DNS', host.got(53), 5)
    check_reasons(check, probe, 'redirect', 2)
    check.equal('redirect: the host gets no SIP', host.got(SIP), 0)
    check.equal('redirect: frames of the probe', probe.settle('frames', 36), 36)
    check.equal('redirect: verdicts', probe.figure('verdicts'), 36)
    check.equal('redirect: SIP put together from fragments', probe.figure('fragments_reassembled'), 1)


def reload(check, probe, host, directory):
    host.send(40000, OTHER_SIP, options(900))
    netns.time.sleep(0.3)
    check.equal('before the reload the port is the host\'s', host.got(OTHER_SIP), 1)
    configure(directory, 'redirect', [SIP, OTHER_SIP])
    probe.process.send_signal(signal.SIGHUP)
    netns.wait_for(lambda: 'reloaded' in probe.text(), 10, 'the reload')
    host.send(40000, OTHER_SIP, options(901))
    check.equal('after it the probe gets it', probe.settle('steer_sip', 12), 12)
    check.equal('and the host does not', host.got(OTHER_SIP), 0)


def killed(check, probe, host, spaces):
    check.true('a program is on the interface', program_on_veth(spaces))
    probe.processes.stop(probe.process, signal.SIGKILL)
    netns.wait_for(lambda: not program_on_veth(spaces), 10, 'the program to go')
    check.true('after kill -9 there is none', not program_on_veth(spaces))
    host.send(SIP, SIP, options(950))
    netns.time.sleep(0.3)
    check.equal('and SIP goes to the host', host.got(SIP), 1)


def leftover(check, probe, spaces):
    """A probe killed between DPDK's attachment and ours leaves the program attached by netlink: here put so by hand."""
    tool, pinned = shutil.which('bpftool') or '/usr/sbin/bpftool', '/sys/fs/bpf/ringtap-test-%d' % os.getpid()
    object_file = os.path.join(netns.BUILD, 'probe', 'steer', 'steer_xdp.bpf.o')
    script = ('mount -t bpf bpf /sys/fs/bpf && %s prog load %s %s && %s net attach xdp pinned %s dev veth1; rm -f %s'
              % (tool, object_file, pinned, tool, pinned, pinned))
    spaces.run(spaces.far, ['sh', '-c', script], stderr=subprocess.DEVNULL)
    check.true('a leftover is on the interface', program_on_veth(spaces))
    probe.start()
    check.true('the next start took it away', 'took away' in probe.text(), probe.text()[-300:] if 'took away' not in probe.text() else '')
    check.equal('exit status', probe.processes.stop(probe.process), 0)
    check.true('an orderly end leaves no program', not program_on_veth(spaces))


def mirror(check, probe, host, directory):
    configure(directory, 'mirror', [SIP])
    for port in host.far:
        host.got(port)
    probe.start()
    check.equal('mirror: ssh-like TCP comes back', host.traffic(), 20 * 14)
    # The kernel puts fragments together before it deals packets to DPDK's packet sockets.
    check_reasons(check, probe, 'mirror', 0)
    check.equal('mirror: the host gets its SIP as well', host.got(SIP), 11)
    check.equal('mirror: and its RTP', host.got(RTP + 2), 20)
    check.equal('mirror: SIP messages of the probe', probe.settle('sip_messages', 11), 11)
    check.true('mirror: TCP did not reach the probe', probe.figure('frames') <= 34 + 5, probe.figure('frames'))
    check.equal('mirror: SIP over TCP comes back', host.sip_over_tcp(4), 4)
    check.equal('mirror: and the probe reads it', probe.settle('sip_messages', 15), 15)
    check.equal('mirror: verdicts', probe.figure('verdicts'), probe.figure('frames'))
    check.equal('exit status', probe.processes.stop(probe.process), 0)


class Talkers:
    """Flows of RTP, each of a socket of its own, so that the kernel deals them to the queues; both ways are the probe's."""
    FLOWS, PACKETS = 24, 10

    def __init__(self, spaces):
        self.spaces = spaces
        self.sockets = [in_space(spaces.near, lambda p=RTP + 100 + 2 * i: udp(spaces.near_address, p)) for i in range(self.FLOWS)]

    def send(self):
        for n in range(self.PACKETS):
            for s in self.sockets:
                s.sendto(rtp(n), (self.spaces.far_address, RTP + 2))
        return self.FLOWS * self.PACKETS


def queues(check, probe, host, spaces, directory):
    """A veth has no combined channels, so DPDK takes one of its two queues: what is the probe's on the other goes to the host, is counted and said."""
    spaces.link(2)
    talkers = Talkers(spaces)
    configure(directory, 'redirect', [SIP], 2)
    os.unlink(directory + '/segment')
    host.got(RTP + 2)
    probe.start()
    check.true('2 queues: said that one is not taken', 'it has 2 receive queues, of which 1 are taken' in probe.text())
    check.equal('2 queues: ssh-like TCP comes back', host.ssh(20), 20 * 14)
    sent = talkers.send()
    probe.settle('steer_unqueued', 1)
    taken, left = probe.settle('steer_rtp', 1), probe.figure('steer_unqueued')
    check.equal('2 queues: taken or left to the host', taken + left, sent)
    check.true('2 queues: some of each', taken and left, '%d %d' % (taken, left))
    check.equal('2 queues: frames are those taken', probe.settle('frames', taken), taken)
    check.equal('2 queues: verdicts', probe.figure('verdicts'), taken)
    check.equal('2 queues: the host has the others', host.got(RTP + 2), left)
    check.equal('2 queues: exit status', probe.processes.stop(probe.process), 0)


def test(spaces, processes, directory):
    check = netns.Check()
    netns.program('ringtap')
    spaces.make()
    host = Host(spaces)
    probe = Probe(processes, spaces, directory, configure(directory, 'redirect', [SIP]))
    if not os.path.exists(os.path.join(netns.BUILD, 'probe', 'steer', 'steer_xdp.bpf.o')):
        netns.skip('built without steering (clang, bpftool, libbpf)')
    redirect(check, probe, host, spaces)
    reload(check, probe, host, directory)
    killed(check, probe, host, spaces)
    leftover(check, probe, spaces)
    mirror(check, probe, host, directory)
    queues(check, probe, host, spaces, directory)
    if check.failed:
        for i in range(probe.starts):
            print(processes.text('probe%d' % (i + 1)))
    return check.status()


if __name__ == '__main__':
    sys.exit(netns.run_apart(test))
