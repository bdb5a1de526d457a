#!/usr/bin/python3
"""SIP messages that are kept (messages.keep), from a live probe to the store and to a HEP receiver.

Law: every message that a dialog took is in the store once, byte by byte as it stood in the capture, however often the collector is
killed; Homer gets each as such a packet; what the ring or a bound leaves no room for is counted, and costs no record.

Exit 0 fine, 1 failed, 77 cannot run here."""
import collections
import glob
import ipaddress
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import netns
import test_hep
import test_memif

CALLS = 90
A, B = test_memif.A, test_memif.B


class Capture(test_memif.Capture):
    """Remembers what it was given."""

    def __init__(self, path):
        super().__init__(path)
        self.messages = []

    def udp(self, src, sport, dst, dport, payload):
        super().udp(src, sport, dst, dport, payload)
        if sport == 5060:
            self.messages.append((src, sport, dst, dport, payload))


def make_capture(path):
    """Calls; in one an INFO with digits and a MESSAGE of bytes that are no text; a REGISTER that is answered."""
    capture = Capture(path)
    for call in range(CALLS):
        test_memif.make_call(capture, call)
    binary = test_memif.message('MESSAGE sip:x@example.net SIP/2.0', 900, '7 MESSAGE', 'm', False, 'X' * 600)
    capture.udp(A, 5060, B, 5060, binary.replace(b'X' * 600, bytes(range(200)) * 3))
    capture.udp(B, 5060, A, 5060, test_memif.message('SIP/2.0 200 OK', 900, '7 MESSAGE', 'm', True))
    capture.udp(A, 5060, B, 5060, test_memif.message('REGISTER sip:example.net SIP/2.0', 901, '8 REGISTER', 'r', False))
    capture.udp(B, 5060, A, 5060, test_memif.message('SIP/2.0 200 OK', 901, '8 REGISTER', 'r', True))
    dialled = test_memif.message('INFO sip:8000@example.net SIP/2.0', 0, '3 INFO', 'f', True, 'Signal=7\r\nDuration=160\r\n')
    capture.udp(A, 5060, B, 5060, dialled.replace(b'application/sdp', b'application/dtmf-relay'))
    capture.file.close()
    return capture.messages


def is_of_call(message):
    return not any(method in message[4] for method in (b' MESSAGE\r\n', b' REGISTER\r\n'))


class Probe:
    """A configuration of its own, and a probe that got the capture."""

    def __init__(self, processes, directory, name, capture, more, flow=256, **keys):
        self.where = os.path.join(directory, name)
        os.mkdir(self.where)
        self.config = netns.write_config(self.where, **keys)
        with open(self.config) as f:
            text = f.read()
        with open(self.config, 'w') as f:
            f.write(text.replace('collector:\n', 'collector:\n  commit_ms: 1\n  commit_records: 17\n')
                    .replace('tables:\n', 'tables:\n  flow_entries: %d\n' % flow) + more)
        device = 'net_memif0,role=%s,socket=' + self.where + '/memif.sock,socket-abstract=no'
        probe = processes.start(name + '-probe', [netns.program('ringtap-probe'), '-c', self.config, '--port', device % 'server'])
        netns.wait_for(lambda: 'capturing' in processes.text(name + '-probe') or probe.poll() is not None, 20, 'the probe')
        # It stays connected until the probe has ended: net_memif unmaps under the one who polls where its peer goes first.
        sender = subprocess.Popen([netns.program('replay'), device % 'client', '20000', '-'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  text=True)
        try:
            sender.stdin.write(capture + '\n')
            sender.stdin.flush()
            frames = int(sender.stdout.readline().split()[0])
            netns.wait_for(lambda: self.counters()['frames'] == frames, 20, 'the frames')
            status = processes.stop(probe)
        finally:
            sender.stdin.close()
            sender.wait(30)
        if status:
            raise RuntimeError('the probe ends with %d: ' % status + processes.text(name + '-probe'))

    def once(self):
        subprocess.run([netns.program('ringtap-collector'), '-c', self.config, '--once'], check=True, stderr=subprocess.DEVNULL)

    def counters(self):
        out = subprocess.run([netns.program('ringtap'), 'stats', '-g', self.where + '/segment', '-f', 'json'], check=True, capture_output=True,
                             text=True).stdout
        return collections.Counter({k: v for core in json.loads(out)['cores'] for k, v in core['metrics'].items()})

    def rows(self, sql):
        rows = []
        for day in glob.glob(self.where + '/**/ringtap-*.db', recursive=True):
            db = sqlite3.connect(f'file:{day}?mode=ro', uri=True)
            db.text_factory = bytes
            rows += db.execute(sql).fetchall()
            db.close()
        return rows

    def messages(self):
        rows = self.rows('SELECT src_ip, src_port, dst_ip, dst_port, text FROM messages')
        return collections.Counter((r[0].decode(), r[1], r[2].decode(), r[3], r[4]) for r in rows)


def show(check, place, sent):
    """ringtap show --raw: the texts of one call."""
    ringtap = netns.program('ringtap')
    out = subprocess.run([ringtap, 'show', '-c', place.config, '--raw', '--format', 'json', 'memif-3@example.org'], check=True,
                         capture_output=True, text=True).stdout
    raw = json.loads(out)['raw']
    expected = [m[4].decode() for m in sent if b'memif-3@' in m[4]]
    check.equal('show --raw: texts of the call, in order', raw, expected)
    out = subprocess.run([ringtap, 'show', '-c', place.config, '--raw', 'memif-3@example.org'], check=True, capture_output=True, text=True).stdout
    check.true('show --raw: as lines', 'Call-ID: memif-3@example.org' in out and '(not kept)' not in out, '')
    out = subprocess.run([ringtap, 'calls', '-c', place.config, '--kind', 'message', '--format', 'jsonl', "text LIKE 'REGISTER%'"], check=True,
                         capture_output=True, text=True).stdout
    check.equal('calls --kind message: the REGISTER', [json.loads(line)['method'] for line in out.splitlines()], ['REGISTER'])


def packets(check, received, sent):
    """Every packet of type 1 is a message of the capture, with its addresses, under its Call-ID; all are there."""
    bad, got = [], collections.Counter()
    for data in received:
        p = test_hep.parse(data)
        if p['type'] != 1:
            continue
        ends = (str(ipaddress.ip_address(p['src4'])), p['sport'], str(ipaddress.ip_address(p['dst4'])), p['dport'], p['payload'])
        call_id = p['payload'].split(b'Call-ID: ')[1].split(b'\r\n')[0]
        if p['correlation'] != call_id or p['protocol'] != 17 or abs(p['seconds'] - time.time()) > 600:
            bad.append(p)
        got[ends] += 1
    check.equal('HEP: wrong chunks', bad[:1], [])
    check.true('HEP: every message, none that was not sent', set(got) == set(sent) and all(got[m] >= n for m, n in sent.items()),
               '%d of %d' % (len(set(got) & set(sent)), len(sent)))


def kept_whole(check, processes, directory, capture, sent):
    """All of them, over kills of the collector, to the store and Homer."""
    receiver = test_hep.Receiver()
    place = Probe(processes, directory, 'whole', capture, 'messages: {keep: all}\n'
                  f'hep: {{url: "tcp://127.0.0.1:{receiver.port}", agent_id: 2077, key: "se:cret", flush_ms: 10, batch_records: 40}}\n')
    counters = place.counters()
    check.equal('counted as kept', (counters['messages_kept'], counters['messages_left_out'], counters['messages_cut']), (len(sent), 0, 0))
    rng = random.Random(7)
    for _ in range(6):
        collector = processes.start('whole-collector', [netns.program('ringtap-collector'), '-c', place.config])
        time.sleep(rng.uniform(0.01, 0.15))
        processes.stop(collector, signal.SIGKILL)
    place.once()
    wanted = collections.Counter(sent)
    check.true('store: each message once, byte by byte', place.messages() == wanted, '%d rows' % sum(place.messages().values()))
    netns.wait_for(lambda: sum(test_hep.parse(d)['type'] == 1 for d in list(receiver.packets)) >= len(sent), 20, 'the packets')
    packets(check, receiver.packets, wanted)
    receiver.away()
    show(check, place, sent)
    check.equal('check-store', subprocess.run([netns.program('ringtap'), 'check-store', '-c', place.config], stdout=subprocess.DEVNULL).returncode, 0)


def kept_of_calls(check, processes, directory, capture, sent):
    place = Probe(processes, directory, 'calls', capture, 'messages: {keep: calls, max_bytes: 300}\ndtmf: {mask: true}\n')
    place.once()
    masked = [m for m in sent if b'INFO sip' in m[4]][0]
    wanted = collections.Counter((*m[:4], m[4][:300]) for m in sent if is_of_call(m) and m != masked)
    wanted[(*masked[:4], masked[4].split(b'\r\n\r\n')[0] + b'\r\n\r\n')] += 1
    check.true('keep: calls, max_bytes: those of calls, cut; the digits of an INFO are not there', place.messages() == wanted,
               (place.messages() - wanted, wanted - place.messages()))
    cut = sum(len(m[4]) > 300 for m in sent if is_of_call(m))
    check.equal('what was cut says so', place.rows('SELECT count(*) FROM messages WHERE truncated AND length > 300')[0][0], cut)
    check.equal('and is counted', place.counters()['messages_cut'], cut + (len(masked[4]) <= 300))


def ring_full(check, processes, directory, capture, sent):
    """A ring too small for the messages, and nobody who takes them: all calls are there, and no number is missing."""
    place = Probe(processes, directory, 'full', capture, 'messages: {keep: all}\n', flow=0, ring_bytes='256K')
    counters = place.counters()
    place.once()
    kept = sum(place.messages().values())
    check.true('ring half full: some are left out', 0 < kept < len(sent), kept)
    check.equal('all are counted', (counters['messages_kept'], counters['messages_kept'] + counters['messages_left_out']), (kept, len(sent)))
    check.equal('every call is there', place.rows("SELECT count(*) FROM calls WHERE status = 'final'")[0][0], CALLS)
    check.equal('no number is missing', place.rows('SELECT count(*) FROM gaps'), [(0,)])
    slow = Probe(processes, directory, 'slow', capture, 'messages: {keep: all, rate_bytes: 30000}\n')
    counters = slow.counters()
    check.true('rate_bytes: the rest is left out, and counted', 0 < counters['messages_kept'] < len(sent)
               and counters['messages_kept'] + counters['messages_left_out'] == len(sent), dict(counters))


def test(processes, directory):
    check = netns.Check()
    for name in ('ringtap', 'ringtap-probe', 'ringtap-collector', 'replay'):
        netns.program(name)
    capture = directory + '/made.pcap'
    sent = make_capture(capture)
    kept_whole(check, processes, directory, capture, sent)
    kept_of_calls(check, processes, directory, capture, sent)
    ring_full(check, processes, directory, capture, sent)
    return check.status()


if __name__ == '__main__':
    sys.exit(netns.run(test))
