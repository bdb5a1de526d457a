#!/usr/bin/python3
"""`ringtap gen --port` sends traffic out of an interface at its own pace, ringtap-probe at the other end of the link sees it: the store has
what the generator's truth says, call by call and stream by stream."""
import json
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import netns

OPTIONS = ('--cps 20 --duration 4s --hold 2s --ring 500ms --fates answered=4,busy=1,cancelled=1 --auth 20% --ipv6 30% --large 20% --loss 2% '
           '--duplicate 2% --reorder 2% --seed 9')
CALL = ('disposition', 'sip_code', 'ended_by', 'messages', 'retransmissions', 'invites', 'auth_challenges', 'from_user', 'to_user')
STREAM = ('packets', 'expected', 'lost', 'duplicates', 'reordered', 'codec', 'sender')
SPEED = 2


def streams(record):
    return sorted((s['ssrc'],) + tuple(s.get(k) for k in STREAM) for s in record.get('streams', []))


def generate(spaces, directory):
    """Seconds that it took."""
    began = time.monotonic()
    command = [netns.program('ringtap'), 'gen', *OPTIONS.split(), '--port', 'veth0', '--speed', str(SPEED), '-t', directory + '/truth.jsonl']
    run = spaces.run(spaces.near, command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(run.stdout.strip())
    return run.returncode, time.monotonic() - began


def test(spaces, processes, directory):
    check = netns.Check()
    config = netns.write_config(directory)
    spaces.make()
    probe = processes.start('probe', spaces.inside(spaces.far, [netns.program('ringtap-probe'), '-c', config, '--port', 'veth1']))
    netns.wait_for(lambda: 'capturing' in processes.text('probe') or probe.poll() is not None, 20, 'the probe')
    collector = processes.start('collector', [netns.program('ringtap-collector'), '-c', config])
    status, seconds = generate(spaces, directory)
    check.equal('exit status of gen', status, 0)
    check.true('at its pace: seconds', seconds > 6 / SPEED, '%.1f' % seconds)
    time.sleep(2.5)  # linger_s
    check.equal('exit status of the probe', processes.stop(probe), 0)
    check.equal('exit status of the collector', processes.stop(collector), 0)
    run = subprocess.run([netns.program('ringtap'), 'calls', '--store', directory + '/store', '--format', 'jsonl', '--limit', '1000'],
                         stdout=subprocess.PIPE, check=True)
    found = {r['call_id']: r for r in map(json.loads, run.stdout.splitlines())}
    truth = [json.loads(line) for line in open(directory + '/truth.jsonl')]
    check.equal('calls', len(found), len(truth))
    check.true('streams', sum(len(t.get('streams', [])) for t in truth) > 20)
    for name, of in (('calls', lambda r: [r.get(k) for k in CALL]), ('streams', streams)):
        wrong = [(t['call_id'], of(found.get(t['call_id'], {})), of(t)) for t in truth if of(found.get(t['call_id'], {})) != of(t)]
        check.equal('%s that differ' % name, wrong, [])
    if check.failed:
        print(processes.text('probe'))
    return check.status()


if __name__ == '__main__':
    sys.exit(netns.run_apart(test))
