#!/usr/bin/python3
"""Every call flow of tests/data/make_flows.py: the record of each says what its truth says; and changed, message by message, nothing wrong
(flow_judge.py is the law).

test_flows.py [NAME...]: only these.  A line for each scenario; below it what did not hold."""
import collections
import json
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'data'))
import corpus_tools as tools
import flow_judge
import flow_maker
import make_flows

FOLDER = os.path.join(tools.SOURCE, 'tests', 'data', 'flows')
APART_US = 4 * 3600 * 10 ** 6  # between variants: longer than any timer
T1_US = 500000                 # a retransmission is not sooner (RFC 3261 17.1.1.2)
SWAPPED_US = 3000000           # neighbours further apart do not overtake each other
SHOWN = 6                      # complaints of a scenario

# (scenario, change, field): the truth itself changes there; why.
EXCEPTIONS = {
    # Which BYE of two was the first is told by their order, and by the one that is there.
    ('bye_crossing', 'swapped', 'ended_by'), ('bye_crossing', 'without', 'ended_by'), ('bye_crossing', 'only', 'ended_by'), ('bye_crossing', 'nothing', 'ended_by'),
    # Without the magic cookie or without the INVITE, the branch of an ACK does not tell what it acknowledges before that is seen.
    ('rfc2543', 'swapped', 'ack_time'), ('lacks_invite', 'swapped', 'ack_time'),
    # What was asked for before the longer interval was.
    ('register_423', 'cut', 'requested_expires'),
    # Where the first answer is not there, the second one is the answer, and its BYE the end.
    ('fork_two_answers', 'cut', 'end_time'), ('fork_two_answers', 'cut', 'to_tag'), ('fork_two_answers', 'only', 'answer_time'), ('fork_two_answers', 'only', 'end_time'),
}


# ---- whole ----

def whole(flow):
    """Complaints about the committed capture: each field of its truth file."""
    base = os.path.join(FOLDER, flow.name)
    truth = json.load(open(base + '.truth.json'))['records']
    run = tools.read(base + '.pcap')
    if run.status != 0:
        return ['exit %s: %s' % (run.status, run.err.decode()[:200])]
    judge = flow_judge.Judge(flow, flow.messages, len(flow.media), run.records(), less=False)
    complaints = list(judge.complaints)
    if [{k: make_flows.printed(v) for k, v in t.items()} for t in flow.truth()] != truth:
        complaints.append('the truth file is not what make_flows.py writes: run it again')
    return complaints


# ---- changed ----

def moved(messages, by):
    """The same later, copies still copies of each other."""
    twins = {}
    for m in messages:
        twins[m] = m.moved(m.at + by)
        twins[m].copy_of = twins.get(m.copy_of)
    return list(twins.values())


def variants(flow):
    """(name, messages, media packets, whether some are missing, what was repeated)."""
    all_of, media = flow.messages, flow.media
    for i, m in enumerate(all_of):
        yield 'without %d' % i, all_of[:i] + all_of[i + 1:], media, True, None
    for i in range(1, len(all_of)):
        yield 'cut before %d' % i, all_of[i:], media, True, None
        yield 'cut after %d' % i, all_of[:i], media, True, None
    for i, (m, n) in enumerate(zip(all_of, all_of[1:])):
        if 0 < n.at - m.at <= SWAPPED_US and not m.copy_of and not n.copy_of:
            yield 'swapped %d' % i, all_of[:i] + [n.moved(m.at), m.moved(n.at)] + all_of[i + 2:], media, False, None
    for i, m in enumerate(all_of):
        yield 'mirrored %d' % i, all_of[:i + 1] + [m.mirrored(50)] + all_of[i + 1:], media, False, (m.record, 'capture_duplicates')
        if m.transport == 'UDP':
            yield 'resent %d' % i, all_of[:i + 1] + [m.moved(m.at + T1_US)] + all_of[i + 1:], media, False, (m.record, 'retransmissions')
    for host in sorted({m.src[0] for m in all_of}):
        yield 'only from ' + host, [m for m in all_of if m.src[0] == host], [p for p in media if p[1][0] == host], True, None
        yield 'nothing from ' + host, [m for m in all_of if m.src[0] != host], [p for p in media if p[1][0] != host], True, None


class Variant:
    def __init__(self, number, name, messages, media, less, again):
        self.number, self.name, self.less, self.again, self.records = number, name, less, again, []
        by = number * APART_US
        self.messages = moved(messages, by)
        self.media = [(at + by,) + rest for at, *rest in media for rest in [tuple(rest)]]
        self.token = b'v%04d' % number + flow_maker.TOKEN[5:]

    def on_the_wire(self):
        """With its own Call-IDs and branches."""
        out = {}
        for m in self.messages:
            twin = m.moved(m.at)
            twin.data = m.data.replace(flow_maker.TOKEN, self.token)
            twin.copy_of = out.get(m.copy_of)
            out[m] = twin
        return list(out.values())


def changed(flow):
    """(number of variants, complaints): all variants of a flow in one capture, hours apart, with Call-IDs of their own."""
    made = [Variant(i + 1, *v) for i, v in enumerate(variants(flow))]
    with tempfile.NamedTemporaryFile(suffix='.pcap') as f:
        flow_maker.frames([m for v in made for m in v.on_the_wire()], [p for v in made for p in v.media]).write(f.name)
        run = tools.read(f.name)
    if run.status != 0:
        return len(made), ['exit %s: %s' % (run.status, run.err.decode()[:200])]
    by_number = {v.number: v for v in made}
    for line in run.out.decode().splitlines():
        r = json.loads(re.sub(r'v\d{4}\.flows\.test', flow_maker.DOMAIN, line))
        token = re.search(r'v(\d{4})\.flows\.test', line)
        began = flow_judge.microseconds(r.get('first_time') or '1970-01-01T00:00:00.000000Z')
        number = int(token.group(1)) if token else round((began - flow_maker.BEGAN_US) // APART_US)
        if r['status'] == 'final':
            by_number[number].records.append(r)
    return len(made), [c for v in made for c in complaints_of(flow, v)]


def complaints_of(flow, v):
    change = v.name.split()[0]
    skip = [field for (name, how, field) in EXCEPTIONS if name == flow.name and how in (change, v.name)]
    # A TCP segment captured twice ends in the reassembly of the stream.
    seen, again = v.messages, v.again
    if again and again[0].transport == 'TCP':
        seen, again = [m for m in seen if not m.copy_of], None
    said = flow_judge.Judge(flow, seen, len(v.media), v.records, v.less, skip, again).complaints
    return ['%s: %s' % (v.name, c) for c in said]


# ---- the judge is judged; the table in the README ----

def planted(flow):
    """Wrong claims, put into what was said of a scenario with one message missing: each must be complained of."""
    name = 'without %d' % next(i for i, m in enumerate(flow.messages) if 'answer' in m.marks)
    variant = next(Variant(0, *v) for v in variants(flow) if v[0] == name)
    with tempfile.NamedTemporaryFile(suffix='.pcap') as f:
        flow_maker.frames(variant.on_the_wire(), variant.media).write(f.name)
        records = [r for r in tools.read(f.name).records() if r['status'] == 'final']
    later = make_flows.printed(flow_maker.BEGAN_US + 5000000)
    lies = dict(disposition='busy', sip_code=486, ended_by='callee', end_cause='cancel', answer_time=later, ringing_time=later, end_time=later, invite_time=None,
                duration_ms=1.0, setup_ms=1.0, pdd_ms=1.0, from_user='mallory', to_user='mallory', to_tag='x', src_ip='192.0.2.99', invites=2, forks=2, holds=1,
                retransmissions=1, capture_duplicates=1, auth_challenges=1, transfer_to='sip:x', q850=16, messages=9, warnings=['399 x "x"'], streams=[],
                call_id='x')
    variant.records = records
    missed = ['before any lie: ' + c for c in complaints_of(flow, variant)]
    for field, lie in lies.items():
        variant.records = [dict(r, **{field: lie}) if r['kind'] == 'call' else r for r in records]
        missed += [] if complaints_of(flow, variant) else ['%s: %r is not complained of' % (field, lie)]
    for what, records in (('a record more', records + records[:1]), ('a record less', [])):
        variant.records = records
        missed += [] if complaints_of(flow, variant) else [what + ' is not complained of']
    return len(lies) + 2, missed


def table(names):
    """The README's table names every scenario, and no other."""
    text = open(os.path.join(tools.SOURCE, 'README.md'), encoding='utf8').read()
    section = text.split('\n## Flows\n', 1)[-1].split('\n## ', 1)[0]
    told = [name for row in section.splitlines() if row.startswith('| ') for name in re.findall(r'`(\w+)`', row.rsplit('|', 2)[1])]
    return (['%s is not in the README' % n for n in names if n not in told] + ['the README names %s, which there is not' % n for n in told if n not in names] +
            ['the README names %s twice' % n for n, count in collections.Counter(told).items() if count > 1])


def report(failures, line, shown=SHOWN):
    print('%s: %s' % ('FAILED' if failures else 'ok', line))
    for c in failures[:shown]:
        print('    ' + c)
    if len(failures) > shown:
        print('    ... %d more' % (len(failures) - shown))
    return bool(failures)


def main():
    tools.program()
    wanted = sys.argv[1:]
    flows = [f for f in make_flows.flows() if not wanted or f.name in wanted]
    failed, total = 0, 0
    for flow, (bad, (count, worse)) in zip(flows, tools.in_parallel(lambda f: (whole(f), changed(f)), flows)):
        total += count
        failed += report(['whole: ' + c for c in bad] + worse, '%s (%d variants): %s' % (flow.name, count, flow.title), 10 ** 6 if wanted else SHOWN)
    cases = len(flows)
    if not wanted:
        lies, missed = planted(flows[0])
        failed += report(missed, '%d wrong claims planted in a record are all found' % lies)
        failed += report(table([f.name for f in flows]), 'the table in the README has every scenario')
        cases += 2
    print('%d scenarios, %d variants: %d passed, %d failed' % (len(flows), total, cases - failed, failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
