#!/usr/bin/python3
"""ringtap-collector as a process: kill -9 at random moments, a full disk, two collectors, clear exits.

usage: test_collector.py [--programs COLLECTOR PUBLISH] [crash|disk|loss|usage]
Without --programs they are those of the build directory RINGTAP_BUILD.

Law: every record that was published is exactly once in the store and exactly once in the billing files of the manifest;
what was lost is declared.  Exit 0 fine, 1 failed, 77 the one part that was asked for cannot run here."""
import csv
import glob
import hashlib
import io
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

BUILD = os.environ.get('RINGTAP_BUILD', 'build')
COLLECTOR, PUBLISH = f'{BUILD}/probe/app/ringtap-collector', f'{BUILD}/tests/integration/publish'


class Skip(Exception):
    pass


def check(what, ok, detail=''):
    print(f'{"ok  " if ok else "FAIL"} {what}{": " + str(detail) if detail and not ok else ""}', flush=True)
    if not ok:
        sys.exit(1)


class Place:
    """A configuration with directories of its own."""

    def __init__(self, root, store=None, **billing):
        self.root = root
        self.segment = f'{root}/segment'
        self.store = store or f'{root}/store'
        self.billing = f'{root}/billing'
        self.config = f'{root}/ringtap.yaml'
        keys = {'rotate_s': 1, 'rotate_records': 700, **billing}
        with open(self.config, 'w') as f:
            f.write(f'probe:\n  name: it\n  segment: {self.segment}\n'
                    f'collector:\n  commit_ms: 20\n  commit_records: 500\n'
                    f'store:\n  dir: {self.store}\n  retention_days: 0\n'
                    f'billing:\n  dir: {self.billing}\n' + ''.join(f'  {k}: {v}\n' for k, v in keys.items()))

    def collector(self, *arguments):
        return subprocess.Popen([COLLECTOR, '-c', self.config, *arguments], stderr=open(f'{self.root}/log', 'a'))

    def once(self):
        return self.collector('--once').wait(120)

    def publish(self, records, rate, cores=2, ring=1 << 20, *more):
        return subprocess.Popen([PUBLISH, self.segment, 'it', *map(str, (records, rate, cores, ring)), *more],
                                stdout=subprocess.PIPE, text=True)

    def log(self):
        with open(f'{self.root}/log') as f:
            return f.read()


def store_uids(place):
    uids, positions = [], []
    days = sorted(glob.glob(f'{place.store}/ringtap-*.db'))
    for day in days:
        db = sqlite3.connect(f'file:{day}?mode=ro', uri=True)
        check(f'{os.path.basename(day)} is whole', db.execute('PRAGMA integrity_check').fetchone()[0] == 'ok')
        for position, uid, probe, core, seq in db.execute('SELECT position, uid, probe, core, seq FROM calls'):
            positions.append(position)
            uids.append(uid)
            if uid != f'{probe}.{core}.{seq}':
                check('fields of a record fit together', False, uid)
        db.close()
    check('positions are unique', len(set(positions)) == len(positions))
    return uids, days


def billing_uids(place):
    """The uids in the files of the manifest, which must be as their lines say."""
    uids, sequence, billing_seq, position = [], 0, 0, 0
    lost = 0
    with open(f'{place.billing}/manifest.jsonl') as f:
        lines = [json.loads(line) for line in f]
    for line in lines:
        with open(f'{place.billing}/{line["file"]}', 'rb') as f:
            data = f.read()
        rows = list(csv.DictReader(io.StringIO(data.decode(), newline='')))
        sequence += 1
        fits = (hashlib.sha256(data).hexdigest() == line['sha256'] and len(data) == line['bytes']
                and len(rows) == line['records'] and line['file_sequence'] == sequence
                and f'-{sequence:010d}-' in line['file'] and line['from_position'] >= position
                and line['first_billing_seq'] == billing_seq + 1
                and [int(r['billing_seq']) for r in rows] == list(range(billing_seq + 1, billing_seq + 1 + len(rows)))
                and sum(s['records'] for s in line['sequences']) == len(rows))
        for s in line['sequences']:
            seqs = [int(r['seq']) for r in rows if int(r['core']) == s['core'] and r['probe'] == s['probe']]
            fits = fits and (not seqs or (min(seqs), max(seqs)) == (s['first_seq'], s['last_seq']))
        if not fits:
            check('a file is as the manifest says', False, line)
        billing_seq += len(rows)
        position = line['to_position']
        lost += line['lost']
        uids += [r['uid'] for r in rows]
    check(f'{len(lines)} billing files are as the manifest says', True)
    names = {line['file'] for line in lines} | {line['schema'] for line in lines} | {'manifest.jsonl', 'billing.lock'}
    check('no other file is left', set(os.listdir(place.billing)) == names, set(os.listdir(place.billing)) ^ names)
    return uids, lost


def check_whole(place, records):
    uids, days = store_uids(place)
    check(f'{records} records are in the store, each once', len(uids) == records and len(set(uids)) == records, len(uids))
    billed, lost = billing_uids(place)
    check(f'{records} records are billed, each once', len(billed) == records and set(billed) == set(uids), len(billed))
    return days, lost


def wait_done(process, what, seconds=120):
    try:
        check(what, process.wait(seconds) == 0)
    except subprocess.TimeoutExpired:
        process.kill()
        check(what, False, 'does not end')


def wait_attached(place, before, seconds=30):
    """Until the log says once more than before that a segment is attached."""
    deadline = time.time() + seconds
    while place.log().count('attached') <= before and time.time() < deadline:
        time.sleep(0.02)


def test_crash(root):
    """20 000 records, ten kills."""
    place, rng, records = Place(root), random.Random(7), 20000
    publisher = place.publish(records, 6000)
    for _ in range(10):
        collector = place.collector()
        time.sleep(rng.uniform(0.05, 0.55))
        collector.send_signal(signal.SIGKILL)
        collector.wait()
    collector = place.collector()
    wait_done(publisher, 'the publisher ends')
    check('nothing was dropped', publisher.stdout.read() == f'published {records} dropped 0\n')
    time.sleep(0.1)
    collector.send_signal(signal.SIGKILL)
    collector.wait()
    check('--once takes the rest', place.once() == 0, place.log())
    days, lost = check_whole(place, records)
    check('two days were written', len(days) == 2, days)
    check('nothing is declared lost', lost == 0, lost)
    # And again from where it stood, with an orderly end.
    before = place.log().count('attached')
    collector = place.collector()
    wait_attached(place, before)
    publisher = place.publish(1000, 0)
    wait_done(publisher, 'the publisher goes on')
    collector.send_signal(signal.SIGTERM)
    wait_done(collector, 'SIGTERM ends the collector')
    check_whole(place, records + 1000)


def test_loss(root):
    """A full ring: what does not fit is declared."""
    place = Place(root)
    publisher = place.publish(5000, 0, 2, 1 << 18, 'drop')
    _, published, _, dropped = publisher.communicate()[0].split()
    check('the ring was too small', int(dropped) > 0, dropped)
    check('--once takes the ring', place.once() == 0, place.log())
    wait_done(place.publish(2, 0, 2, 1 << 18), 'one more of each core')
    check('--once takes them', place.once() == 0, place.log())
    _, lost = check_whole(place, int(published) + 2)
    check('the loss is declared, once', lost == int(dropped), f'{lost} of {dropped}')


def test_disk(root, seconds=2.5):
    """A full disk under the store: said once, nothing lost."""
    if os.geteuid() != 0:
        raise Skip('a small tmpfs needs root')
    store = f'{root}/small'
    os.mkdir(store)
    if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=6m', 'none', store], capture_output=True).returncode:
        raise Skip('a tmpfs cannot be mounted here')
    try:
        place, records = Place(root, store), 16000
        collector = place.collector()
        publisher = place.publish(records, 0)
        deadline = time.time() + 60
        while 'trying again' not in place.log() and time.time() < deadline:
            time.sleep(0.05)
        check('the full disk is said', 'trying again' in place.log(), place.log())
        time.sleep(seconds)
        check('the collector lives', collector.poll() is None)
        check('the publisher waits', publisher.poll() is None)
        subprocess.run(['mount', '-o', 'remount,size=512m', store], check=True)
        wait_done(publisher, 'there is room: the publisher ends')
        collector.send_signal(signal.SIGTERM)
        wait_done(collector, 'the collector ends')
        # It is said once by the store and once by billing, which keeps its cursor there.
        check('said once each', place.log().count('trying again') <= 2, place.log())
        _, lost = check_whole(place, records)
        check('nothing is declared lost', lost == 0, lost)
    finally:
        collector.kill()
        collector.wait()
        publisher.kill()
        publisher.wait()
        subprocess.run(['umount', store])


def test_usage(root):
    """Exits and messages."""
    place = Place(root)

    def outcome(*arguments):
        run = subprocess.run([COLLECTOR, *arguments], capture_output=True, text=True)
        return run.returncode, run.stdout, run.stderr

    code, out, _ = outcome('--help')
    check('--help', code == 0 and 'examples' in out)
    code, out, _ = outcome('--version')
    check('--version', code == 0 and out.startswith('ringtap-collector '))
    check('no configuration: usage', outcome()[0] == 2)
    check('an unknown option: usage', outcome('--frobnicate')[0] == 2)
    check('an argument too many: usage', outcome('-c', place.config, 'x')[0] == 2)
    code, _, err = outcome('-c', f'{root}/absent.yaml')
    check('an absent configuration is named', code == 1 and 'absent.yaml' in err, err)
    code, _, err = outcome('-c', place.config, '--once')
    check('--once without a segment', code == 1 and 'segment' in err, err)
    publisher = place.publish(10, 0)
    wait_done(publisher, 'a segment with ten records')
    collector = place.collector()
    deadline = time.time() + 20
    while 'attached' not in place.log() and time.time() < deadline:
        time.sleep(0.02)
    code, _, err = outcome('-c', place.config)
    check('a second collector is refused', code == 1 and 'another' in err, err)
    def reloaded(sentence):
        collector.send_signal(signal.SIGHUP)
        deadline = time.time() + 20
        while sentence not in place.log() and time.time() < deadline:
            time.sleep(0.02)
        return sentence in place.log() and collector.poll() is None

    with open(place.config) as f:
        good = f.read()
    with open(place.config, 'w') as f:
        f.write(good + 'what: 1\n')
    check('SIGHUP with a wrong configuration: the old one stays', reloaded('the old configuration stays'), place.log())
    with open(place.config, 'w') as f:
        f.write(good.replace('commit_ms: 20', 'commit_ms: 30'))
    check('SIGHUP reads the configuration anew', reloaded('was read anew'), place.log())
    collector.send_signal(signal.SIGTERM)
    wait_done(collector, 'the first one ends')
    check_whole(place, 10)
    other = Place(root, kinds='[call, stream]')
    code, _, err = outcome('-c', other.config, '--once')
    check('csv of two kinds is refused', code == 1 and 'billing.kinds' in err, err)


TESTS = {'usage': test_usage, 'loss': test_loss, 'crash': test_crash, 'disk': test_disk}


def main():
    global COLLECTOR, PUBLISH
    names = sys.argv[1:]
    if names[:1] == ['--programs'] and len(names) > 2:
        COLLECTOR, PUBLISH = names[1:3]
        names = names[3:]
    COLLECTOR, PUBLISH = os.path.abspath(COLLECTOR), os.path.abspath(PUBLISH)
    if any(name not in TESTS for name in names):
        print(__doc__, file=sys.stderr)
        return 2
    for program in (COLLECTOR, PUBLISH):
        if not os.access(program, os.X_OK):
            print(f'skip: {program} was not built')
            return 77
    names = names or list(TESTS)
    skipped = 0
    for name in names:
        print(f'-- {name}: {TESTS[name].__doc__}')
        with tempfile.TemporaryDirectory(prefix='ringtap-it-') as root:
            try:
                TESTS[name](root)
            except Skip as reason:
                print(f'skip {name}: {reason}')
                skipped += 1
    return 77 if skipped == len(names) else 0


if __name__ == '__main__':
    sys.exit(main())
