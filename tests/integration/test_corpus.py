#!/usr/bin/python3
"""Every capture of the corpus through `ringtap read`, compared with what its oracle (tshark's decoding, own SIP logic) and its truth files say.

The oracle is a witness, not a judge: a difference that is known and explained stands in corpus_known.tsv (capture, subject, field, reason;
subject and field may be *).  Anything else fails, and so does an explanation that no difference needs any more.
test_corpus.py [--write] [CAPTURE...]: only these; --write prints lines for corpus_known.tsv."""
import collections
import json
import os
import sys

sys.dont_write_bytecode = True
import corpus_tools as tools

KNOWN = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'corpus_known.tsv')
INSTANT = 2e-6    # both print microseconds
SCENARIO = 0.25   # what a loaded machine may add to a pause in a sipp scenario, s


class Capture:
    """The differences of one capture: (subject, field, ours, theirs); counts: [right, all] by group."""
    def __init__(self, name):
        self.name, self.differences = name, []
        self.counts = collections.defaultdict(lambda: [0, 0])

    def check(self, group, subject, field, good, ours=None, theirs=None):
        self.counts[group][1] += 1
        self.counts[group][0] += bool(good)
        if not good:
            self.differences.append((str(subject), field, ours, theirs))
        return good

    def same(self, group, subject, field, ours, *theirs):
        """Absent, empty and null are one."""
        self.check(group, subject, field, any((ours or None) == (t or None) for t in theirs), ours, theirs[0])

    def instant(self, group, subject, field, ours, *theirs, within=INSTANT):
        ours = tools.seconds_of(ours)
        good = any(ours is None and t is None or None not in (ours, t) and abs(ours - t) <= within for t in theirs)
        self.check(group, subject, field, good, ours, theirs[0])


def compare_calls(c, calls, expected):
    by_id = collections.defaultdict(list)
    for r in calls:
        by_id[r.get('call_id') or ''].append(r)
    for e in expected:
        name = e['call_id'] or '(no Call-ID)'
        found = by_id.get(e['call_id'] or '', [])
        if not c.check('calls', name, 'call', found, 'none', 'one'):
            continue
        r = next((x for x in found if (x.get('from_tag') or '') == (e.get('from_tag') or '')), found[0])
        for ours, theirs in (('from_user', 'from_user'), ('from_host', 'from_host'), ('to_user', 'to_user'), ('from_tag', 'from_tag'),
                             ('sip_code', 'final_status'), ('retransmissions', 'retransmissions')):
            c.same('fields', name, ours, r.get(ours), e[theirs])
        c.instant('fields', name, 'invite_time', r.get('invite_time'), e['first_invite_time'])
        c.instant('fields', name, 'answer_time', r.get('answer_time'), e['answer_time'], e.get('answer_time_hop1'))
        if e['end_time'] is not None:
            c.instant('fields', name, 'end_time', r.get('end_time'), e['end_time'])
        if e['released_by'] in ('caller', 'callee'):
            c.same('fields', name, 'ended_by', r.get('ended_by'), e['released_by'])


def compare_extra(c, calls, expected):
    """A call that the oracle does not see at all is as wrong as one that is missing; begun before the capture, it is an orphan dialog."""
    theirs = {(e['call_id'] if isinstance(e, dict) else e) or '' for key in ('calls', 'orphan_dialogs') for e in expected.get(key, [])}
    for r in calls:
        c.check('extra', r.get('call_id') or '(no Call-ID)', 'extra call', (r.get('call_id') or '') in theirs, 'one', 'none')


def compare_transactions(c, ours, calls, expected):
    """Those of a call are in its own record, not records of their own."""
    in_calls = {r.get('call_id') or '' for r in calls}
    left = collections.Counter((r.get('call_id') or '', r.get('cseq') or 0, r.get('method')) for r in ours)
    status = {(r.get('call_id') or '', r.get('cseq') or 0, r.get('method')): r.get('sip_code') for r in ours}
    for e in expected:
        key = (e['call_id'] or '', e['cseq'] or 0, e['method'])
        if key[0] in in_calls:
            continue
        name = '%s %s' % (e['method'], e['call_id'])
        if c.check('transactions', name, 'transaction', left[key] > 0, 'none', 'one'):
            left[key] -= 1
            c.same('transactions', name, 'sip_code', status[key], e['status'])


def compare_registrations(c, ours, expected):
    left = list(ours)
    for e in expected:
        name = 'register ' + (e['call_id'] or '')
        began = lambda r: tools.seconds_of(r.get('request_time') or r.get('response_time')) or 0
        near = [r for r in left if (r.get('call_id') or '') == (e['call_id'] or '') and abs(began(r) - e['time']) <= INSTANT]
        if not c.check('registrations', name, 'registration', near, 'none', 'one'):
            continue
        r = near[0]
        left.remove(r)
        c.same('registrations', name, 'aor', r.get('aor'), e['aor'])
        c.same('registrations', name, 'sip_code', r.get('sip_code'), e['final_status'])
        c.same('registrations', name, 'attempts', r.get('attempts'), e['attempts'])
        for key in ('requested_expires', 'granted_expires'):
            if key in e:
                c.same('registrations', name, key, r.get(key), e[key])
    for r in left:
        c.check('registrations', 'register ' + r.get('call_id', ''), 'registration', False, 'one', 'none')


def compare_streams(c, ours, expected):
    by_key = collections.defaultdict(list)
    for s in ours:
        by_key[s.get('src_ip'), s.get('src_port'), s.get('dst_ip'), s.get('dst_port'), int(s.get('ssrc', '0'), 16)].append(s)
    for e in expected:
        if e.get('heuristic', False) or 'tshark' not in e:
            continue
        name = '%s:%s>%s:%s %s' % (e['src'], e['sport'], e['dst'], e['dport'], e['ssrc'])
        found = by_key.get((e['src'], e['sport'], e['dst'], e['dport'], int(e['ssrc'], 16)), [])
        if not c.check('streams', name, 'stream', found, 'none', 'one'):
            continue
        # A stream on an address that two calls use may be split between them; tshark counts duplicates as negative loss, calc does not.
        witnesses = [w for w in (e['tshark'], e.get('calc')) if w]
        for key in ('packets', 'lost'):
            total = sum(s.get(key, 0) for s in found)
            c.check('exact', name, key, any(w.get(key) == total for w in witnesses), total, e['tshark'].get(key))


def truth_calls(c, calls, truth):
    """By hand from the scenario: caller and callee name the call."""
    left = list(calls)
    c.check('truth', '*', 'calls', len(calls) == len(truth), len(calls), len(truth))
    for t in truth:
        name = '%s>%s' % (t.get('from_user', '?'), t.get('to_user', '?'))
        r = next((r for r in left if t.get('from_user') in (None, r.get('from_user')) and t.get('to_user') in (None, r.get('to_user'))), None)
        if not c.check('truth', name, 'call', r, 'none', 'one'):
            continue
        left.remove(r)
        causes = {'BYE': ('bye',), 'CANCEL': ('cancel',), 'FAILURE': ('failure',), 'REDIRECT': ('redirect',), 'NONE': ('timeout', 'capture_end')}
        for key, ours in (('final_status', 'sip_code'), ('messages', 'messages'), ('retransmissions', 'retransmissions'), ('replaces', 'replaces'), ('transport', 'transport'), ('ntags', 'forks')):
            # No final response is a statement; no count is none.
            if key in t and (t[key] is not None or key == 'final_status'):
                c.same('truth', name, ours, r.get(ours), t[key])
        if 'end_reason' in t:
            c.same('truth', name, 'end_cause', r.get('end_cause'), *causes[t['end_reason']])
        if t.get('released_by'):
            c.same('truth', name, 'ended_by', r.get('ended_by'), t['released_by'])
        for key, least in (('hold', 'holds'), ('prack', 'prack'), ('forked', 'forks')):
            if t.get(key):
                c.check('truth', name, least, (r.get(least) or 0) >= 1, r.get(least), 'at least 1')
        if 'minretx' in t:
            c.check('truth', name, 'retransmissions', r.get('retransmissions', 0) >= t['minretx'], r.get('retransmissions'), t['minretx'])
        if 'refer' in t:
            c.check('truth', name, 'transfer_to', r.get('transfer_to'), None, 'a Refer-To')
        if 'warn' in t:
            c.check('truth', name, 'warnings', t['warn'] in (r.get('warnings') or []), r.get('warnings'), t['warn'])
        began = tools.seconds_of(r.get('invite_time'))
        for key, ours in (('answer_time', 'answer_time'), ('end_time', 'end_time'), ('first_18x_time', 'ringing_time')):
            if key in t.get('rel', {}) and began:
                c.instant('truth', name, ours, r.get(ours), began + t['rel'][key], within=SCENARIO)


def truth_whole(c, records, calls, truth):
    every = list(tools.streams_of(records))
    streams = [s for s in every if s.get('codec') != 't38']
    if isinstance(truth.get('calls'), list):
        truth_calls(c, calls, truth['calls'])
    elif 'calls' in truth:
        c.same('truth', '*', 'calls', len(calls), truth['calls'])
    for key in ('streams', 'rtp_streams'):
        if isinstance(truth.get(key), int):
            c.check('truth', '*', key, len(streams) == truth[key], len(streams), truth[key])
    if isinstance(truth.get('t38'), int) and not isinstance(truth['t38'], bool):
        c.check('truth', '*', 't38', len(every) - len(streams) == truth['t38'], len(every) - len(streams), truth['t38'])
    if 'pk' in truth:
        packets, sent = sorted(s.get('packets', 0) for s in every), sorted(p for p in truth['pk'] if p)
        c.check('truth', '*', 'packets', all(packets.count(p) >= sent.count(p) for p in sent), packets, truth['pk'])
    if 'final_status' in truth:
        c.same('truth', '*', 'sip_code', calls[0].get('sip_code') if calls else 'no call', truth['final_status'])
    if 'bye' in truth:
        c.same('truth', '*', 'ended_by', calls[0].get('ended_by') if calls else 'no call', truth['bye'])
    if truth.get('invite_seen') is False:
        c.same('truth', '*', 'invite_time', calls[0].get('invite_time') if calls else 'no call', None)
    if truth.get('answered'):
        c.same('truth', '*', 'disposition', calls[0].get('disposition') if calls else 'no call', 'answered')
    if 'messages' in truth:
        c.same('truth', '*', 'messages', calls[0].get('messages') if calls else 'no call', truth['messages'])
    if 'codec' in truth:
        for s in streams:
            c.same('truth', '*', 'codec', '%s/%s' % (s.get('codec'), s.get('clock_rate')), truth['codec'])
    if isinstance(truth.get('streams'), dict):
        for name, t in truth['streams'].items():
            s = next((s for s in streams if '%s:%s>%s:%s' % (s['src_ip'], s['src_port'], s['dst_ip'], s['dst_port']) == name), {})
            for key, ours in (('received', 'packets'), ('expected', 'expected'), ('lost', 'lost'), ('duplicated', 'duplicates')):
                if key in t:
                    c.check('truth', name, ours, s.get(ours) == t[key], s.get(ours), t[key])
    regs = [r for r in records if r['kind'] == 'registration']
    for i, t in enumerate(truth.get('regs', [])):
        r = regs[i] if i < len(regs) else {}
        for key, ours in (('aor', 'aor'), ('kind', 'action'), ('final_status', 'sip_code'), ('requested_expires', 'requested_expires'),
                          ('granted_expires', 'granted_expires'), ('attempts', 'attempts')):
            if key in t:
                c.same('truth', 'register %d' % i, ours, r.get(ours), t[key])


def compare_same(c, calls, source):
    """A rewrite of a capture gives the calls of its source."""
    others = {r['call_id']: r for r in tools.read(source).records() if r['kind'] == 'call' and r['status'] == 'final'}
    twice = 'everything_twice' in c.name
    for r in calls:
        o = others.get(r['call_id'], {})
        for key in ('sip_code', 'disposition', 'ended_by', 'end_cause', 'retransmissions', 'holds', 'methods') + (() if twice else ('messages', 'capture_duplicates')):
            c.same('truth', r['call_id'], key, r.get(key), o.get(key))
        figures = [[(s.get('ssrc'), s.get('lost'), s.get('expected'), s['packets'] - (s['duplicates'] if twice else 0)) for s in x.get('streams', [])] for x in (r, o)]
        c.check('truth', r['call_id'], 'streams', sorted(figures[0]) == sorted(figures[1]), *figures)
    c.check('truth', '*', 'calls', len(calls) == len(others), len(calls), len(others))


def judge(name):
    c = Capture(name)
    path = os.path.join(tools.CORPUS, name)
    run = tools.read(path)
    # A capture that is damaged on purpose is said to be so (1) and read as far as it goes.
    c.check('runs', '*', 'exit', run.status in (0, 1), 'time limit' if run.status is None else run.status, '0 or 1')
    try:
        records = [r for r in run.records() if r.get('status', 'final') == 'final']
    except ValueError as e:
        c.check('runs', '*', 'json', False, str(e), 'one JSON object a line')
        return c
    calls = [r for r in records if r['kind'] == 'call' and r['status'] == 'final']
    expected = os.path.join(tools.CORPUS, 'expected', name + '.json')
    if os.path.exists(expected):
        e = json.load(open(expected))
        compare_calls(c, calls, e.get('calls', []))
        compare_extra(c, calls, e)
        compare_transactions(c, [r for r in records if r['kind'] == 'transaction'], calls, e.get('transactions', []))
        compare_registrations(c, [r for r in records if r['kind'] == 'registration'], e.get('registrations', []))
        compare_streams(c, tools.streams_of(records), e.get('rtp_streams', []))
    truth = os.path.splitext(path)[0] + '.truth.json'
    if os.path.exists(truth):
        t = json.load(open(truth))
        truth_whole(c, records, calls, t)
        if 'same_as' in t:
            compare_same(c, calls, os.path.join(tools.CORPUS, 'flows', os.path.basename(t['same_as'])))
    return c


def known():
    lines = {}
    for number, line in enumerate(open(KNOWN, encoding='utf8') if os.path.exists(KNOWN) else [], 1):
        if line.strip() and not line.startswith('#'):
            cells = line.rstrip('\n').split('\t')
            if len(cells) != 4 or not cells[3].strip():
                sys.exit('corpus_known.tsv:%d: wants capture, subject, field, reason, separated by tabs' % number)
            lines[tuple(cells[:3])] = 0
    return lines


def main():
    write = '--write' in sys.argv
    tools.program()
    wanted = [a for a in sys.argv[1:] if a != '--write']
    names = [n for n in tools.captures() if not wanted or any(w in n for w in wanted)]
    explained, unexplained, listed = known(), 0, 0
    counts = collections.defaultdict(lambda: [0, 0])
    for c in tools.in_parallel(judge, names):
        for group, (good, of) in c.counts.items():
            counts[group][0] += good
            counts[group][1] += of
        for subject, field, ours, theirs in c.differences:
            shown = subject.replace('\t', ' ').replace('\n', ' ').encode('utf8', 'replace').decode()
            key = next((k for k in explained if k[0] == c.name and k[1] in ('*', shown) and k[2] in ('*', field)), None)
            if key:
                explained[key] += 1
                listed += 1
                continue
            unexplained += 1
            line = [c.name, shown, field, 'ours %r, theirs %r' % (ours, theirs)]
            print(('\t' if write else ' ').join(line).encode('utf8', 'replace').decode())
    stale = [k for k, n in explained.items() if n == 0 and k[0] in names]
    for k in stale:
        print('stale: corpus_known.tsv lists %s, and it no longer differs' % ' '.join(k))
    print('%d captures: ' % len(names) + ' '.join('%s %d/%d' % (g, *counts[g]) for g in ('runs', 'calls', 'fields', 'extra', 'registrations', 'transactions', 'streams', 'exact', 'truth')))
    print('%d differences: %d known, %d unexplained; %d stale explanations' % (listed + unexplained, listed, unexplained, len(stale)))
    return 1 if unexplained or stale else 0


if __name__ == '__main__':
    sys.exit(main())
