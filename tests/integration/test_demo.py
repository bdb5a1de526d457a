#!/usr/bin/python3
"""The bundled capture: made again it has the same bytes, and `ringtap read` finds exactly what its generator's truth says."""
import json
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import corpus_tools as tools

DATA = os.path.join(tools.SOURCE, 'tests', 'data')
bad = []


def check(good, *words):
    if not good:
        bad.append(' '.join(str(w) for w in words))


def same(r, t, name):
    for key in t:
        if key in ('streams', 'pdd_ms', 'setup_ms', 'duration_ms'):
            continue
        check(r.get(key) == t[key], name, key, 'is', r.get(key), 'not', t[key])
    for key in ('pdd_ms', 'setup_ms', 'duration_ms'):
        if key in t:
            check(r.get(key) is not None and abs(r[key] - t[key]) < 0.001, name, key, 'is', r.get(key), 'not', t[key])


def same_streams(r, t, name):
    found = {('%s:%s' % (s['src_ip'], s['src_port']), '%s:%s' % (s['dst_ip'], s['dst_port']), s['ssrc']): s for s in r.get('streams', [])}
    check(len(found) == len(t.get('streams', [])), name, 'has', len(found), 'streams, not', len(t.get('streams', [])))
    for want in t.get('streams', []):
        s = found.get((want['src'], want['dst'], want['ssrc']), {})
        for key in ('packets', 'expected', 'lost', 'duplicates', 'reordered', 'payload_type'):
            check(s.get(key) == want[key], name, want['ssrc'], key, 'is', s.get(key), 'not', want[key])
        check(s.get('jitter_ms_mean', 99) < 5, name, want['ssrc'], 'jitter is', s.get('jitter_ms_mean'))


def main():
    tools.program()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, os.path.join(DATA, 'make_demo.py'), folder], check=True)
        for name in ('demo.pcap', 'demo.truth.json'):
            made, kept = (open(os.path.join(f, name), 'rb').read() for f in (folder, DATA))
            check(made == kept, 'tests/data/%s is not what make_demo.py makes' % name)
    run = tools.read(tools.DEMO)
    check(run.status == 0, 'exit', run.status, run.err.decode())
    records = run.records()
    truth = json.load(open(os.path.join(DATA, 'demo.truth.json')))
    for kind, wanted in truth.items():
        found = {r['call_id']: r for r in records if r['kind'] + 's' == kind}
        check(len(found) == len(wanted), kind + ':', len(found), 'not', len(wanted))
        for t in wanted:
            r = found.get(t['call_id'], {})
            same(r, t, t['call_id'])
            if kind == 'calls':
                same_streams(r, t, t['call_id'])
    check(not any(r['kind'] == 'stream' for r in records), 'a stream without a call')
    print('\n'.join(bad + ['%d records of %d calls, %d wrong' % (len(records), len(truth['calls']), len(bad))]))
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
