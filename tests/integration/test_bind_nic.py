#!/usr/bin/python3
"""scripts/bind-nic on a made-up /sys and /proc: what it shows, what it writes, and what it refuses."""
import os
import shutil
import subprocess
import sys
import threading

import netns

SCRIPT = os.path.join(netns.ROOT, 'scripts', 'bind-nic')
NICS = {'0000:3b:00.0': ('ice', 'eth1', 'down'), '0000:3b:00.1': ('ice', 'eth2', 'up'), '0000:01:00.0': ('igb', 'eth0', 'up'),
        '0000:5e:00.0': ('mlx5_core', 'eth3', 'down'), '0000:5f:00.0': (None, None, None), '0000:02:00.0': ('igb', 'bond0p', 'up'),
        '0000:60:00.0': ('igb', 'eth4', 'down'), '0000:07:00.0': ('virtio-pci', 'eth7', 'down')}
STUBBORN = '0000:60:00.0' # vfio-pci does not take it, as without an IOMMU


def put(path, text=''):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w') as f:
        f.write(text)


def make(root):
    devices, drivers, net = (root + '/sys/' + p for p in ('bus/pci/devices', 'bus/pci/drivers', 'class/net'))
    os.makedirs(drivers + '/vfio-pci')
    for address, (driver, interface, state) in NICS.items():
        for name, text in (('class', '0x020000\n'), ('vendor', '0x8086\n'), ('device', '0x1592\n'), ('driver_override', '')):
            put('%s/%s/%s' % (devices, address, name), text)
        if driver:
            put('%s/%s/unbind' % (drivers, driver))
            os.symlink('%s/%s' % (drivers, driver), '%s/%s/driver' % (devices, address))
            device = '%s/%s' % (devices, address) + ('/virtio2' if driver == 'virtio-pci' else '')
            os.makedirs('%s/net/%s' % (device, interface))
            put('%s/%s/operstate' % (net, interface), state + '\n')
            os.symlink(device, '%s/%s/device' % (net, interface))
    put(devices + '/0000:00:01.0/class', '0x060400\n')
    os.makedirs(net + '/bond0.7/lower_bond0')
    os.makedirs(net + '/bond0/lower_bond0p')
    put(root + '/proc/net/route', 'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n'
        'eth0\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\neth7\t00000000\t0100A8C0\t0003\t0\t0\t9\t00000000\neth1\t0000A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\n')
    put(root + '/proc/net/ipv6_route', '0' * 32 + ' 00 ' + '0' * 32 + ' 00 ' + 'f' * 32 + ' 00000400 1 0 3 bond0.7\n')


def tree(root):
    return {os.path.join(d, f): open(os.path.join(d, f)).read() for d, _, files in os.walk(root) for f in files if f != 'drivers_probe'}


class Kernel(threading.Thread):
    """Gives a device that is written to drivers_probe to the driver of its override, else to the one of NICS."""

    def __init__(self, root):
        super().__init__(daemon=True)
        self.pci, self.offered = root + '/sys/bus/pci/', []
        os.makedirs(self.pci)
        os.mkfifo(self.pci + 'drivers_probe')

    def run(self):
        while True:
            with open(self.pci + 'drivers_probe') as f:
                address = f.read()
            self.offered.append(address)
            device = self.pci + 'devices/' + address
            driver = open(device + '/driver_override').read().strip() or NICS[address][0]
            if address == STUBBORN:
                driver = NICS[address][0]
            if os.path.islink(device + '/driver'):
                os.unlink(device + '/driver')
            if driver:
                os.symlink(self.pci + 'drivers/' + driver, device + '/driver')


def main():
    check, root = netns.Check(), netns.temporary()
    kernel = Kernel(root)
    make(root)
    kernel.start()

    def run(*args):
        p = subprocess.run([SCRIPT] + list(args), env=dict(os.environ, BIND_NIC_ROOT=root), capture_output=True, text=True)
        return p.returncode, p.stdout + p.stderr

    def read(path):
        return open(root + '/sys/bus/pci/' + path).read()

    try:
        before = tree(root)
        status, out = run('status')
        check.equal('status: NICs', sorted(line.split()[0] for line in out.splitlines()[1:]), sorted(NICS))
        check.true('status: interface of a virtio NIC', any(line.split()[2:] == ['virtio-pci', 'eth7'] for line in out.splitlines()), out)
        check.true('status: driver and interface', any(line.split()[2:] == ['ice', 'eth1'] for line in out.splitlines()))
        for what, args, sentence in (
                ('the default route', ['bind', 'eth0'], 'default route'),
                ('the default route of a virtio NIC', ['-f', 'bind', '0000:07:00.0'], 'default route'),
                ('and by its name', ['bind', 'eth7'], 'default route'),
                ('the default route by force', ['-f', 'bind', '01:00.0'], 'default route'),
                ('the port of a bond under the VLAN that carries it', ['-f', 'bind', '0000:02:00.0'], 'default route'),
                ('one of several', ['bind', '0000:3b:00.0', 'eth0'], 'default route'),
                ('the default route when unbinding', ['unbind', 'eth0'], 'default route'),
                ('an interface that is up', ['bind', 'eth2'], 'is up'),
                ('mlx5', ['bind', 'eth3'], 'do not bind'),
                ('a bridge', ['bind', '0000:00:01.0'], 'no network device'),
                ('what is not there', ['bind', 'eth9'], 'no PCI device'),
                ('another driver that is not loaded', ['-d', 'uio_pci_generic', 'bind', 'eth1'], 'not loaded')):
            status, out = run(*args)
            check.true('refused: ' + what, status == 1 and sentence in out, out.strip())
        check.equal('nothing to do', [run()[0], run('bind')[0], run('--what')[0], run('-d')[0]], [2, 2, 2, 2])
        status, out = run('-n', 'bind', 'eth1')
        check.true('a dry run says three writes', status == 0 and out.count('would write') == 3, out.splitlines()[0])
        check.true('nothing was written so far', tree(root) == before)
        status, out = run('bind', '3b:00.0', '0000:5f:00.0')
        check.equal('bind', (status, out.strip().splitlines()), (0, ['0000:3b:00.0: ice -> vfio-pci', '0000:5f:00.0: - -> vfio-pci']))
        check.equal('the override', read('devices/0000:3b:00.0/driver_override'), 'vfio-pci')
        check.equal('taken from its driver', read('drivers/ice/unbind'), '0000:3b:00.0')
        check.equal('offered anew', kernel.offered, ['0000:3b:00.0', '0000:5f:00.0'])
        status, out = run('bind', 'eth4')
        check.true('a driver that does not take it is told', status == 1 and 'did not take it' in out and '->' not in out, out.strip())
        check.equal('and it goes back', (read('devices/0000:60:00.0/driver_override').strip(), kernel.offered[-1]), ('', STUBBORN))
        check.equal('bind by force', run('-f', 'bind', 'eth2')[0], 0)
        check.equal('once is enough', run('bind', '0000:3b:00.0')[1].strip(), '0000:3b:00.0 is bound to vfio-pci already')
        status, out = run('unbind', '0000:3b:00.0')
        check.equal('unbind', status, 0)
        check.equal('no override', read('devices/0000:3b:00.0/driver_override').strip(), '')
    finally:
        shutil.rmtree(root)
    return check.status()


if __name__ == '__main__':
    sys.exit(main())
