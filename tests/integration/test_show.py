#!/usr/bin/python3
"""One call whole, and the calls that are asked for: show as text, JSON and picture, message texts, filters against tshark's display filters."""
import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as tree

import netns

DEMO = os.path.join(netns.ROOT, 'tests', 'data', 'demo.pcap')
SVG = '{http://www.w3.org/2000/svg}'
KINDS = '--kind=call,registration,transaction'

# Wireshark's display filter and ours
FILTERS = [
    ('sip.Method == "BYE"', ['--method', 'BYE']),
    ('sip.Method == "INVITE" || sip.Method == "MESSAGE"', ['--method', 'invite,message']),
    ('sip.Status-Code == 486', ['--status', '486']),
    ('sip.Status-Code >= 400 && sip.Status-Code <= 499', ['--status', '4xx']),
    ('sip.CSeq.seq == 2', ['--cseq', '2']),
    ('sip.CSeq.method == "REGISTER"', ['--cseq', 'REGISTER']),
    ('sip.CSeq.seq == 1 && sip.CSeq.method == "BYE"', ['--cseq', '1 BYE']),
    ('sip && ip.addr == 198.51.100.0/24', ['--address', '198.51.100.0/24']),
    ('sip && ipv6.addr == 2001:db8::/32', ['--address', '2001:db8::/32']),
    ('sip && (udp.port == 5060 || tcp.port == 5060)', ['--port', '5060']),
    ('sip.from.user == "alice"', ['--from', 'alice']),
    ('sip.to.user contains "49302"', ['--to', '*49302*']),
    ('sip.User-Agent contains "Phone"', ['--ua', 'phone']),
    ('sip.Call-ID contains "tcp"', ['--call-id', '*tcp*']),
    ('sip.Via.branch contains "-7"', ['--branch', '*-7*']),
    ('sip && !sip', ['--user', 'nobody at all']),
]


def run(argv, status=0):
    p = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
    if p.returncode != status:
        print('%s: status %d\n%s' % (' '.join(argv), p.returncode, p.stderr.decode(errors='replace')))
    return p.stdout.decode()


def records(ringtap, *arguments):
    return [json.loads(line) for line in run([ringtap, 'read', '--format=jsonl', *arguments, DEMO]).splitlines()]


def call_ids(rows):
    return sorted({row['call_id'] for row in rows})


def tshark_call_ids(display_filter):
    lines = run(['tshark', '-r', DEMO, '-Y', display_filter, '-T', 'fields', '-E', 'occurrence=f', '-e', 'sip.Call-ID']).splitlines()
    return sorted({line for line in lines if line})


# ---- show ----

def check_text(check, ringtap, row):
    text = run([ringtap, 'show', '--read', DEMO, row['uid'][:10]])
    for part in [row['uid'], row['call_id'], row['src_ip'], row['dst_ip'], 'INVITE [1]', '200 OK [1 INVITE]', 'RTP PCMA', ' packets, loss ']:
        check.true('text has ' + part, part in text)
    arrows = [line for line in text.splitlines() if re.match(r'  \d\d:\d\d:\d\d\.\d{3}', line) and 'RTP' not in line]
    check.equal('an arrow a message', len(arrows), len(row['flow']))


def check_json(check, ringtap, row):
    shown = json.loads(run([ringtap, 'show', '--read', DEMO, '--format', 'json', '--raw', row['call_id']]))
    raw = shown.pop('raw')
    same = dict(row, seq=shown['seq'])
    check.equal('JSON is the record', shown, same)
    check.equal('a text a message', len(raw), len(row['flow']))
    for message, text in zip(row['flow'], raw):
        start = text.split('\r\n')[0]
        want = message.get('method') or str(message['sip_code'])
        check.true('  of ' + want, want in start and ('CSeq: %d ' % message['cseq']) in text and row['call_id'] in text)


def check_svg(check, ringtap, row):
    root = tree.fromstring(run([ringtap, 'show', '--read', DEMO, '--format', 'svg', '--raw', row['call_id']]))
    texts = [''.join(e.itertext()) for e in root.iter(SVG + 'text')]
    arrows = [e for e in root.iter(SVG + 'line') if e.get('marker-end')]
    check.equal('a picture', root.tag, SVG + 'svg')
    for host in (row['src_ip'], row['dst_ip']):
        check.true('  with the host ' + host, any(t.startswith(host) for t in texts))
    for label in ('INVITE [1]', '180 Ringing [1 INVITE]', '200 OK [1 INVITE]', 'RTP PCMA'):
        check.true('  with ' + label, label in texts)
    check.true('  an arrow a message and stream', len(arrows) >= len(row['flow']) + len(row['streams']), len(arrows))
    width, height = float(root.get('width')), float(root.get('height'))
    inside = all(0 <= float(e.get(k)) <= (width if k[0] == 'x' else height) for e in arrows for k in ('x1', 'y1', 'x2', 'y2'))
    check.true('  nothing beside the paper', inside)
    titles = [''.join(e.itertext()) for e in root.iter(SVG + 'title')]
    check.true('  the texts behind the arrows', sum(t.startswith('INVITE sip:') for t in titles) >= 1)
    check.true('  self-contained', not any('href' in k for e in root.iter() for k in e.keys()))


def check_raw(check, ringtap, row):
    text = run([ringtap, 'show', '--read', DEMO, '--raw', row['call_id']])
    check.equal('every message text', text.count('    Call-ID: %s' % row['call_id']), len(row['flow']))
    check.true('without carriage returns', '\r' not in text)
    run([ringtap, 'show', '--raw', '--store', '/nowhere', row['uid']], 1)


def check_linked(check, ringtap):
    """Both legs through a B2BUA, whichever is asked for, from the capture and from the store."""
    capture = os.path.join(netns.ROOT, 'tests', 'data', 'flows', 'b2bua.pcap')
    legs = [json.loads(line) for line in run([ringtap, 'read', '--format=jsonl', '--flow', '--kind=call', capture]).splitlines()]
    check.equal('two legs', len(legs), 2)
    directory = netns.temporary()
    try:
        run([ringtap, 'read', '--out', directory, capture])
        for source in (['--read', capture], ['--store', directory + '/store']):
            for leg in legs:
                show = [ringtap, 'show', '--linked', *source, leg['uid']]
                shown = json.loads(run(show + ['--format', 'json']))
                check.equal('%s: the legs of %s' % (source[0], leg['call_id']), sorted(r['uid'] for r in shown['legs']), sorted(r['uid'] for r in legs))
                times = [shown['legs'][m['leg']]['flow'][m['message']]['time'] for m in shown['ladder']]
                check.equal('  every message, in order of time', times, sorted(m['time'] for r in legs for m in r['flow']))
                text = run(show)
                check.true('  marked in the text', all(' %s  %s' % (letter, r['uid']) in text for letter, r in zip('AB', shown['legs'])))
                arrows = re.findall(r'^  \d\d:\d\d:\d\d\.\d{3} .{9} ([AB]) ', text, re.M)
                check.true('  on every line', {'A', 'B'} == set(arrows) and len(arrows) >= len(times))
                check.true('  and in the picture', ' B</text>' in run(show + ['--format', 'svg']))
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    raw = json.loads(run([ringtap, 'show', '--linked', '--read', capture, '--raw', '--format', 'json', legs[0]['uid']]))
    check.true('with every text', all(m['raw'].startswith(('SIP/2.0', 'INVITE', 'ACK', 'BYE')) for m in raw['ladder']))


def check_ids(check, ringtap, rows):
    uids = sorted(row['uid'] for row in rows)
    p = subprocess.run([ringtap, 'show', '--read', DEMO], capture_output=True, timeout=120)
    check.equal('several calls and no ID: they are listed', p.returncode, 1)
    calls = sorted(row['uid'] for row in rows if row['kind'] == 'call')
    check.equal('  all of them', sorted(re.findall(rb'^  ([0-9a-f]{32})  ', p.stderr, re.M)), [u.encode() for u in calls])
    run([ringtap, 'show', '--read', DEMO, 'f' * 31 if uids[0][0] != 'f' else '0' * 31], 1)


# ---- filters ----

def check_filters(check, ringtap):
    for wireshark, ours in FILTERS:
        want = tshark_call_ids(wireshark)
        check.equal(' '.join(ours) + ' is ' + wireshark, call_ids(records(ringtap, KINDS, *ours)), want)
        check.true('  which is something', want or '!' in wireshark)


def check_media_filters(check, ringtap, rows):
    calls = [row for row in rows if row['kind'] == 'call']

    def having(key, value):
        return call_ids(row for row in calls if any(s.get(key) == value for s in row.get('streams', ())))

    for codec in ('PCMA', 'G729'):
        check.equal('--codec ' + codec, call_ids(records(ringtap, '--kind=call', '--codec', codec.lower())), having('codec', codec))
    for payload_type in (8, 18):
        check.equal('--pt %d' % payload_type, call_ids(records(ringtap, '--kind=call', '--pt', str(payload_type))), having('payload_type', payload_type))
    ssrcs = {s['ssrc'] for row in calls for s in row.get('streams', ())}
    if shutil.which('tshark'):
        seen = set(run(['tshark', '-r', DEMO, '-Y', 'rtp', '-T', 'fields', '-E', 'occurrence=f', '-e', 'rtp.ssrc']).split())
        check.equal('the SSRCs are those that tshark sees', sorted(ssrcs), sorted(seen))
    for ssrc in sorted(ssrcs)[:3]:
        check.equal('--ssrc ' + ssrc, call_ids(records(ringtap, '--ssrc', ssrc)), having('ssrc', ssrc))


def check_formats(check, ringtap):
    want = call_ids(records(ringtap, '--kind=call', '--status', '4xx'))
    csv = run([ringtap, 'read', '--format=csv', '--status', '4xx', DEMO])
    table = run([ringtap, 'read', '--kind=call', '--status', '4xx', DEMO])
    check.equal('the same calls in CSV', len(csv.splitlines()) - 1, len(want))
    check.true('and in a table', table.splitlines()[-1].startswith('%d calls' % len(want)))
    directory = netns.temporary()
    try:
        run([ringtap, 'read', '--out', directory, DEMO])
        stored = run([ringtap, 'calls', '--store', directory + '/store', '--format=jsonl', '--status', '4xx'])
        check.equal('and in the store', call_ids(map(json.loads, stored.splitlines())), want)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


# ---- summary: RFC 6076 ----

def check_summary(check, ringtap, rows):
    calls = [row for row in rows if row['kind'] == 'call' and 'invite_time' in row]
    codes = [row.get('sip_code', 0) for row in calls]

    def percent(part, whole):
        return round(100 * part / whole, 1)

    answered = sum(200 <= c < 300 for c in codes)
    base = len(codes) - sum(300 <= c < 400 for c in codes)
    want = {'attempts': len(codes), 'answered': answered, 'asr_percent': percent(answered, len(codes)), 'ser_percent': percent(answered, base),
            'seer_percent': percent(answered + sum(c in (480, 486, 600, 603) for c in codes), base),
            'isa_percent': percent(sum(c in (408, 500, 503, 504) for c in codes), len(codes))}
    check.true('the demo has redirected, busy and answered calls', base < len(codes) and 486 in codes and answered > 1)
    directory = netns.temporary()
    try:
        run([ringtap, 'read', '--out', directory, DEMO])
        summary = [ringtap, 'calls', '--store', directory + '/store', '--summary', '--format=jsonl']
        got = json.loads(run(summary))
        check.equal('summary of all calls', {k: got[k] for k in want}, want)
        for by in ('10s', 'source', 'destination', 'prefix=2', 'disposition'):
            groups = [json.loads(line) for line in run(summary + ['--by', by]).splitlines()]
            check.equal('  by %s adds up' % by, (sum(g['attempts'] for g in groups), sum(g['answered'] for g in groups)), (len(codes), answered))
            check.true('  and is several lines', len(groups) > 1)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def main():
    ringtap = netns.program('ringtap')
    check = netns.Check()
    if not os.path.exists(DEMO):
        netns.skip('tests/data/demo.pcap is not there')
    rows = records(ringtap, '--flow')
    row = next(r for r in rows if r['call_id'] == 'answered@demo.example.com')
    for part in (check_text, check_json, check_svg, check_raw):
        part(check, ringtap, row)
    check_ids(check, ringtap, rows)
    check_linked(check, ringtap)
    check_media_filters(check, ringtap, rows)
    check_formats(check, ringtap)
    check_summary(check, ringtap, rows)
    if shutil.which('tshark'):
        check_filters(check, ringtap)
    else:
        print('without tshark: filters are not compared with display filters')
    return 1 if check.failed else 0


if __name__ == '__main__':
    sys.exit(main())
