#!/usr/bin/python3
"""test_cores.py [CAPTURE...] - `ringtap read --cores N` says what `--cores 1` says: every corpus capture under 5 MB, and calls made so that signalling,
media both ways and RTCP land on different cores."""
import json
import os
import struct
import sys
import tempfile

sys.dont_write_bytecode = True
import call_tools as t
import corpus_tools as tools

BYTES_MAX = 5 << 20
CORES = (2, 4)
SMALL = 'tables: {calls: 4000, streams: 8000, endpoints: 16000, tcp_flows: 256}\n' # page faults are most of a small run
# Says which core a dialog lives on, and counts the order in which the cores wrote.
OF_A_CORE = ('core', 'seq')


def plain(record):
    return json.dumps({k: v for k, v in record.items() if k not in OF_A_CORE}, sort_keys=True)


def told(run):
    return sorted(plain(r) for r in run.records())


def differences(one, many):
    """The first fields of records that differ, as text."""
    only = [json.loads(x) for x in one if x not in many], [json.loads(x) for x in many if x not in one]
    out = []
    for a, b in zip(only[0] or [{}], only[1] or [{}]):
        keys = sorted(k for k in {**a, **b} if a.get(k) != b.get(k))
        out.append('%s %s: %s' % (a.get('kind'), a.get('call_id') or a.get('ssrc'), {k: (a.get(k), b.get(k)) for k in keys[:4] if k != 'streams'}))
        for x, y in zip(a.get('streams', []), b.get('streams', [])):
            out += ['stream %s: %s' % (x['ssrc'], {k: (x.get(k), y.get(k)) for k in {**x, **y} if x.get(k) != y.get(k)})] if x != y else []
    return '%d and %d records; %s' % (len(one), len(many), '; '.join(out[:4]))


def judge(job):
    """None, or what is wrong."""
    path, config, all_cores = job
    first = tools.read(path, '--flow', '--config', config)
    if first.status is None:
        return 'time limit'
    for cores in all_cores:
        run = tools.read(path, '--flow', '--config', config, '--cores', str(cores))
        if run.status != first.status:
            return '%d cores: exit %s, not %s: %s' % (cores, run.status, first.status, run.err.decode(errors='replace').strip())
        if told(run) != told(first):
            return '%d cores: %s' % (cores, differences(told(first), told(run)))
    return None


def corpus(c, words):
    """Each capture on 2 cores, every fourth on 4; those named, on both."""
    if not os.path.isdir(tools.CORPUS):
        print('no corpus at %s: the calls made here only' % tools.CORPUS)
        return
    names = [n for n in tools.captures() if os.path.getsize(os.path.join(tools.CORPUS, n)) < BYTES_MAX and all(w in n for w in words)]
    wrong = {}
    with tempfile.NamedTemporaryFile('w', suffix='.yaml') as config:
        config.write(SMALL)
        config.flush()
        jobs = [(os.path.join(tools.CORPUS, n), config.name, CORES if words else CORES[i % 4 == 0:][:1]) for i, n in enumerate(names)]
        for name, what in zip(names, tools.in_parallel(judge, jobs)):
            if what:
                wrong[name] = what
    c.check('%d captures of the corpus' % len(names), names and not wrong, ''.join('\n  %s: %s' % x for x in wrong.items()))


NTP_1970 = 2208988800


def compound(ms, ssrc, about=None, lsr_ms=None, held_ms=0, lost=0):
    """A sender report of ms, with one block about an SSRC whose sender's report of lsr_ms was held so long."""
    middle = lambda at: int((at / 1000 + NTP_1970) * 65536) & 0xffffffff
    header = struct.pack('>BBHIIIIII', 0x80 | bool(about), 200, 12 if about else 6, ssrc, middle(ms) >> 16, middle(ms) << 16 & 0xffffffff, 1, 50, 8000)
    if not about:
        return header
    return header + struct.pack('>IIIIII', about, 10 << 24 | lost, 99, 40, middle(lsr_ms), int(held_ms * 65.536))


def asymmetric(c):
    """Each end sends from another host than it receives at, and its RTCP from a third: with several cores everything is somewhere else."""
    script = t.Script()
    for n in range(8):
        host = lambda kind: '192.0.2.%d' % (100 + 10 * n + kind)
        a, b, a_out, b_out = (host(0), 4000), (host(1), 5000), (host(2), 4000), (host(3), 5000)
        call = t.Call(script, 'call%d' % n).answered(0, t.sdp(a, extra=['a=rtcp:4001 IN IP4 ' + host(4)]), t.sdp(b, extra=['a=rtcp:5001 IN IP4 ' + host(5)]))
        script.talk(a_out, b, 2 * n + 11, 220, 16000)
        script.talk(b_out, a, 2 * n + 12, 220, 16000)
        for i in range(5):
            at = 1000 + 3000 * i
            last = at - 3000 + 600
            script.udp(at, (host(4), 4001), (host(5), 5001), compound(at, 2 * n + 11, 2 * n + 12 if i else None, last, 2400 - 33, 3))
            script.udp(at + 600, (host(5), 5001), (host(4), 4001), compound(at + 600, 2 * n + 12, 2 * n + 11, at, 600 - 21, 7))
        call.bye(16000)
    path = script.close()
    one = tools.read(path).records()
    seen = [(s['ssrc'], s.get('rtt_receiver_ms'), s.get('rtt_sender_ms'), s['remote_reports'], s.get('remote_lost'), s['rtcp_packets']) for s in one[0]['streams']]
    near = [tuple(round(x, 1) if isinstance(x, float) else x for x in s) for s in seen]
    c.equal('RTCP between other hosts than RTP: one core', sorted(near), [('0x%08x' % 11, 21.0, 33.0, 5, 7, 5), ('0x%08x' % 12, 33.0, 21.0, 4, 3, 5)])
    for cores in (2, 3, 4, 7):
        many = tools.read(path, '--cores', str(cores))
        c.equal('... and %d' % cores, told(many), sorted(map(plain, one)))


def generated(c, name, options):
    """Fragments, and what else gen makes: the same on any number of cores."""
    with tempfile.TemporaryDirectory(prefix='ringtap-cores-') as folder:
        path = os.path.join(folder, 'gen.pcap')
        made = tools.Run([tools.program(), 'gen', '--seed', '3', *options.split(), '-w', path])
        one = tools.read(path)
        c.check(name + ': made', made.status == 0 and len(one.records()) > 5, made.err)
        for cores in CORES:
            many = told(tools.read(path, '--cores', str(cores)))
            c.check('... and %d cores' % cores, many == told(one), differences(told(one), many))


def main():
    tools.program()
    c = t.Cases()
    if not sys.argv[1:]:
        asymmetric(c)
        load = '--cps 8 --duration 2s --hold 8s --ring 1s --codecs PCMA --rtcp 2s '
        generated(c, 'some packets of a stream in fragments', load + '--mtu 576 --ptime 80 --dtmf 100% --large 50% --reorder 3%')
        generated(c, 'faults', load + '--ipv6 30% --loss 2% --duplicate 2% --jitter 5ms --nat 30% --ssrc-change 30% --port-reuse 50% --media-first 30%')
    corpus(c, sys.argv[1:])
    c.finish()


if __name__ == '__main__':
    main()
