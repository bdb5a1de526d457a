#!/usr/bin/python3
"""make_flows.py [--seeds] [FOLDER] - every call flow that an engineer knows by heart: flows/NAME.pcap, and flows/NAME.truth.json, what an expert who
reads the capture would say of it.  --seeds: inputs of tests/fuzz/fuzz_worker.c of them instead.

The bytes are the same every time.  The truth is written in the scenarios (flow_calls.py, flow_more.py) and not read from the captures.
A field that is null in the truth is one that must be absent in the record."""
import datetime
import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import flow_calls
import flow_maker
import flow_more

SCENES = flow_calls.SCENES + flow_more.SCENES


def flows():
    """Each scenario, made anew."""
    for scene in SCENES:
        flow = flow_maker.Flow(scene.__name__, scene.title)
        scene(flow)
        flow.messages.sort(key=lambda m: m.at)
        yield flow


def printed(value):
    """As the records print it: times of microseconds since the epoch are RFC 3339."""
    if isinstance(value, int) and value > 10 ** 15:
        return datetime.datetime.fromtimestamp(value // 10 ** 6, datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%S') + '.%06dZ' % (value % 10 ** 6)
    return value


def seed(flow):
    """Pieces {how, time, length, bytes}; how: direction and hosts, TCP."""
    hosts, before, out = [], flow.messages[0].at, b''
    for m in flow.messages:
        hosts += [h for h in (m.src[0], m.dst[0]) if h not in hosts]
        a, b = (hosts.index(h) % 4 for h in (m.src[0], m.dst[0]))
        pairs = ((0, 2), (0, 1), (1, 2), (1, 3)) if len(hosts) > 2 else ((0, 1),)
        pair, back = next(((i, (a, b) != p) for i, p in enumerate(pairs) if {a, b} == set(p)), (0, a > b))
        wait = min(255, int((max(0, m.at - before) / 1000) ** 0.5))
        out += bytes((pair << 3 | (4 if m.transport == 'TCP' else 1) + back, wait)) + len(m.data).to_bytes(2, 'big') + m.data
        before = m.at
    return out


def main():
    arguments = [a for a in sys.argv[1:] if a != '--seeds']
    if len(arguments) < len(sys.argv) - 1:
        for flow in flows():
            with open(os.path.join(arguments[0], flow.name), 'wb') as f:
                f.write(seed(flow))
        return
    folder = arguments[0] if arguments else os.path.join(os.path.dirname(os.path.abspath(__file__)), 'flows')
    os.makedirs(folder, exist_ok=True)
    for flow in flows():
        flow_maker.frames(flow.messages, flow.media).write(os.path.join(folder, flow.name + '.pcap'))
        records = [{key: printed(value) for key, value in record.items()} for record in flow.truth()]
        with open(os.path.join(folder, flow.name + '.truth.json'), 'w') as f:
            json.dump({'title': flow.title, 'records': records}, f, indent=1)
            f.write('\n')


if __name__ == '__main__':
    main()
