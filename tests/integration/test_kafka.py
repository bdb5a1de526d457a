#!/usr/bin/python3
"""The Kafka sink against librdkafka's mock cluster: errors injected into Produce requests, cut connections, brokers that go and come
back, the collector stopped and started.

Law: no record is lost; none comes twice, kill -9 or not, but by a broker cut off before its answer (see part_cut); key is the uid; the value is the record as JSON with its schema version.
Exit 0 fine, 1 failed, 77 built without librdkafka."""
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from sink_tools import BUILD, Place, check, run

MOCK = f'{BUILD}/tests/integration/kafka_mock'
# Kafka's codes: leader not available, not leader, request timed out, not enough replicas; librdkafka's: connection cut
ERRORS, CUT = (5, 6, 7, 19), -195


class Mock:
    def __init__(self, topic):
        self.process = subprocess.Popen([MOCK, topic, '4'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.brokers = self.process.stdout.readline().split()[1]

    def tell(self, line):
        self.process.stdin.write(line + '\n')
        self.process.stdin.flush()
        answer = []
        while (got := self.process.stdout.readline()) not in ('ok\n', ''):
            answer.append(got.rstrip('\n'))
        return answer

    def messages(self, want):
        """[(partition, offset, key, value)]; the header 'seq' says what the value does."""
        rows = [line.split(' ', 5)[1:] for line in self.tell(f'read {want}')]
        check('the header says probe, core and sequence', all(seq == key.replace('.', '/') for _, _, key, seq, _ in rows), rows[:1])
        return [(int(p), int(o), key, value) for p, o, key, _, value in rows]

    def close(self):
        self.process.kill()
        self.process.wait()


def check_messages(rows, records, twice=False):
    keys = [key for _, _, key, _ in rows]
    check(f'{records} records, none lost', len(set(keys)) == records, (len(keys), len(set(keys))))
    if twice:
        check(f'{len(keys) - records} that came again are the same byte for byte', len({(p, key, value) for p, _, key, value in rows}) == records)
    else:
        check('no key came twice', len(keys) == records, len(keys))
    values = [json.loads(value) for _, _, _, value in rows]
    check('the value is the record, with its schema', all(v['schema'] == 1 and v['kind'] == 'call' and v['uid'] == key and len(v['flow']) == 7
                                                          and key == f'{v["probe"]}.{v["core"]}.{v["seq"]}' for v, key in zip(values, keys)))
    place = {}
    for partition, _, key, _ in rows:
        place.setdefault(key, set()).add(partition)
    check('a key is in one partition', all(len(p) == 1 for p in place.values()) and len({min(p) for p in place.values()}) == 4)


def part_produced(root, harm, repeats):
    """harm(mock) while records flow; repeats: whether the mock may hold a record twice."""
    mock = Mock('ringtap')
    place = Place(root, f'kafka: {{brokers: "{mock.brokers}", flush_ms: 20, batch_records: 200, properties: ["retry.backoff.ms=20"]}}\n')
    try:
        records = 2500
        collector, publisher = place.collector(), place.publish(records, 1000)
        harm(mock)
        collector.send_signal(signal.SIGTERM)
        check('the collector stops', collector.wait(30) == 0, place.log())
        collector = place.collector()
        check('the publisher was never held up', publisher.wait(30) == 0)
        time.sleep(0.3)
        collector.send_signal(signal.SIGTERM)
        check('the collector stops again', collector.wait(30) == 0, place.log())
        check_messages(mock.messages(records), records, twice=repeats)
        check('nothing waits', 'wait for the next start' not in place.log(), place.log())
    finally:
        place.close()
        mock.close()


def part_errors(root):
    def harm(mock):
        for code in ERRORS:
            mock.tell(f'error {code} 3')
            time.sleep(0.35)
    part_produced(root, harm, False)


def part_cut(root):
    """A broker cut off after it took a batch and before it said so: a real one knows the repeat by its sequence number, the mock appends it."""
    def harm(mock):
        mock.tell(f'error {CUT} 3')
        time.sleep(0.35)
        for broker in (1, 2):
            mock.tell(f'down {broker}')
            time.sleep(0.6)
            mock.tell(f'up {broker}')
    part_produced(root, harm, True)


def part_killed(root):
    """kill -9 at random moments: what the topic holds of the batch under way is not sent again."""
    mock, rng = Mock('ringtap'), random.Random(7)
    place = Place(root, f'kafka: {{brokers: "{mock.brokers}", flush_ms: 20, batch_records: 100}}\n')
    with open(place.config, 'r+') as f: # a cursor that moves late: most kills find a batch delivered that it does not know of
        text = f.read().replace('commit_ms: 20\n', 'commit_ms: 200\n')
        f.seek(0)
        f.write(text)
    try:
        records = 9000
        publisher = place.publish(records, 1000)
        for pause in [rng.uniform(1.5, 2.5) for _ in range(5)]:
            collector = place.collector()
            time.sleep(pause)
            collector.kill()
            collector.wait()
        check('the publisher ends', publisher.wait(30) == 0)
        check('what is left is taken', place.once() == 0, place.log())
        found = [int(n) for n in re.findall(r'of the batch under way at the end (\d+) of', place.log())]
        check(f'{sum(n > 0 for n in found)} of {len(found)} batches under way at a kill were there', any(found), place.log())
        check_messages(mock.messages(records), records)
    finally:
        place.close()
        mock.close()


def part_down(root):
    place = Place(root, 'kafka: {brokers: "127.0.0.1:1"}\n')
    wrong = Place(os.path.join(root, 'w'), 'kafka: {brokers: "127.0.0.1:1", properties: ["x.y=1"]}\n')
    try:
        check('published', place.publish(50, 0).wait(20) == 0)
        start = time.monotonic()
        check('a collector without its brokers stops', place.once() == 0 and time.monotonic() - start < 20, place.log())
        check('and says what waits', '50 records wait for the next start' in place.log(), place.log())
        wrong.publish(1, 0).wait(20)
        check('a wrong property is told at the start', wrong.once() == 1 and 'kafka.properties: No such configuration property: "x.y"' in wrong.log(),
              wrong.log())
    finally:
        place.close()
        wrong.close()


def main():
    if not os.path.exists(MOCK):
        print('skip: built without librdkafka')
        return 77
    for part in (part_errors, part_cut, part_killed, part_down):
        with tempfile.TemporaryDirectory(prefix='ringtap-kafka-') as root:
            os.mkdir(f'{root}/w')
            part(root)
    return 0


if __name__ == '__main__':
    sys.exit(run('kafka', main))
