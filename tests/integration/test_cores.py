#!/usr/bin/python3
"""test_cores.py [CAPTURE...] - `ringtap read --cores N` says what `--cores 1` says: every corpus capture under 5 MB, and calls made so that signalling,
media both ways and RTCP land on different cores."""
import json
import os
import struct
import sys

sys.dont_write_bytecode = True
import call_tools as t
import corpus_tools as tools

BYTES_MAX = 5 << 20
CORES = (2, 4)
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
        out.append('%s %s: %s' % (a.get('kind'), a.get('call_id') or a.get('ssrc'), {k: (a.get(k), b.get(k)) for k in keys[:4]}))
    return '%d and %d records; %s' % (len(one), len(many), '; '.join(out[:2]))


def judge(path):
    """None, or what is wrong."""
    first = tools.read(path, '--flow')
    if first.status is None:
        return 'time limit'
    for cores in CORES:
        run = tools.read(path, '--flow', '--cores', str(cores))
        if run.status != first.status:
            return '%d cores: exit %s, not %s: %s' % (cores, run.status, first.status, run.err.decode(errors='replace').strip())
        if told(run) != told(first):
            return '%d cores: %s' % (cores, differences(told(first), told(run)))
    return None


def corpus(c, words):
    if not os.path.isdir(tools.CORPUS):
        print('no corpus at %s: the calls made here only' % tools.CORPUS)
        return
    names = [n for n in tools.captures() if os.path.getsize(os.path.join(tools.CORPUS, n)) < BYTES_MAX and all(w in n for w in words)]
    wrong = {}
    for name, what in zip(names, tools.in_parallel(judge, [os.path.join(tools.CORPUS, n) for n in names])):
        if what:
            wrong[name] = what
    c.check('%d captures of the corpus on %s cores' % (len(names), ' and '.join(map(str, CORES))), names and not wrong,
            ''.join('\n  %s: %s' % x for x in wrong.items()))


def main():
    tools.program()
    c = t.Cases()
    corpus(c, sys.argv[1:])
    c.finish()


if __name__ == '__main__':
    main()
