#!/usr/bin/python3
"""Calls in progress, asked of a running probe: `ringtap calls --live` and `ringtap stats` beside sipp's calls on a veth."""
import json
import os
import shutil
import subprocess
import sys

import netns

CALLS, RATE, AUDIO_PACKETS = 80, 20, 40


def sipp(spaces, space, directory, name, extra):
    address = spaces.near_address if space == spaces.near else spaces.far_address
    return spaces.inside(space, ['sipp', '-i', address, '-mi', address, '-p', '5060', '-mp', '10000', '-nostdin',
                                 '-sf', '%s/%s.xml' % (directory, name)] + extra)


def run(argv):
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)


def test(spaces, processes, directory):
    check = netns.Check()
    ringtap = netns.program('ringtap')
    for name in os.listdir(netns.HERE + '/sipp'):
        shutil.copy(netns.HERE + '/sipp/' + name, directory)
    netns.g711_capture(directory + '/g711.pcap', AUDIO_PACKETS)
    config = netns.write_config(directory, cores=2)
    spaces.make()
    probe = processes.start('probe', spaces.inside(spaces.far, [netns.program('ringtap-probe'), '-c', config, '--port', 'veth1']))
    netns.wait_for(lambda: 'capturing' in processes.text('probe') or probe.poll() is not None, 20, 'the probe')
    live = [ringtap, 'calls', '--live', '-c', config, '--format', 'jsonl']
    none = run(live)
    check.true('no calls yet', none.returncode == 0 and none.stdout == b'', none.stderr)
    processes.start('callee', sipp(spaces, spaces.far, directory, 'callee', []), cwd=directory)
    netns.time.sleep(0.5)
    caller = processes.start('caller', sipp(spaces, spaces.near, directory, 'caller', [
        '-m', str(CALLS), '-r', str(RATE), '-s', '4000', spaces.far_address + ':5060']), cwd=directory)
    netns.time.sleep(2)
    listed = run(live)
    rows = [json.loads(line) for line in listed.stdout.splitlines()]
    check.true('calls in progress', listed.returncode == 0 and 0 < len(rows) <= CALLS, listed.stderr)
    check.equal('  each once', len({r['uid'] for r in rows}), len(rows))
    check.equal('  all interim', {r['status'] for r in rows}, {'interim'})
    check.true('  with their media so far', any(s['packets'] > 0 for r in rows for s in r.get('streams', ())))
    stats = run([ringtap, 'stats', '-c', config])
    check.true('stats: cycles and idle share', b'CYC/FRAME' in stats.stdout and b'IDLE %' in stats.stdout, stats.stderr)
    caller.wait(60)
    processes.running.remove(caller)
    check.equal('exit status of the probe', processes.stop(probe), 0)
    stopped = run(live)
    check.true('a probe that is not there', stopped.returncode == 1 and b'not running' in stopped.stderr, stopped.stderr)
    if check.failed:
        print(processes.text('probe'))
    return check.status()


if __name__ == '__main__':
    sys.exit(netns.run_apart(test, 'sipp'))
