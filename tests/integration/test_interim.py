#!/usr/bin/python3
"""A long call yields an interim record every timers.interim_s from its answer on, with its media so far, and one final record."""
import sys

sys.dont_write_bytecode = True
import call_tools as t

MINUTE = 60000
A, B = ('192.0.2.11', 4000), ('192.0.2.22', 5000)


def long_call():
    script = t.Script()
    long = t.Call(script, 'long').answered(0, t.sdp(A), t.sdp(B))
    short = t.Call(script, 'short').answered(MINUTE, t.sdp((A[0], 4002)), t.sdp((B[0], 5002)))
    # A packet a second is stream enough, and keeps the capture small.
    script.talk(A, B, 1, 1000, 42 * MINUTE, step_ms=1000)
    script.talk(B, A, 2, 1000, 42 * MINUTE, step_ms=1000)
    short.bye(2 * MINUTE)
    long.bye(42 * MINUTE)
    return script


def main():
    c = t.Cases()
    for cores in (1, 3):
        records = long_call().read('--cores', str(cores))
        name = '%d cores: ' % cores
        interim, final = t.calls(records, 'interim'), {r['call_id'].split('@')[0]: r for r in t.calls(records)}
        c.equal(name + 'one final record a call', sorted(final), ['long', 'short'])
        c.equal(name + 'interim records of the long call alone', [r['call_id'].split('@')[0] for r in interim], ['long'] * 2)
        c.equal(name + 'one uid', [r['uid'] for r in interim], [final['long']['uid']] * 2)
        c.equal(name + 'duration so far, in minutes', [round(r['duration_ms'] / MINUTE) for r in interim], [15, 30])
        c.equal(name + 'basis', [r['duration_basis'] for r in interim], ['interim'] * 2)
        c.equal(name + 'no end', [r.get('end_time') or r.get('end_cause') for r in interim], [None] * 2)
        c.equal(name + 'answered', [r['disposition'] for r in interim], ['answered'] * 2)
        counts = [sorted(s['packets'] for s in r['streams']) for r in interim + [final['long']]]
        c.check(name + 'media so far, to within a second', all(abs(n - 60 * m) <= 2 for row, m in zip(counts, (15, 30)) for n in row), counts)
        c.equal(name + 'media at the end, each packet once', counts[2], [42 * 60 - 1] * 2)
    c.finish()


if __name__ == '__main__':
    main()
