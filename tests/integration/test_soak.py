#!/usr/bin/python3
"""Random and mutated frames as fast as shared memory takes them: the probe neither ends nor loses count of one.

    test_soak.py [--minutes N] [--seed N] [CAPTURE...]      default: a few rounds of tests/data/demo.pcap

Frames of the captures with bytes changed, cut, lengthened, spliced and replaced, beside frames of random bytes.  After each round the verdicts
add up to the frames, and the frames are those sent.  A failure names the seed of its round."""
import argparse
import json
import random
import struct
import subprocess
import sys
import time

import netns

ROUND_FRAMES, ROUNDS, FRAME_MAX = 20000, 3, 2000


def frames_of(path):
    """The frames of a classic capture of either byte order."""
    with open(path, 'rb') as f:
        data = f.read()
    order = '<' if data[:4] in (b'\xd4\xc3\xb2\xa1', b'\x4d\x3c\xb2\xa1') else '>'
    at, frames = 24, []
    while at + 16 <= len(data):
        length, = struct.unpack_from(order + 'I', data, at + 8)
        frames.append(data[at + 16:at + 16 + min(length, FRAME_MAX)])
        at += 16 + length
    return frames


def mutated(rng, frames):
    """One frame: as it was (a third, so that there are calls to disturb) or damaged."""
    frame = bytearray(rng.choice(frames))
    kind = rng.randrange(9)
    if kind < 3:
        return bytes(frame)
    if kind == 3:
        for _ in range(rng.randrange(1, 8)):
            frame[rng.randrange(len(frame))] = rng.randrange(256)
    elif kind == 4:  # in the headers, where a byte counts most
        for _ in range(rng.randrange(1, 4)):
            frame[rng.randrange(12, min(len(frame), 60))] = rng.choice((0, 1, 0x7f, 0x80, 0xff, rng.randrange(256)))
    elif kind == 5:
        del frame[rng.randrange(1, len(frame)):]
    elif kind == 6:
        at = rng.randrange(len(frame))
        frame[at:at] = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 64)))
    elif kind == 7:
        other = rng.choice(frames)
        frame[rng.randrange(len(frame)):] = other[rng.randrange(len(other)):]
    else:
        frame = bytearray(rng.randbytes(rng.randrange(1, 1514)))
        if rng.random() < .5:
            frame[12:14] = rng.choice((b'\x08\x00', b'\x86\xdd', b'\x81\x00', b'\x88\x47', b'\x88\x64'))
    return bytes(frame[:FRAME_MAX]) or b'\0'


def write_round(path, frames, seed):
    rng = random.Random(seed)
    with open(path, 'wb') as f:
        f.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for i in range(ROUND_FRAMES):
            frame = mutated(rng, frames)
            f.write(struct.pack('<IIII', i // 1000, i % 1000 * 1000, len(frame), len(frame)) + frame)


def ledger(segment):
    out = subprocess.run([netns.program('ringtap'), 'stats', '-f', 'json', '-g', segment], check=True, capture_output=True, text=True).stdout
    total = {'frames': 0, 'verdicts_sum': 0, 'sip': 0, 'rtp': 0}
    for core in json.loads(out.splitlines()[0])['cores']:
        total['frames'] += core['ledger']['frames']
        total['verdicts_sum'] += core['ledger']['verdicts_sum']
        for verdict in ('sip', 'rtp'):
            total[verdict] += core['ledger']['verdicts'][verdict]
    return total


def test(options, processes, directory):
    check, failed_seed = netns.Check(), None
    frames = [f for path in options.captures for f in frames_of(path)]
    config = netns.write_config(directory)
    device = 'net_memif0,role=%s,socket=' + directory + '/memif.sock,socket-abstract=no'
    probe = processes.start('probe', [netns.program('ringtap-probe'), '-c', config, '--port', device % 'server'])
    netns.wait_for(lambda: 'capturing' in processes.text('probe') or probe.poll() is not None, 30, 'the probe')
    # One sender for all rounds: DPDK's memif may crash whoever polls when its peer goes.
    sender = subprocess.Popen([netns.program('replay'), device % 'client', '0', '-'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=open(processes.log('sender'), 'wb'), text=True)
    processes.running.append(sender)
    end, sent, rounds, rate = time.monotonic() + 60 * options.minutes, 0, 0, 0
    while failed_seed is None and (rounds < ROUNDS if not options.minutes else time.monotonic() < end):
        seed = options.seed + rounds
        write_round(directory + '/round.pcap', frames, seed)
        began, told = time.monotonic(), ''
        for _ in range(options.repeat):
            sender.stdin.write(directory + '/round.pcap\n')
            sender.stdin.flush()
            told = sender.stdout.readline()
            sent += ROUND_FRAMES
        rate = max(rate, ROUND_FRAMES * options.repeat / (time.monotonic() - began))
        rounds += 1
        try:
            netns.wait_for(lambda: probe.poll() is not None or ledger(directory + '/segment')['frames'] >= sent, 20, 'the frames')
        except TimeoutError:
            pass
        got = ledger(directory + '/segment')
        if probe.poll() is not None or told.split()[:1] != [str(sent)] or got['frames'] != sent or got['verdicts_sum'] != sent:
            failed_seed = seed
            print('round of seed %d: probe %s, sender: %r, %s' % (seed, probe.poll(), told, got))
    check.true('every round', failed_seed is None, '(%d rounds, %d frames, at most %d/s)' % (rounds, sent, rate))
    got = ledger(directory + '/segment')
    check.equal('frames', got['frames'], sent)
    check.equal('verdicts', got['verdicts_sum'], sent)
    check.true('SIP and RTP among them', got['sip'] and got['rtp'], '%(sip)d %(rtp)d' % got)
    check.equal('exit status of the probe', processes.stop(probe), 0)
    sender.stdin.close()
    if check.failed:
        print(processes.text('probe'))
    return check.status()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--minutes', type=float, default=0, help='so long, in place of %d rounds' % ROUNDS)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--repeat', type=int, default=3, help='each round is sent so often (20 for speed)')
    parser.add_argument('captures', nargs='*', default=[netns.ROOT + '/tests/data/demo.pcap'])
    options = parser.parse_args()
    for name in ('ringtap', 'ringtap-probe', 'replay'):
        netns.program(name)
    return netns.run(lambda processes, directory: test(options, processes, directory))


if __name__ == '__main__':
    sys.exit(main())
