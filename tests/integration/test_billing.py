#!/usr/bin/python3
"""test_billing.py - the billing files of a day of traffic add up, in every form of theirs, and reach who is to have them.

A day of calls from `ringtap gen` goes through `ringtap read --out`; files and manifest are read by nothing of ringtap's: every sequence once,
every checksum right, durations the generator's to the millisecond, TS 32.298 records decoded against the store, masked numbers nowhere.
Then the collector hands files over by a command that fails, succeeds, and is killed with it; and deletes only what is handed over."""
import csv
import datetime
import gzip
import hashlib
import io
import json
import os
import re
import signal
import sqlite3
import struct
import subprocess
import tempfile

import sink_tools as base
from sink_tools import check

ASN = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'ims.asn')
DAY = ('--cps 0.03 --duration 24h --hold 150s --hold-spread exponential --ring 4s --no-rtp --callee-ends 40% --auth 10% '
       '--fates answered=6,busy=1,no_answer=1,cancelled=1,rejected=1,failed=1 --seed 7').split()
KEY = 'a key of the test, long enough'


def config(path, **billing):
    with open(path, 'w') as f:
        f.write('billing:\n' + ''.join(f'  {key}: {json.dumps(value)}\n' for key, value in billing.items()))
    return path


def manifest_of(folder):
    with open(f'{folder}/manifest.jsonl') as f:
        return [json.loads(line) for line in f]


def contents(folder):
    """Name, line and content of each file, each as its line of the manifest says."""
    sequence = billing_seq = position = 0
    for line in manifest_of(folder):
        with open(f'{folder}/{line["file"]}', 'rb') as f:
            data = f.read()
        content = gzip.decompress(data) if line['compression'] == 'gzip' else data
        sequence += 1
        said = (line['file_sequence'], line['bytes'], line['sha256'], line['content_bytes'], line['content_sha256'], line['first_billing_seq'])
        found = (sequence, len(data), hashlib.sha256(data).hexdigest(), len(content), hashlib.sha256(content).hexdigest(), billing_seq + 1)
        if said != found or line['from_position'] < position:
            check(f'{line["file"]} is as the manifest says', False, (said, found))
        billing_seq, position = line['last_billing_seq'], line['to_position']
        yield line, content


def read_out(root, name, capture, **billing):
    """`ringtap read --out`: the folder of the billing files."""
    out = f'{root}/{name}'
    command = [base.RINGTAP, 'read', '-c', config(f'{root}/{name}.yaml', **billing), '--out', out, capture]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return f'{out}/billing'


def test_day(root, capture, truth):
    folder = read_out(root, 'csv', capture, compression='gzip', rotate_records=300)
    rows, files = [], 0
    for line, content in contents(folder):
        more = list(csv.DictReader(io.StringIO(content.decode(), newline='')))
        with open(f'{folder}/{line["schema"]}') as f:
            schema = json.load(f)
        if [c['name'] for c in schema['columns']] != list(more[0]) or len(more) != line['records'] or line['lost']:
            check(f'{line["file"]} is as its schema and the manifest say', False, line)
        rows, files = rows + more, files + 1
    check(f'{files} files are as the manifest says', files > 5)
    check('every sequence is there once', [int(r['billing_seq']) for r in rows] == list(range(1, len(rows) + 1)))
    final = {r['call_id']: r for r in rows if r['status'] == 'final'}
    check(f'{len(truth)} calls are there once', final.keys() == truth.keys() and len(final) == sum(r['status'] == 'final' for r in rows))
    bad = [(t['call_id'], t.get('duration_ms'), final[t['call_id']]['duration_ms']) for t in truth.values()
           if abs((t.get('duration_ms') or 0) - float(final[t['call_id']]['duration_ms'] or 0)) >= 1 or
           ('duration_ms' in t) != (final[t['call_id']]['duration_ms'] != '')]
    total = sum(t.get('duration_ms') or 0 for t in truth.values())
    billed = sum(float(r['duration_ms'] or 0) for r in final.values())
    check(f'durations are the generator\'s, {total / 60000:.3f} minutes together', not bad and abs(total - billed) < 1, bad[:3])


def test_masks(root, capture, truth):
    key = f'{root}/key'
    with open(key, 'w') as f:
        f.write(KEY + '\n')
    folder = read_out(root, 'masked', capture, format='jsonl', mask_key_file=key,
                      columns=['from_user', 'to_user', 'ruri_user', 'src_ip', 'flow', 'transactions', 'status'],
                      mask=['from_user=keep_last:3', 'to_user=hash', 'ruri_user=drop', 'src_ip=keep_first:16'])
    text = b''.join(content for _, content in contents(folder)).decode()
    rows = [json.loads(line) for line in text.splitlines()]
    numbers = {t[field] for t in truth.values() for field in ('from_user', 'to_user')}
    check('no masked number is anywhere', rows and not any(number in text for number in numbers))
    check('the last digits are there', all(re.fullmatch(r'\*+\d{3}', r['from_user']) for r in rows) and 'ruri_user' not in text)
    import hmac
    want = sorted({hmac.new(KEY.encode(), t['to_user'].encode(), 'sha256').hexdigest()[:32] for t in truth.values()})
    check('hashes are HMAC-SHA256 under the key', sorted({r['to_user'] for r in rows}) == want)
    inside = {m['src_ip'] for r in rows for m in r.get('flow', [])} | {r['src_ip'] for r in rows}
    check('addresses in lists are masked too', len(inside) > 0 and all(ip.endswith('.0.0') for ip in inside), sorted(inside)[:3])


# ---- TS 32.297, TS 32.298 ----

def asn_types():
    with open(ASN) as f:
        text = re.sub(r'--.*', '', f.read())
    return {name: {int(tag): (field, kind) for field, tag, kind in re.findall(r'(\S+)\s+\[(\d+)\]\s+([\w-]+(?: STRING)?)', body)}
            for name, body in re.findall(r'([\w-]+) ::= \w+\s*\{(.*?)\}', text, re.S)}


def tlv(data):
    """(class bits, constructed, tag, content) of each element."""
    at, found = 0, []
    while at < len(data):
        first, tag = data[at], data[at] & 31
        at += 1
        if tag == 31:
            tag = 0
            while True:
                tag, at = tag << 7 | data[at] & 127, at + 1
                if not data[at - 1] & 128:
                    break
        length = data[at]
        at += 1
        if length & 128:
            n = length & 127
            length, at = int.from_bytes(data[at:at + n], 'big'), at + n
        if at + length > len(data):
            raise ValueError('an element is longer than what holds it')
        found.append((first >> 6, bool(first & 32), tag, data[at:at + length]))
        at += length
    return found


def decode(types, kind, content):
    if kind in types:
        fields = {}
        for bits, _, tag, inner in tlv(content):
            name, inner_kind = types[kind][tag]
            if bits != 2 or name in fields:
                raise ValueError(f'{name} in {kind}')
            fields[name] = decode(types, inner_kind, inner)
        return fields
    if kind == 'ListOfInvolvedParties':
        return [{types['InvolvedParty'][tag][0]: inner.decode()} for _, _, tag, inner in tlv(content)]
    if kind in ('INTEGER', 'ENUMERATED'):
        return int.from_bytes(content, 'big', signed=True)
    if kind == 'BOOLEAN':
        return content != b'\0'
    if kind == 'TimeStamp':
        if len(content) != 9 or content[6:] != b'+\0\0':
            raise ValueError('a time')
        return '20' + content[:6].hex()
    return content.decode()


def clock(text, form='%Y%m%d%H%M%S'):
    return text and datetime.datetime.strptime(text[:19], '%Y-%m-%dT%H:%M:%S').strftime(form)


def expected(row, sequence):
    answer, end = row['answer_time'], row['end_time']
    want = {'recordType': 82, 'sIP-Method': 'INVITE', 'nodeAddress': {'domainName': row['probe']}, 'session-Id': row['call_id'],
            'list-Of-Calling-Party-Address': [{'sIP-URI': f'sip:{row["from_user"]}@{row["from_host"]}'}],
            'called-Party-Address': {'sIP-URI': f'sip:{row["ruri_user"]}@{row["ruri_host"]}'},
            'serviceRequestTimeStamp': clock(row['invite_time']), 'serviceDeliveryStartTimeStamp': clock(answer),
            'serviceDeliveryEndTimeStamp': answer and clock(end), 'recordOpeningTime': clock(row['invite_time']), 'recordClosureTime': clock(end),
            'localRecordSequenceNumber': sequence, 'iMS-Charging-Identifier': row['icid'],
            'causeForRecordClosing': 3 if row['status'] == 'interim' else 5 if row['end_cause'] in ('evicted', 'capture_end')
            else 0 if row['disposition'] == 'answered' else 1,
            'serviceReasonReturnCode': row['sip_code'] and str(row['sip_code']),
            'serviceRequestTimeStampFraction': int(row['invite_time'][20:23]),
            'serviceDeliveryStartTimeStampFraction': answer and int(answer[20:23]),
            'serviceDeliveryEndTimeStampFraction': answer and end and int(end[20:23])}
    return {key: value for key, value in want.items() if value is not None}


def stored(folder):
    rows = []
    for name in os.listdir(folder):
        if name.startswith('ringtap-') and name.endswith('.db'):
            db = sqlite3.connect(f'file:{folder}/{name}?mode=ro', uri=True)
            db.row_factory = sqlite3.Row
            rows += [dict(r) for r in db.execute('SELECT * FROM calls')]
    return sorted(rows, key=lambda r: r['position'])


def cdrs(content):
    """The records of a file of TS 32.297, each as its bytes in BER."""
    at = 54
    while at < len(content):
        size, version, form, extension = struct.unpack('>HBBB', content[at:at + 5])
        if (version, form, extension) != (0xe0, 1 << 5 | 9, 2):
            check('the CDR\'s header is right', False, (version, form, extension))
        yield content[at + 5:at + 5 + size]
        at += 5 + size
    if at != len(content):
        check('CDRs fill the file', False, (at, len(content)))


def test_ts32298(root, capture, truth):
    folder = read_out(root, 'ims', capture, format='ts32298', rotate_records=300, node_address='192.0.2.7')
    types, records, first = asn_types(), [], None
    for line, content in contents(folder):
        length, header, high, low, opened, last, count, sequence, closure, node, lost, routeing, private, more, less = struct.unpack(
            '>IIBBIIIIB20sBHHBB', content[:54])
        want = (len(content), 54, 0xe0, 0xe0, line['records'], line['file_sequence'], b'\xff' * 4 + bytes(10) + b'\xff\xff\xc0\0\2\7', 0, 0, 0, 2, 2)
        if (length, header, high, low, count, sequence, node, lost, routeing, private, more, less) != want:
            check('the file\'s header is right', False, line)
        for bits, text in ((opened, line['first_time']), (last, line['last_time'])):
            parts = (bits >> 28, bits >> 23 & 31, bits >> 18 & 31, bits >> 12 & 63, bits & 4095)
            if parts != tuple(map(int, clock(text, '%m %d %H %M').split())) + (2048,):
                check('the file\'s times are right', False, (parts, text))
        if closure != (3 if line['records'] == 300 else 0):
            check('the closure reason is right', False, closure)
        for cdr in cdrs(content):
            first = first or cdr
            records.append(decode(types, 'IMSRecord', cdr)['iBCFRecord'])
    rows = stored(f'{root}/ims/store')
    wrong = [(got, want) for got, want in zip(records, (expected(r, i + 1) for i, r in enumerate(rows))) if got != want]
    check(f'{len(records)} CDRs say what the store says, field by field', len(records) == len(rows) > len(truth) * 0.9 and not wrong, wrong[:1])
    parsed = subprocess.run(['openssl', 'asn1parse', '-inform', 'DER'], input=first, stdout=subprocess.PIPE, check=True).stdout.decode()
    check('openssl reads them', 'cont [ 82 ]' in parsed and parsed.count('prim') >= 10, parsed)


# ---- to who is to have them ----

HOOK = '''#!/bin/sh
echo "$2" >> {root}/calls
while test -e {root}/hang; do sleep 0.05; done
test -e {root}/down && exit 3
cp "$1" {root}/delivered/.part && mv {root}/delivered/.part "{root}/delivered/$(basename "$1")"
'''


def test_hook(root):
    os.makedirs(f'{root}/delivered')
    with open(f'{root}/hook', 'w') as f:
        f.write(HOOK.format(root=root))
    os.chmod(f'{root}/hook', 0o755)
    place = base.Place(root, '')
    with open(place.config) as f:
        text = f.read().replace('billing: {enabled: false}\n', '')
    hooked = (f'billing: {{dir: "{root}/billing", rotate_records: 50, rotate_s: 1, compression: gzip, hook: ["{root}/hook", "{{file}}", "{{sequence}}"],'
              f' hook_retry_s: 1, columns: [uid, seq], retention_bytes: 1}}\n')
    with open(place.config, 'w') as f:
        f.write(text + hooked)

    def calls():
        try:
            with open(f'{root}/calls') as f:
                return [int(line) for line in f]
        except FileNotFoundError:
            return []

    def files():
        return sorted(name for name in os.listdir(f'{root}/billing') if name.startswith('ringtap-') and not name.endswith('.part'))

    try:
        open(f'{root}/down', 'w').close()
        place.publish(200, 0).wait()
        collector = place.collector()
        check('a command that fails runs again', base.wait_for(15, lambda: calls()[:2] == [1, 1]), calls())
        lines = base.wait_for(10, lambda: len(manifest_of(f'{root}/billing')) >= 4 and manifest_of(f'{root}/billing'))
        check('the next files wait', set(calls()) == {1} and not os.listdir(f'{root}/delivered'))
        check('what is not handed over is not deleted', len(files()) == len(lines) >= 4 and 'is past its retention and stays' in place.log())
        os.rename(f'{root}/down', f'{root}/hang')
        before = len(calls())
        check('it runs', base.wait_for(15, lambda: len(calls()) > before))
        collector.send_signal(signal.SIGKILL)
        collector.wait()
        os.unlink(f'{root}/hang')
        collector = place.collector()
        delivered = base.wait_for(20, lambda: len(calls()) and calls()[-1] >= len(lines) and len(os.listdir(f'{root}/delivered')) >= len(lines))
        check('after kill -9 every file is handed over', delivered, (calls(), os.listdir(f'{root}/delivered')))
        check('in order', calls() == sorted(calls()))
        collector.terminate()
        collector.wait(30)
        good = 0
        for line in manifest_of(f'{root}/billing'):
            with open(f'{root}/delivered/{line["file"]}', 'rb') as f:
                good += hashlib.sha256(f.read()).hexdigest() == line['sha256']
        with open(f'{root}/billing/handed_over') as f:
            check('and noted', int(f.read()) == good == len(manifest_of(f'{root}/billing')))
        collector = place.collector()
        check('what is handed over is deleted by retention', base.wait_for(10, lambda: not files()), files())
        collector.terminate()
        collector.wait(30)
        rows = []
        for name in sorted(os.listdir(f'{root}/delivered')):
            with gzip.open(f'{root}/delivered/{name}', 'rt', newline='') as f:
                rows += list(csv.DictReader(f))
        check('every record is with the receiver once', sorted(int(r['billing_seq']) for r in rows) == list(range(1, 201)) and len({r['uid'] for r in rows}) == 200)
    finally:
        place.close()


def main():
    with tempfile.TemporaryDirectory(prefix='ringtap-billing-') as root:
        capture, truth_file = f'{root}/day.pcap', f'{root}/day.jsonl'
        subprocess.run([base.RINGTAP, 'gen', *DAY, '-w', capture, '-t', truth_file], check=True, stdout=subprocess.DEVNULL)
        with open(truth_file) as f:
            truth = {t['call_id']: t for t in map(json.loads, f) if t['kind'] == 'call'}
        test_day(root, capture, truth)
        test_masks(root, capture, truth)
        test_ts32298(root, capture, truth)
        os.makedirs(f'{root}/hook')
        test_hook(f'{root}/hook')


if __name__ == '__main__':
    main()
