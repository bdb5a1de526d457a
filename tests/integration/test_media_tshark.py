#!/usr/bin/python3
"""RTP figures against tshark's `rtp,streams`: packets, expected, lost, mean and max jitter, max delta of every stream of the corpus, to its printed precision.

A difference stands in media_tshark_known.tsv (capture, stream, figures, witness, reason): a fault of tshark, named.  The second witness is the
corpus' own RFC 3550 computation of the same packets (calc): with witness `calc` ours must equal it; with `none` it has no figure either, or
another one that the reason explains.  Any other difference fails, and so does a line that nothing needs.
test_media_tshark.py [--write] [CAPTURE...]: only these; --write prints lines for the list."""
import collections
import json
import os
import sys

sys.dont_write_bytecode = True
import corpus_tools as tools

KNOWN = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'media_tshark_known.tsv')
FIGURES = (('packets', 'packets'), ('expected', 'expected'), ('lost', 'lost'), ('jitter_ms_mean', 'mean_jitter_ms'),
           ('jitter_ms_max', 'max_jitter_ms'), ('delta_ms_max', 'max_delta_ms'))
PRINTED = 0.00051  # both print three digits; a figure may lie on the border of two of them


def is_same(ours, theirs, key):
    if ours is None or theirs is None:
        return ours is theirs
    return abs(ours - theirs) <= PRINTED if '_ms_' in key else ours == theirs



def expected_streams(name):
    """Those that SDP announced: what tshark guesses to be RTP is no truth."""
    path = os.path.join(tools.CORPUS, 'expected', name + '.json')
    if not os.path.exists(path):
        return []
    with open(path) as f:
        expected = json.load(f)
    found = expected.get('streams') or expected.get('rtp_streams') or []
    return [s for s in found if not s.get('heuristic', False) and s.get('tshark')]


def compare(name):
    """[(stream, figure, ours, tshark, calc, witness)] with witness tshark where they agree; or stream, 'stream' where we have none or several."""
    expected = expected_streams(name)
    if not expected:
        return []
    run = tools.read(os.path.join(tools.CORPUS, name))
    ours = collections.defaultdict(list)
    for s in (s for s in tools.streams_of(run.records()) if run.status in (0, 1) and 'ssrc' in s): # T.38 has none
        ours[s.get('src_ip'), s.get('src_port'), s.get('dst_ip'), s.get('dst_port'), int(s['ssrc'], 16)].append(s)
    result = []
    for e in expected:
        stream = '%s:%s>%s:%s %s' % (e['src'], e['sport'], e['dst'], e['dport'], e['ssrc'])
        found = ours.get((e['src'], e['sport'], e['dst'], e['dport'], int(e['ssrc'], 16)), [])
        if len(found) != 1:
            result.append((stream, 'stream', len(found), 1, None, 'none'))
            continue
        for key, theirs in FIGURES:
            mine, tshark, calc = found[0].get(key), e['tshark'].get(theirs), (e.get('calc') or {}).get(theirs)
            witness = 'tshark' if is_same(mine, tshark, key) else 'calc' if calc is not None and is_same(mine, calc, key) else 'none'
            result.append((stream, key, mine, tshark, calc, witness))
    return result


def known_lines():
    known = {}
    with open(KNOWN) as f:
        for line in f:
            if line.strip() and not line.startswith('#'):
                capture, stream, figures, witness, reason = line.rstrip('\n').split('\t')
                for figure in figures.split(','):
                    known[capture, stream, figure] = (witness, reason)
    return known


def main():
    args = [a for a in sys.argv[1:] if a != '--write']
    write = '--write' in sys.argv
    captures = [c for c in tools.captures() if not args or c in args]
    known = {} if write else known_lines()
    used, counts, failed = set(), collections.Counter(), []
    streams = 0
    for name, result in zip(captures, tools.in_parallel(compare, captures)):
        differ = collections.defaultdict(list)
        streams += len({r[0] for r in result})
        for stream, figure, ours, tshark, calc, witness in result:
            counts[witness] += 1
            if witness == 'tshark':
                continue
            differ[stream, witness].append(figure)
            line = known.get((name, stream, figure))
            used.add((name, stream, figure))
            if line is None or line[0] != witness:
                failed.append('%s %s %s: ours %s, tshark %s, calc %s: not in the list' % (name, stream, figure, ours, tshark, calc))
        for (stream, witness), figures in differ.items() if write else ():
            print('\t'.join((name, stream, ','.join(figures), witness, 'WHY')))
    if write:
        return 0
    for line in known if not args else ():
        if line not in used:
            failed.append('%s %s %s: in the list, but there is no difference' % line)
    for line in failed[:40]:
        print('FAIL ' + line)
    print('streams %d, figures %d: %d as tshark, %d as calc where tshark is known to be wrong, %d explained' %
          (streams, sum(counts.values()), counts['tshark'], counts['calc'], counts['none']))
    print('%d passed, %d failed' % (sum(counts.values()) - len(failed), len(failed)))
    return 1 if failed or not streams else 0


if __name__ == '__main__':
    sys.exit(main())
