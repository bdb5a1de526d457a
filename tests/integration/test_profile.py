#!/usr/bin/python3
"""Profiles of drivers: what a port cannot have is clipped and said, the driver's profile is found, a mistake in one stops the probe."""
import glob
import os
import re
import shutil
import subprocess
import sys

import netns

# Every profile of drivers-conf as the one for all ports: the descriptors that it grants of 8192.  Arguments of mlx5 are for a NIC.
GRANTED = {'af_packet': 8192, 'af_xdp': 8192, 'ena': 8192, 'i40e': 4096, 'ice': 4096, 'ixgbe': 4096, 'memif': 8192, 'vhost': 8192, 'virtio': 8192}
PROFILE = 'profile:\n  drivers: [net_null]\n  queues: 1\n  rx_descriptors: 128\n  mtu: 1400\n  limits: [nothing real arrives]\n'


def drivers_of_dpdk():
    """The libraries of DPDK's drivers, whole: a driver's name and its arguments' stand in them as strings."""
    found = glob.glob('/usr/lib/*/dpdk/pmds-23.0/librte_net_*.so') + glob.glob('/usr/lib/*/dpdk/pmds-23.0/librte_common_*.so')
    return b''.join(open(path, 'rb').read() for path in found)


def check_names(check):
    """No profile names a driver, nor an argument of one, that DPDK 22.11 has not."""
    libraries = drivers_of_dpdk()
    if not libraries:
        print('not looked at: names of drivers, for DPDK 22.11 has no libraries here')
        return
    for path in sorted(glob.glob(netns.ROOT + '/drivers-conf/profiles/*.yaml')):
        with open(path) as f:
            text = f.read()
        names = re.search(r'drivers: \[(.*)\]', text).group(1).split(', ')
        for argument in re.findall(r'devargs: "(.*)"', text):
            names += [pair.split('=')[0] for pair in argument.split(',')]
        unknown = [name for name in names if b'\0' + name.encode() + b'\0' not in libraries]
        check.equal(os.path.basename(path) + ': names that DPDK has not', unknown, [])


def main():
    check, directory = netns.Check(), netns.temporary()
    processes, runs = netns.Processes(directory), []

    def run(profile, until='capturing', **probe):
        """The log of a probe with this profile, ended once it captures."""
        config = netns.write_config(directory, cores=2, profile=profile, log_level='debug', mbufs=4096, **probe)
        name = 'probe%d' % len(runs)
        runs.append(name)
        probe = processes.start(name, [netns.program('ringtap-probe'), '-c', config, '--port', 'net_null0'])
        netns.wait_for(lambda: until in processes.text(name) or probe.poll() is not None, 30, 'the probe')
        status = processes.stop(probe)
        if 'has no driver net_null' in processes.text(name):
            netns.skip('DPDK has no net_null here')
        return status, processes.text(name)

    try:
        path = directory + '/mine.yaml'
        check_names(check)
        with open(path, 'w') as f:
            f.write(PROFILE)
        status, log = run(path)
        check.equal('exit status', status, 0)
        for line in ('queues: 2 wanted, 1 as', 'descriptors: 4096 wanted, 128 as', 'MTU: 9000 wanted, 1400 as', 'nothing real arrives',
                     '1 queues of 128 descriptors, MTU 1400'):
            check.true('said: ' + line, line in log)
        check.true('none: nothing is clipped', 'queues of 4096 descriptors, MTU 9000' in run('none')[1])
        check.true('the link is told', 'port net_null0: the link is up, 10000 Mbit/s' in run('none', 'the link is')[1])
        check.true('auto: none is for net_null', 'queues of 4096 descriptors, MTU 9000' in run('auto')[1])
        check.true('by name, from the source', 'profile ena.yaml: ' in run('ena')[1])
        check.equal('profiles of drivers-conf', sorted(os.path.basename(path)[:-5] for path in glob.glob(netns.ROOT + '/drivers-conf/profiles/*.yaml')),
                    sorted(list(GRANTED) + ['mlx5']))
        for name, descriptors in GRANTED.items():
            status, log = run(name, rx_descriptors=8192)
            check.true(name + ' loads, %d descriptors' % descriptors, status == 0 and '2 queues of %d descriptors, MTU 9000' % descriptors in log,
                       '' if status == 0 else log)
            check.equal(name + ' says where it clips', 'descriptors: 8192 wanted, %d as' % descriptors in log, descriptors < 8192)
            check.true(name + ' says what it cannot do', 'profile %s.yaml: ' % name in log)
        status, log = run('mlx5')
        check.true('mlx5: its arguments reach the port, which has none such', status == 1 and 'DPDK cannot open it with mprq_en=1' in log)
        status, log = run('nosuch')
        check.true('no such profile', status == 1 and 'no nosuch.yaml in' in log)
        for what, said in (({'profile': 'nosuch'}, 'no nosuch.yaml in'), ({'user': 'nosuchuser'}, "user 'nosuchuser'"),
                           ({'user': 'root', 'group': 'nosuchgroup'}, "group 'nosuchgroup'")):
            config = netns.write_config(directory, **what)
            done = subprocess.run([netns.program('ringtap-probe'), '-c', config, '--check'], capture_output=True, text=True)
            check.true('--check: ' + said, done.returncode == 1 and said in done.stderr, done.stderr)
        with open(path, 'a') as f:
            f.write('  colour: red\n')
        status, log = run(path)
        check.true('an unknown key with file and line', status == 1 and path + ':7: ' in log and 'colour' in log)
        if check.failed:
            print(''.join(processes.text(name) for name in runs))
    finally:
        processes.end()
        shutil.rmtree(directory)
    return check.status()


if __name__ == '__main__':
    sys.exit(main())
