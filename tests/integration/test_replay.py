#!/usr/bin/python3
"""A replay twice gives the same bytes, and what `--out` stores is what is printed: for the demo and every corpus capture under 5 MB."""
import json
import os
import sys
import tempfile

sys.dont_write_bytecode = True
import corpus_tools as tools

BYTES_MAX = 5 << 20


def stored(folder):
    run = tools.Run([tools.program(), 'calls', '--store', os.path.join(folder, 'store'), '--format', 'jsonl', '--kind', 'all', '--flow', '--limit', '1000000'])
    return run.status, sorted(run.out.splitlines()), run.err.decode(errors='replace')


def judge(path):
    """None, or what is wrong."""
    first = tools.read(path, '--flow')
    with tempfile.TemporaryDirectory(prefix='ringtap-replay-') as folder:
        second = tools.read(path, '--flow', '--out', folder)
        if None in (first.status, second.status):
            return 'time limit'
        if first.out != second.out:
            return 'a second reading gives other bytes (%d and %d)' % (len(first.out), len(second.out))
        # Exit 1 is a damaged capture, said so; what was read stands.
        if first.status != second.status:
            return 'exit %s, with --out %s: %s' % (first.status, second.status, second.err.decode(errors='replace').strip())
        printed = sorted(first.out.splitlines())
        if not printed:
            return None
        status, kept, error = stored(folder)
        if status != 0:
            return 'ringtap calls: exit %s %s' % (status, error)
        if kept != printed:
            other = next(((a, b) for a, b in zip(printed + [b''] * len(kept), kept + [b''] * len(printed)) if a != b))
            return 'store: %d records, printed %d; first difference:\n  %s\n  %s' % (len(kept), len(printed), *(difference(*other)))
    return None


def difference(printed, kept):
    try:
        a, b = json.loads(printed or b'{}'), json.loads(kept or b'{}')
    except ValueError:
        return printed[:200], kept[:200]
    keys = [k for k in {**a, **b} if a.get(k) != b.get(k)]
    return tuple({k: x.get(k) for k in keys[:4]} for x in (a, b))


def main():
    tools.program()
    paths = [tools.DEMO]
    if os.path.isdir(tools.CORPUS):
        paths += [os.path.join(tools.CORPUS, n) for n in tools.captures()]
    else:
        print('no corpus at %s: the demo only' % tools.CORPUS)
    if len(sys.argv) > 1:
        paths = [p for p in paths if any(a in p for a in sys.argv[1:])]
    paths = [p for p in paths if os.path.getsize(p) < BYTES_MAX]
    bad = 0
    for path, wrong in zip(paths, tools.in_parallel(judge, paths)):
        if wrong:
            bad += 1
            print('%s: %s' % (os.path.relpath(path, tools.SOURCE), wrong))
    print('%d captures, %d wrong' % (len(paths), bad))
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
