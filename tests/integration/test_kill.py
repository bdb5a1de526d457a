#!/usr/bin/python3
"""Kills and damage: the collector ended before each of its calls that change files, killed -9 under load, the probe
likewise, both; the store's file damaged between runs.

usage: test_kill.py [--full] [points|random|corrupt|disk|sinks]
--full: every point instead of some fifty; 50 kills in a minute at 5 000 records a second and 15 as fast as it goes, instead of a dozen; of all sinks at once
30 kills, and CSV too.

Law: every record that was published is exactly once in the store and exactly once in the billing files of the manifest;
a number that a killed probe gave to no record is declared lost.  Exit 0 fine, 1 failed, 77 cannot run here."""
import glob
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import test_billing # noqa: E402
import test_clickhouse # noqa: E402
import test_collector as base # noqa: E402
import test_hep # noqa: E402
import test_kafka # noqa: E402
from sink_tools import run, wait_for # noqa: E402

FULL = False
FAULT = os.path.abspath(f'{base.BUILD}/tests/integration/libfault.so')
check = base.check


def quiet(what, ok, detail=''):
    """In loops of many runs only what fails is said."""
    if not ok:
        check(what, ok, detail)


def place_at(root):
    place = base.Place(root, rotate_records=25, rotate_s=300)
    return place


def once_with_fault(place, at, count=None):
    env = dict(os.environ, LD_PRELOAD=FAULT, RINGTAP_FAULT_AT=str(at))
    if count:
        env['RINGTAP_FAULT_COUNT'] = count
    with open(f'{place.root}/log', 'a') as log:
        return subprocess.run([base.COLLECTOR, '-c', place.config, '--once'], env=env, stderr=log, timeout=120).returncode


def test_points(root):
    """The collector is ended before each call that changes a file: of a start, commits of two days, rotations, a stop."""
    template = f'{root}/template'
    os.mkdir(template)
    place = place_at(template)
    check('30 records of an earlier run', place.publish(30, 0).wait(60) == 0 and place.once() == 0, place.log())
    check('60 records wait in the ring', place.publish(60, 0).wait(60) == 0)

    def copy(name):
        shutil.copytree(template, f'{root}/{name}')
        return place_at(f'{root}/{name}')

    place = copy('count')
    check('a run without a fault', once_with_fault(place, 0, f'{root}/calls') == 0, place.log())
    with open(f'{root}/calls') as f:
        calls = int(f.read())
    check('calls that change files were counted', calls > 50, calls)
    points = range(1, calls + 1) if FULL else sorted(random.Random(3).sample(range(1, calls + 1), min(calls, 45)))
    done, base.check = 0, quiet
    for at in points:
        place = copy('run')
        code = once_with_fault(place, at)
        quiet(f'point {at} is reached', code == 99, code)
        quiet(f'after point {at} the collector takes the rest', place.once() == 0, place.log())
        _, lost = base.check_whole(place, 90)
        quiet(f'after point {at} nothing is declared lost', lost == 0, lost)
        shutil.rmtree(place.root)
        done += 1
    base.check = check
    check(f'{done} of {calls} points of a start, commit, rotation and stop: each record once', done > 0)


def seqs_missing(place):
    """By core: numbers between 1 and the last one that no record has."""
    import sqlite3
    seqs = {}
    for day in glob.glob(f'{place.store}/ringtap-*.db'):
        db = sqlite3.connect(f'file:{day}?mode=ro', uri=True)
        for core, seq in db.execute('SELECT core, seq FROM calls'):
            seqs.setdefault(core, set()).add(seq)
        db.close()
    return sum(max(s) - len(s) for s in seqs.values())


def kill_under_load(place, rng, phase):
    """Kills the collector, the probe and both in turn; how often the probe."""
    rate, kills, longest = phase
    alive = {'collector': None, 'probe': None}
    starts = {'collector': lambda: place.collector(), 'probe': lambda: place.publish(10000000, rate)}
    probe_kills = 0
    try:
        for kill in range(kills):
            for name, process in alive.items():
                if process is None:
                    alive[name] = starts[name]()
            time.sleep(rng.uniform(0.1, longest))
            for name in (['collector'], ['probe'], ['collector', 'probe'])[kill % 3]:
                alive[name].send_signal(signal.SIGKILL)
                alive[name].wait()
                alive[name] = None
                probe_kills += name == 'probe'
    finally:
        for name, process in alive.items():
            if process is not None:
                process.kill()
                process.wait()
                probe_kills += name == 'probe'
    return probe_kills


def test_random(root):
    """kill -9 of the collector, the probe, or both, at random moments under load."""
    place, rng = base.Place(root, rotate_records=5000), random.Random(11)
    # records a second (0: as fast as it goes), kills, longest time between two
    phases = ((5000, 50, 2.3), (0, 15, 1)) if FULL else ((3000, 12, 0.5),)
    probe_kills, kills = 0, sum(phase[1] for phase in phases)
    for rate, n, longest in phases:
        began = time.monotonic()
        probe_kills += kill_under_load(place, rng, (rate, n, longest))
        print(f'     {n} kills in {time.monotonic() - began:.0f} s at {rate or "all the"} records a second')
    # The rings may be full, and a publisher waits for room.
    check('--once takes what waits', place.once() == 0, place.log())
    # A killed probe counts too: the last one was, if no earlier.
    check('more shows what is missing', place.publish(20, 0).wait(60) == 0)
    check('--once takes the rest', place.once() == 0, place.log())
    uids, _ = base.store_uids(place)
    billed, lost = base.billing_uids(place)
    check(f'{len(uids)} records are in the store, each once', len(set(uids)) == len(uids) > kills * 20, len(uids))
    check('each is billed once', len(billed) == len(set(billed)) and set(billed) == set(uids), len(billed))
    said = subprocess.run([f'{base.BUILD}/probe/app/ringtap', 'check-store', '-c', place.config], capture_output=True, text=True)
    check('check-store finds nothing wrong', said.returncode == 0, said.stdout + said.stderr)
    missing = seqs_missing(place)
    check(f'{probe_kills} kills of the probe cost {missing} numbers at most one a core each', missing <= 2 * probe_kills, missing)
    check('what is missing is declared lost', lost == missing, f'{lost} of {missing}')


def test_corrupt(root):
    """The store's file is damaged between two runs: set aside, said, records go on."""
    place = base.Place(root)
    check('3 000 records', place.publish(3000, 0, 2, 1 << 22).wait(60) == 0 and place.once() == 0, place.log())
    before, days = base.store_uids(place)
    day = max(days, key=os.path.getsize)
    with open(day, 'r+b') as f:
        f.seek(os.path.getsize(day) // 2 // 4096 * 4096)
        f.write(random.Random(5).randbytes(20000))
    check('1 000 more', place.publish(1000, 0, 2, 1 << 22).wait(60) == 0 and place.once() == 0, place.log())
    check('the damage is said', 'is damaged and set aside' in place.log(), place.log())
    check('the file is kept as it was', os.path.exists(day + '.corrupt'))
    after, _ = base.store_uids(place)
    billed, lost = base.billing_uids(place)
    check(f'{len(after)} of 4000 records are in the store, each once', 2500 < len(after) == len(set(after)), len(after))
    check('what came after is there', len(set(after) - set(before)) == 1000, len(set(after) - set(before)))
    check('4000 records are billed, each once', len(billed) == len(set(billed)) == 4000, len(billed))
    check('nothing is declared lost', lost == 0, lost)


def test_disk(root):
    """The disk under the store full for ten seconds (test_collector.py: for some)."""
    if FULL:
        base.test_disk(root, 10)


def sessions_billed(place):
    """The Call-IDs in the files of TS 32.297, whose record numbers go up by one."""
    types, sessions = test_billing.asn_types(), []
    for _, content in test_billing.contents(place.billing):
        for cdr in test_billing.cdrs(content):
            record = test_billing.decode(types, 'IMSRecord', cdr)['iBCFRecord']
            sessions.append(record['session-Id'])
            if record['localRecordSequenceNumber'] != len(sessions):
                check('numbers of CDRs go up by one', False, record)
    return sessions


def hep_uids(packets):
    logs = [p for p in map(test_hep.parse, packets) if p['type'] == 100]
    return {json.loads(p['payload'])['uid'] for p in logs}, len(logs)


def sinks_at_once(root, form, kills, rate):
    rng, records = random.Random(23), rate * kills
    mock, receiver = test_kafka.Mock('ringtap'), test_hep.Receiver()
    server = test_clickhouse.Server(f'{root}/clickhouse') if shutil.which('clickhouse-server') else None
    place = base.Place(root, rotate_records=400, format=form)
    sinks = (f'kafka: {{brokers: "{mock.brokers}", flush_ms: 20, batch_records: 200}}\n'
             f'hep: {{url: "tcp://127.0.0.1:{receiver.port}", key: "se:cret", flush_ms: 20, batch_records: 200}}\n')
    publisher = collector = None
    try:
        if server:
            server.start()
            test_clickhouse.tables(server, '')
            sinks += f'clickhouse: {{url: "http://127.0.0.1:{server.port}", flush_ms: 50, batch_records: 300}}\n'
        with open(place.config, 'a') as f:
            f.write(sinks)
        publisher = place.publish(records, rate, 2, 1 << 24)
        for _ in range(kills):
            collector = place.collector()
            time.sleep(rng.uniform(0.1, 1.5))
            collector.kill()
            collector.wait()
        check('the publisher was never held up', publisher.wait(60) == 0)
        check('the last collector takes the rest and stops', place.once() == 0 and 'wait for the next start' not in place.log(), place.log())
        uids, _ = base.store_uids(place)
        check(f'store: {records} records, each once', len(uids) == len(set(uids)) == records, (len(uids), len(set(uids))))
        if form == 'csv':
            billed, lost = base.billing_uids(place)
            check(f'CSV: {records} records, each once, none lost', len(billed) == records and set(billed) == set(uids) and lost == 0, len(billed))
        else:
            billed, ids = sessions_billed(place), [row['call_id'] for row in test_billing.stored(place.store)]
            check(f'TS 32.297: {records} records, each once', len(billed) == records and sorted(billed) == sorted(ids), len(billed))
        print('   Kafka:')
        test_kafka.check_messages(mock.messages(records), records)
        if server:
            print('   ClickHouse:')
            test_clickhouse.check_counts(server, '', records)
        check('HEP: every record at least once', wait_for(10, lambda: hep_uids(list(receiver.packets))[0] == set(uids)))
        print(f'   HEP: {hep_uids(receiver.packets)[1] - records} of {records} came again')
    finally:
        for process in (publisher, collector):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
        mock.close()
        receiver.away()
        if server and server.process:
            server.kill()


def test_sinks(root):
    """Store, billing, Kafka, ClickHouse and HEP at once, the collector killed -9 at random moments."""
    if not os.path.exists(test_kafka.MOCK):
        print('     left out: built without librdkafka')
        return
    for form in ('ts32298', 'csv') if FULL else ('ts32298',):
        os.mkdir(f'{root}/{form}')
        # The mock cluster keeps 5 MB a partition, some 18 000 records.
        sinks_at_once(f'{root}/{form}', form, 30 if FULL else 8, 500)


TESTS = {'points': test_points, 'random': test_random, 'corrupt': test_corrupt, 'disk': test_disk, 'sinks': test_sinks}


def main():
    global FULL
    names = [a for a in sys.argv[1:] if a != '--full']
    FULL = '--full' in sys.argv[1:]
    if any(name not in TESTS for name in names):
        print(__doc__, file=sys.stderr)
        return 2
    for path in (base.COLLECTOR, base.PUBLISH, FAULT):
        if not os.access(path, os.R_OK):
            print(f'skip: {path} was not built')
            return 77
    for name in names or TESTS:
        print(f'-- {name}: {TESTS[name].__doc__}')
        with tempfile.TemporaryDirectory(prefix='ringtap-it-') as root:
            TESTS[name](root)
    return 0


if __name__ == '__main__':
    sys.exit(run('kill', main, 3600))
