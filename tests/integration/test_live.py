#!/usr/bin/python3
"""1000 answered calls with audio and 200 refused ones between two sipp, seen by ringtap-probe on a veth and written by
ringtap-collector: what sipp counted is what stands in the store and in the billing files, each call once."""
import csv
import os
import pwd
import shutil
import sys

import netns

ANSWERED, RATE = 1000, 60
REFUSED = {486: 100, 404: 100}
AUDIO_PACKETS = 40


def sipp(spaces, space, directory, name, port, extra):
    address = spaces.near_address if space == spaces.near else spaces.far_address
    argv = ['sipp', '-i', address, '-mi', address, '-p', str(port), '-mp', str(10000 + (port - 5060) * 20), '-nostdin', '-trace_stat', '-fd', '1',
            '-stf', '%s/%s.csv' % (directory, name), '-sf', '%s/%s.xml' % (directory, name)] + extra
    return spaces.inside(space, argv)


def statistics(directory, name):
    with open('%s/%s.csv' % (directory, name), newline='') as f:
        return list(csv.DictReader(f, delimiter=';'))[-1]


def calls(spaces, processes, directory):
    """Runs all calls; the callers' last statistics by scenario."""
    runs = [('callee', 'caller', 5060, ANSWERED, RATE)]
    runs += [('callee_%d' % code, 'caller_%d' % code, 5060 + code, n, 50) for code, n in REFUSED.items()]
    callers = []
    for callee, caller, port, n, rate in runs:
        processes.start(callee, sipp(spaces, spaces.far, directory, callee, port, []), cwd=directory)
        netns.time.sleep(0.5)
        callers.append(processes.start(caller, sipp(spaces, spaces.near, directory, caller, port, [
            '-m', str(n), '-r', str(rate), '-s', '4000', '%s:%d' % (spaces.far_address, port)]),
            cwd=directory))
    for process in callers:
        process.wait(75)
        processes.running.remove(process)
    return {caller: statistics(directory, caller) for _, caller, _, _, _ in runs}


def compare(check, directory, figures):
    records = netns.store_records(directory)
    rows = [[r.get(f) for f in ('call_id', 'sip_code', 'disposition', 'status', 'ended_by', 'messages', 'retransmissions')]
            + [len(r.get('streams', [])), r.get('duration_ms')] for r in records]
    answered = [r for r in rows if r[1] == 200]
    check.equal('sipp: successful', int(figures['caller']['SuccessfulCall(C)']), ANSWERED)
    check.equal('sipp: failed', int(figures['caller']['FailedCall(C)']), 0)
    check.equal('calls in the store', len(rows), ANSWERED + sum(REFUSED.values()))
    check.equal('each call once', len({r[0] for r in rows}), len(rows))
    check.equal('answered calls', len(answered), ANSWERED)
    check.equal('their disposition', {r[2] for r in answered}, {'answered'})
    check.equal('status', {r[3] for r in rows}, {'final'})
    check.equal('ended by', {r[4] for r in answered}, {'caller'})
    check.equal('messages but retransmissions', {r[5] - (r[6] or 0) for r in answered}, {6})
    check.equal('calls with two streams', sum(r[7] == 2 for r in answered), ANSWERED)
    durations = sorted(r[8] for r in answered)
    # sipp pauses for a second; its own clock ticks in ms, and the machine may be busy.
    check.true('durations of about a second', durations and durations[0] >= 900 and durations[-1] <= 5000, str(durations[::999]))
    for code, n in REFUSED.items():
        check.equal('sipp: calls refused with %d' % code, int(figures['caller_%d' % code]['SuccessfulCall(C)']), n)
        check.equal('refused with %d' % code, sum(r[1] == code for r in rows), n)
    streams = [[s.get(f) for f in ('packets', 'lost', 'codec')] for r in records for s in r.get('streams', [])]
    check.equal('packets of each stream', {s[0] for s in streams}, {AUDIO_PACKETS})
    check.equal('lost packets', {s[1] or 0 for s in streams}, {0})
    check.equal('codec', {s[2] for s in streams}, {'PCMU'})
    billing = netns.billing_rows(directory)
    check.equal('billing: lines', len(billing), len(rows))
    check.equal('billing: the same calls', sorted(b['call_id'] for b in billing), sorted(r[0] for r in rows))
    for core in {b['core'] for b in billing}:
        numbers = sorted(int(b['seq']) for b in billing if b['core'] == core)
        check.equal('billing: sequence of core %s' % core, numbers, list(range(1, len(numbers) + 1)))
    check.equal('billing: both cores owned calls', len({b['core'] for b in billing}), 2)


def test(spaces, processes, directory):
    check = netns.Check()
    probe_path, collector_path = netns.program('ringtap-probe'), netns.program('ringtap-collector')
    for name in os.listdir(netns.HERE + '/sipp'):
        shutil.copy(netns.HERE + '/sipp/' + name, directory)
    netns.g711_capture(directory + '/g711.pcap', AUDIO_PACKETS)
    # Two cores: the kernel deals flows to them, and SIP goes to the core that owns its dialog.
    config = netns.write_config(directory, cores=2, user='nobody')
    os.chmod(directory, 0o777)  # probe and collector become nobody
    spaces.make()
    probe = processes.start('probe', spaces.inside(spaces.far, [probe_path, '-c', config, '--port', 'veth1']))
    netns.wait_for(lambda: 'capturing' in processes.text('probe') or probe.poll() is not None, 20, 'the probe')
    collector = processes.start('collector', [collector_path, '-c', config])
    figures = calls(spaces, processes, directory)
    netns.time.sleep(2.5)  # linger_s: the last calls are recorded
    check.equal('exit status of the probe', processes.stop(probe), 0)
    check.equal('exit status of the collector', processes.stop(collector), 0)
    compare(check, directory, figures)
    check.equal('owner of the segment', pwd.getpwuid(os.stat(directory + '/segment').st_uid).pw_name, 'nobody')
    stopped = [line for line in processes.text('probe').splitlines() if 'stopped:' in line]
    check.true('ledger', len(stopped) == 1 and ' 0 missed by the NIC' in stopped[0], ' '.join(stopped))
    if check.failed:
        print(processes.text('probe') + processes.text('collector'))
    return check.status()


if __name__ == '__main__':
    sys.exit(netns.run_apart(test, 'sipp'))
