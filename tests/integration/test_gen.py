#!/usr/bin/python3
"""test_gen.py [--random N] [SEED...] - what `ringtap gen` says it sent is what `ringtap read` finds: calls, outcomes, times, streams, packets, losses,
duplicates, reordering, discards, bursts, digits, RTCP reports exactly; jitter within the rounding of its single-precision state, densities and
lengths of bursts within that of the print, round trips within that of RTCP's clocks, MOS as G.107 computed from the truth (emodel.py).

Each case is a mix of faults and is run with the seeds given, else with those of the list; then come mixes drawn at random, from the seeds of
a list or, with --random, from N seeds of the clock.  A failure prints its command line."""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import corpus_tools as tools
import emodel

SEEDS = [1, 2]
MIXES = [1795409612] + list(range(100, 124)) # the first ones found faults
QUIET = '--cps 8 --duration 6s --hold 5s --hold-spread exponential --ring 1s'
MEDIA = QUIET + ' --codecs PCMA=2,PCMU,G729,G722,AMR,opus,GSM,iLBC --rtcp 2s'
FATES = 'answered=6,busy=1,no_answer=1,cancelled=1,rejected=1,redirected=1,failed=1'
ENCAPSULATIONS = ['--vlan 100', '--vlan 5 --inner-vlan 6'] + ['--vlan 7 --tunnel ' + t for t in
                  ('ipip', 'gre', 'erspan', 'vxlan', 'geneve', 'gtpu', 'pppoe', 'mpls')]

CASES = {
    'quiet': QUIET,
    'codecs': MEDIA,
    'ptime': QUIET + ' --ptime 40 --codecs PCMA,G729',
    'fates': QUIET + ' --auth 30% --registrations 20% --callee-ends 50% --early-media 30% --fates ' + FATES,
    'silent': QUIET + ' --fates answered,silent',
    'mid-call': MEDIA + ' --holds 40% --info 30% --dtmf 50% --callee-ends 30% --auth 20% --delayed-offer 30%',
    'ipv6': MEDIA + ' --ipv6 50% --large 30% --fates ' + FATES,
    'tcp': QUIET + ' --tcp 50% --large 30% --holds 20% --fates ' + FATES,
    'large': QUIET + ' --large 100% --sip-repeat 10% --mirror 10%',
    'loss': MEDIA + ' --loss 5%',
    'bursts': MEDIA + ' --burst 1%,25%,90%,0.1%',
    'jitter': MEDIA + ' --jitter 8ms',
    'jitter mixes': MEDIA + ' --jitter 20ms --jitter-spread exponential --jitter-mixes',
    'reorder': MEDIA + ' --reorder 5% --reorder-packets 6',
    'duplicates': MEDIA + ' --duplicate 5%',
    'everything at once': MEDIA + ' --loss 2% --duplicate 2% --reorder 2% --jitter 5ms --skew 120 --dtmf 30% --holds 20%',
    'tones': QUIET + ' --codecs PCMA,PCMU --tones 70% --dtmf 20% --digits 8 --hold 8s --duplicate 2% --rtcp 2s',
    'skew': MEDIA + ' --skew -300',
    'skew for long': '--cps 4 --duration 2s --hold 65s --skew 80 --codecs PCMA,AMR,opus',
    'late': MEDIA + ' --reorder 3% --reorder-packets 12',
    'late and lost': MEDIA + ' --reorder 3% --reorder-packets 12 --burst 2%,20%,70%',
    'long and bad': '--cps 4 --duration 2s --hold 40s --burst 1%,15%,60% --reorder 1% --reorder-packets 8 --rtcp 3s --rtt 180ms',
    'digits': QUIET + ' --dtmf 60% --info 40% --digits 12 --hold 12s --codecs PCMA,opus --loss 2% --duplicate 2%',
    'ssrc change': MEDIA + ' --ssrc-change 60% --loss 1%',
    'restart': MEDIA + ' --seq-restart 60% --loss 1%',
    'nat': MEDIA + ' --nat 100%',
    'one way': MEDIA + ' --one-way 30% --no-media 30%',
    'media first': MEDIA + ' --media-first 100% --delayed-offer 50% --jitter 5ms',
    'media after': MEDIA + ' --media-after 100%',
    'signalling': QUIET + ' --sip-repeat 15% --sip-loss 10% --mirror 15% --auth 20% --holds 20% --fates ' + FATES,
    'ports again': QUIET + ' --hold 2s --port-reuse 100%',
    'ports and SSRCs again': QUIET + ' --hold 2s --port-reuse 100% --ssrc-reuse 100%',
}
CASES.update({'link ' + e: QUIET + ' --duration 2s --ipv6 30% --large 20% ' + e for e in ENCAPSULATIONS})

# What read is told besides.
READ = {'tones': 'tones: {detectors: 500}\n'}
EXACT = ('kind', 'call_id', 'from_tag', 'from_user', 'to_user', 'src_ip', 'src_port', 'dst_ip', 'dst_port', 'transport', 'vlan', 'tunnel',
         'invite_time', 'trying_time', 'ringing_time', 'early_media_time', 'answer_time', 'ack_time', 'end_time', 'pdd_ms', 'setup_ms',
         'duration_ms', 'disposition', 'sip_code', 'sip_reason', 'ended_by', 'end_cause', 'messages', 'retransmissions',
         'capture_duplicates', 'invites', 'auth_challenges', 'holds', 'request_time', 'response_time', 'action', 'attempts',
         'requested_expires', 'granted_expires')
STREAM = ('src_ip', 'src_port', 'dst_ip', 'dst_port', 'sender', 'ssrc', 'payload_type', 'codec', 'clock_rate', 'first_time', 'last_time',
          'packets', 'bytes', 'expected', 'lost', 'duplicates', 'reordered', 'markers', 'rtcp_packets', 'delta_ms_max', 'after_bye', 'bursts',
          'discarded', 'remote_reports', 'remote_lost', 'sent_packets', 'cname', 'rtcp_bye')
# Three decimals are printed.  A round trip is of NTP stamps and delays of 1/65536 s.
NEAR = {'burst_density': 0.001, 'gap_density': 0.001, 'burst_ms': 0.001, 'gap_ms': 0.001, 'burst_ratio': 0.001,
        'rtt_ms': 0.05, 'rtt_receiver_ms': 0.05, 'rtt_sender_ms': 0.05}
NEEDS_INTERVAL = ('burst_ms', 'gap_ms')
SKEW_PPM = 1.5
MOS, R = 0.002, 0.05
BUFFER_MS = 60
LENGTH_MS = 1
TONE_MS = 26 # two blocks of the detector
# Both print milliseconds with three decimals; the engine's jitter is a float.
JITTER_MS = 0.002
SILENCE_MS = 5000
TIED_MS = 250 # a stream that was there before its SDP asks for it so often


def compare_opinion(got, want, wrong):
    """What the truth's losses, delay and codec come to."""
    if got.get('mos') is None:
        if got.get('mos_reason') != 'short' or (want['expected'] >= 20 and tools.seconds_of(want['last_time']) - tools.seconds_of(want['first_time']) > 1.001):
            wrong('%s no MOS: %r' % (want['ssrc'], got.get('mos_reason')))
        return
    halves = (want.get('rtt_receiver_ms', 0) + want.get('rtt_sender_ms', 0)) / 2
    ms = BUFFER_MS + got['ptime_ms'] + emodel.CODECS[want['codec']][2] + halves
    missing = want['lost'] + want['discarded']
    r, mos = emodel.rating(want['codec'], 100 * missing / want['expected'], want.get('burst_ratio', 1), ms)
    if abs(got['mos'] - mos) > MOS or abs(got['r_factor'] - r) > R or abs(got['delay_ms'] - ms) > NEAR['rtt_ms']:
        wrong('%s R %r, MOS %r, delay %r, not %.3f, %.3f, %.3f' % (want['ssrc'], got['r_factor'], got['mos'], got['delay_ms'], r, mos, ms))


def compare_figures(got, want, wrong):
    # Packets that mix may hide the interval from a short stream; lengths are in intervals.
    interval = got.get('ptime_ms')
    if want['packets'] >= 50 and interval != want.get('ptime_ms'):
        wrong('%s ptime_ms: %r, not %r' % (want['ssrc'], interval, want.get('ptime_ms')))
    for field, bound in NEAR.items():
        a, b = got.get(field), want.get(field)
        if field in NEEDS_INTERVAL:
            if interval is None:
                continue
            b = b * interval / want['ptime_ms']
        if (a is None) != (b is None) or (a is not None and abs(a - b) > bound + 1e-6 * abs(b)):
            wrong('%s %s: %r, not %r' % (want['ssrc'], field, a, b))
    skew = got.get('clock_skew_ppm')
    if skew is not None and not want['delayed'] and abs(skew - want['clock_skew_ppm']) > SKEW_PPM:
        wrong('%s clock_skew_ppm: %r, not %r' % (want['ssrc'], skew, want['clock_skew_ppm']))


def compare_digits(got, want, wrong):
    """Which, by whom, how and when exactly; a length in ms is cut or rounded."""
    plain = lambda digits: [(d['digit'], d['source'], d['sender'], None if d['source'] == 'inband' else d['time']) for d in digits]
    bound = lambda d: TONE_MS if d['source'] == 'inband' else LENGTH_MS
    late = lambda a, b: abs(tools.seconds_of(a['time']) - tools.seconds_of(b['time'])) * 1000 > bound(b)
    if plain(got) != plain(want) or any(late(a, b) for a, b in zip(got, want)):
        wrong('dtmf %s, not %s' % (plain(got), plain(want)))
    elif any(abs(a['length_ms'] - b['length_ms']) > bound(b) for a, b in zip(got, want)):
        wrong('lengths of dtmf %s, not %s' % ([d['length_ms'] for d in got], [d['length_ms'] for d in want]))


def compare_stream(got, want, wrong):
    for field in STREAM:
        if got.get(field) != want.get(field) and (field != 'after_bye' or field in want):
            wrong('%s %s: %r, not %r' % (want['ssrc'], field, got.get(field), want.get(field)))
    for field in ('jitter_ms_mean', 'jitter_ms_max'):
        value = want.get(field)
        near = (got.get(field) is None) == (value is None) and (value is None or abs(got[field] - value) <= JITTER_MS + 1e-4 * value)
        if not near:
            wrong('%s %s: %r, not %r' % (want['ssrc'], field, got.get(field), value))
    compare_figures(got, want, wrong)
    if want.get('codec'):
        compare_opinion(got, want, wrong)


def compare_call(got, want, wrong):
    skip = ('end_cause', 'end_time') if want.get('disposition') == 'incomplete' else ()
    for field in EXACT:
        if got.get(field) != want.get(field) and field not in skip:
            wrong('%s: %r, not %r' % (field, got.get(field), want.get(field)))
    # Short and held calls say nothing of silence.
    if want.get('duration_ms', 0) > SILENCE_MS and not want.get('holds'):
        for field in ('one_way', 'no_media'):
            if got.get(field) != want.get(field):
                wrong('%s: %r, not %r' % (field, got.get(field), want.get(field)))
    found = {s['ssrc']: s for s in got.get('streams', [])}
    wanted = {s['ssrc']: s for s in want.get('streams', [])}
    if sorted(found) != sorted(wanted) or len(found) != len(got.get('streams', [])):
        wrong('streams %s, not %s' % ([(s['ssrc'], s['packets']) for s in got.get('streams', [])], sorted(wanted)))
    compare_digits(got.get('dtmf', []), want.get('dtmf', []), wrong)
    for ssrc in found.keys() & wanted.keys():
        compare_stream(found[ssrc], wanted[ssrc], wrong)


def run(name, options, seed, folder):
    """Compares one capture; the number of what is wrong."""
    capture, truth = os.path.join(folder, 'gen.pcap'), os.path.join(folder, 'gen.jsonl')
    command = [tools.program(), 'gen'] + options.split() + ['--seed', str(seed), '-w', capture, '-t', truth]
    subprocess.run(command, check=True)
    wanted = {r['call_id']: r for r in map(json.loads, open(truth))}
    for record in wanted.values():
        for stream in record.get('streams', []):
            stream['delayed'] = '--jitter' in options or '--reorder' in options
    read = [tools.program(), 'read', '--format', 'jsonl', capture]
    if name in READ:
        with open(os.path.join(folder, 'read.yaml'), 'w') as config:
            config.write(READ[name])
        read += ['--config', config.name]
    result = subprocess.run(read, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if result.returncode and b'spandsp' in result.stderr:
        print('left out: %s: built without libspandsp' % name)
        return 0
    if result.returncode:
        sys.exit('%s: exit %d: %s' % (' '.join(read), result.returncode, result.stderr.decode(errors='replace')))
    records = [json.loads(line) for line in result.stdout.splitlines()]
    found = {r['call_id']: r for r in records if r['kind'] in ('call', 'registration')}
    bad = []
    if len(found) != len(wanted) or len(records) != len(found):
        bad.append('%d records (%s), not %d' % (len(records), sorted({r['kind'] for r in records}), len(wanted)))
    for call_id, want in wanted.items():
        # Over before the stream was tied to it: nobody knew yet that packets came after the BYE.
        for stream in want.get('streams', []) if name == 'media first' and want.get('duration_ms', 0) < TIED_MS else ():
            stream.pop('after_bye')
        compare_call(found.get(call_id, {}), want, lambda text: bad.append('%s: %s' % (call_id, text)))
    streams = [s for r in wanted.values() for s in r.get('streams', [])]
    total = {field: sum(s[field] for s in streams) for field in ('packets', 'lost', 'discarded', 'bursts', 'remote_reports')}
    print('%s: %s, seed %d: %d calls, %d streams, %s, %d digits' % ('FAILED' if bad else 'ok', name, seed, len(wanted), len(streams),
          ', '.join('%d %s' % (n, field) for field, n in total.items()), sum(len(r.get('dtmf', [])) for r in wanted.values())))
    if bad:
        print('  ' + ' '.join(command[1:]))
        print('\n'.join('  ' + text for text in bad[:int(os.environ.get('RINGTAP_SHOW', 8))]))
    return len(bad)


def mix(seed):
    """Any of the options together."""
    draw = random.Random(seed)
    options = ['--cps 8 --duration 4s --hold %ds --hold-spread exponential --ring 1s --rtcp 2s' % draw.randint(1, 8), '--fates ' + FATES,
               '--codecs PCMA=2,PCMU,G729,G722,AMR,AMR-WB,opus,GSM,iLBC,G723 --skew %d' % draw.randint(-200, 200)]
    shares = {'loss': .05, 'duplicate': .05, 'reorder': .05, 'auth': .3, 'callee-ends': .5, 'holds': .3, 'info': .2, 'dtmf': .5, 'early-media': .3,
              'delayed-offer': .2, 'ipv6': .5, 'tcp': .3, 'large': .3, 'registrations': .2, 'nat': .3, 'one-way': .2, 'no-media': .1,
              'media-after': .3, 'sip-loss': .1, 'sip-repeat': .1, 'mirror': .1, 'port-reuse': .5, 'ssrc-reuse': .5}
    options += ['--%s %.4f' % (name, draw.random() * most) for name, most in shares.items() if draw.random() < 0.5]
    options += draw.sample([['--ssrc-change 50%'], ['--seq-restart 50%'], []], 1)[0]
    options += draw.sample([['--jitter %dms' % draw.randint(1, 15)], ['--jitter %dms --jitter-mixes' % draw.randint(1, 15)], []], 1)[0]
    options += draw.sample([['--burst %.3f,%.3f,%.2f' % (draw.random() / 50, 0.1 + draw.random() / 2, 0.5 + draw.random() / 2)], []], 1)[0]
    options += draw.sample([[], ['--vlan 9'], ['--tunnel ' + draw.choice(['gre', 'vxlan', 'gtpu', 'mpls'])]], 1)[0]
    return ' '.join(options)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('--random', type=int, metavar='N')
    ap.add_argument('seeds', type=int, nargs='*', metavar='SEED')
    a = ap.parse_args()
    seeds, only = a.seeds or SEEDS, os.environ.get('RINGTAP_CASE')
    mixes = range(int(time.time()), int(time.time()) + a.random) if a.random else () if a.seeds else MIXES
    cases = [(name, options, seed) for seed in seeds for name, options in CASES.items() if not a.random and only in (None, name)]
    cases += [('mix', mix(seed), seed) for seed in mixes if only in (None, 'mix')]
    with tempfile.TemporaryDirectory(prefix='ringtap-gen-') as folder:
        failed = sum(run(*case, folder) > 0 for case in cases)
    print('%d cases, %d failed' % (len(cases), failed))
    return 1 if failed or not cases else 0


if __name__ == '__main__':
    sys.exit(main())
