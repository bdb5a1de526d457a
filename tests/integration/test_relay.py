#!/usr/bin/python3
"""Calls between two sipp over a relay that drops, doubles, swaps and delays their RTP by a seeded plan: what the relay did is what the records
of the probe behind it say: packets, lost, duplicates, reordered, digits, stream by stream.  test_relay.py [SEED...]"""
import json
import os
import shutil
import struct
import sys

sys.dont_write_bytecode = True
import netns
import test_live

CALLS, RATE = 40, 10
PACKETS, DIGITS = 150, '159#0' # of the caller's audio: 3 s
EVENT, CLOCK_STEP = 101, 160


class RelayNamespaces(netns.Namespaces):
    """near and far, and between them a namespace with the other ends of both links, left and right."""
    def __init__(self):
        super().__init__()
        self.mid = 'ringtap-%d-mid' % os.getpid()

    def make(self):
        super().make()
        self.ip('netns', 'add', self.mid)
        # The link between near and far goes: each gets one to mid, with the address it had.
        self.ip('-n', self.near, 'link', 'delete', 'veth0')
        for space, link, end, address in ((self.near, 'veth0', 'left', self.near_address), (self.far, 'veth1', 'right', self.far_address)):
            self.ip('link', 'add', link, 'netns', space, 'type', 'veth', 'peer', 'name', end, 'netns', self.mid)
            self.run(self.mid, ['sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1'], check=False, stderr=netns.subprocess.DEVNULL)
            self.ip('-n', self.mid, 'link', 'set', end, 'up')
            self.ip('-n', space, 'address', 'add', address + '/24', 'dev', link)
            self.ip('-n', space, 'link', 'set', link, 'up')

    def end(self):
        super().end()
        netns.subprocess.run(['ip', 'netns', 'delete', self.mid], stderr=netns.subprocess.DEVNULL)


def rtp_packets():
    """(ms, RTP packet) of the audio: digits by RFC 4733 in between, six packets each and the end three times."""
    events = {20 + 25 * i: digit for i, digit in enumerate(DIGITS)}
    at = 0
    while at < PACKETS:
        digit, ts = events.get(at), at * CLOCK_STEP
        if digit is None:
            yield at * 20, struct.pack('>BBHII', 0x80, 0x80 if at == 0 else 0, at + 1, ts, 0x52494e47) + bytes([0xff] * 160)
            at += 1
            continue
        for i in range(9):
            event = struct.pack('>BBH', '0123456789*#'.index(digit), 0x8a if i > 5 else 0x0a, CLOCK_STEP * min(i + 1, 6))
            yield at * 20, struct.pack('>BBHII', 0x80, (0x80 if i == 0 else 0) | EVENT, at + 1, ts, 0x52494e47) + event
            at += 1


def audio_capture(path):
    with open(path, 'wb') as f:
        f.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for ms, rtp in rtp_packets():
            udp = struct.pack('>HHHH', 6000, 6000, 8 + len(rtp), 0) + rtp
            ip = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, bytes([10, 77, 0, 1]), bytes([10, 77, 0, 2]))
            frame = bytes(12) + b'\x08\x00' + ip + udp
            f.write(struct.pack('<IIII', ms // 1000, ms % 1000 * 1000, len(frame), len(frame)) + frame)


def scenarios(directory):
    """Those of test_live with events in their SDP, and long enough for the audio."""
    for name in ('caller', 'callee'):
        text = open('%s/sipp/%s.xml' % (netns.HERE, name)).read()
        text = text.replace('RTP/AVP 0\n', 'RTP/AVP 0 101\n').replace('PCMU/8000\n', 'PCMU/8000\na=rtpmap:101 telephone-event/8000\n')
        text = text.replace('milliseconds="1000"', 'milliseconds="%d"' % (PACKETS * 20 + 500))
        with open('%s/%s.xml' % (directory, name), 'w') as f:
            f.write(text)


def calls(spaces, processes, directory):
    callee = processes.start('callee', test_live.sipp(spaces, spaces.far, directory, 'callee', 5060, []), cwd=directory)
    netns.time.sleep(0.5)
    caller = processes.start('caller', test_live.sipp(spaces, spaces.near, directory, 'caller', 5060, [
        '-m', str(CALLS), '-r', str(RATE), '-s', '4000', spaces.far_address + ':5060']), cwd=directory)
    caller.wait(75)
    processes.running.remove(caller)
    netns.time.sleep(2.5)  # linger_s, and what is late
    processes.stop(callee)


def digits_of(found):
    """Those of the stream's sender: the other side plays the same ones."""
    stream, call = found
    return ''.join(d.get('digit', '') for d in call.get('dtmf', []) if d.get('sender') == stream.get('sender'))


def compare(check, directory, records):
    found = {}
    for call in records:
        for s in call['streams']:
            found['%s:%d' % (s['src_ip'], s['src_port']), '%s:%d' % (s['dst_ip'], s['dst_port']), s['ssrc']] = (s, call)
    truth = [json.loads(line) for line in open(directory + '/truth.jsonl')]
    check.equal('calls', len(records), CALLS)
    check.equal('streams that the relay saw', len(truth), CALLS)
    for key in ('packets', 'expected', 'lost', 'duplicates', 'reordered'):
        got = [found.get((t['src'], t['dst'], t['ssrc']), ({}, {}))[0].get(key) for t in truth]
        check.equal('%s of each stream, %d in all' % (key, sum(t[key] for t in truth)), got, [t[key] for t in truth])
        check.true('  and it is not nothing', sum(t[key] for t in truth) > 0)
    check.true('digits sent', all(t['digits'] for t in truth))
    got = [digits_of(found[t['src'], t['dst'], t['ssrc']]) for t in truth]
    check.equal('digits of each call', got, [t['digits'] for t in truth])


def one(seed):
    check, directory = netns.Check(), netns.temporary()
    spaces, processes = RelayNamespaces(), netns.Processes(directory)
    print('seed %d' % seed)
    try:
        scenarios(directory)
        audio_capture(directory + '/g711.pcap')
        config = netns.write_config(directory)
        spaces.make()
        relay = processes.start('relay', spaces.inside(spaces.mid, ['/usr/bin/python3', netns.HERE + '/relay.py', 'left', 'right', str(seed),
                                                                    directory + '/truth.jsonl']))
        probe = processes.start('probe', spaces.inside(spaces.far, [netns.program('ringtap-probe'), '-c', config, '--port', 'veth1']))
        netns.wait_for(lambda: 'capturing' in processes.text('probe') or probe.poll() is not None, 20, 'the probe')
        netns.wait_for(lambda: 'relaying' in processes.text('relay'), 20, 'the relay')
        collector = processes.start('collector', [netns.program('ringtap-collector'), '-c', config])
        calls(spaces, processes, directory)
        check.equal('exit status of the relay', processes.stop(relay), 0)
        check.equal('exit status of the probe', processes.stop(probe), 0)
        check.equal('exit status of the collector', processes.stop(collector), 0)
        run = netns.subprocess.run([netns.program('ringtap'), 'calls', '--store', directory + '/store', '--format', 'jsonl', '--limit', '1000'],
                                   stdout=netns.subprocess.PIPE, check=True)
        compare(check, directory, [json.loads(line) for line in run.stdout.splitlines()])
        if check.failed:
            print(processes.text('probe') + processes.text('relay') + processes.text('caller')[-2000:])
        return check.failed
    finally:
        processes.end()
        spaces.end()
        if 'RINGTAP_KEEP' not in os.environ:
            shutil.rmtree(directory)


def main():
    netns.need_root()
    for tool in ('ip', 'sipp'):
        netns.need_tool(tool)
    failed = sum(one(int(seed)) for seed in sys.argv[1:] or [7])
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
