#!/usr/bin/python3
"""make_flows.py [FOLDER] - every call flow that an engineer knows by heart: flows/NAME.pcap, and flows/NAME.truth.json, what an expert who
reads the capture would say of it.

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


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), 'flows')
    os.makedirs(folder, exist_ok=True)
    for flow in flows():
        flow_maker.frames(flow.messages, flow.media).write(os.path.join(folder, flow.name + '.pcap'))
        records = [{key: printed(value) for key, value in record.items()} for record in flow.truth()]
        with open(os.path.join(folder, flow.name + '.truth.json'), 'w') as f:
            json.dump({'title': flow.title, 'records': records}, f, indent=1)
            f.write('\n')


if __name__ == '__main__':
    main()
