#!/usr/bin/python3
"""What people get wrong is answered with the right exit status and one sentence that names it."""
import os
import shutil
import struct
import subprocess
import sys

import netns

HEADER = struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)
NOBODY = 65534


def packet(n):
    return struct.pack('<IIII', 1700000000, 0, n, n) + bytes(n)


def files(directory):
    """Name of a file, its bytes, the sentence about it."""
    return [
        ('empty.pcap', b'', 'empty file'),
        ('text.pcap', b'INVITE sip:alice@example.org SIP/2.0\r\n' * 3, 'not a capture file'),
        ('gzip.pcap', b'\x1f\x8b\x08' + bytes(40), 'compressed with gzip'),
        ('header.pcap', HEADER[:11], 'cut short within its file header'),
        ('usb.pcap', HEADER[:20] + struct.pack('<I', 189) + packet(20), 'USB'),
        ('cut.pcap', HEADER + packet(60) + packet(60)[:-10], 'the last packet (number 2) is cut short: 50 of 60 bytes'),
        ('damaged.pcap', HEADER + packet(60) + struct.pack('<IIII', 0, 0, 2000000000, 60) + bytes(60), 'packet 2 claims 2000000000 bytes'),
        ('section.pcapng', struct.pack('<III', 0x0a0d0d0a, 28, 0) + bytes(16), 'byte-order mark'),
    ]


def run(argv, **more):
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, **more)


def expect(check, what, result, status, sentence):
    ok = result.returncode == status and sentence in result.stderr and 'Traceback' not in result.stderr
    check.true(what, ok, '' if ok else 'status %d, said: %s' % (result.returncode, result.stderr))


def captures(check, directory):
    ringtap = netns.program('ringtap')
    for name, data, sentence in files(directory):
        path = os.path.join(directory, name)
        with open(path, 'wb') as f:
            f.write(data)
        result = run([ringtap, 'read', path])
        expect(check, 'read ' + name, result, 1, sentence)
        check.true('  names the file', name in result.stderr)
    expect(check, 'read a file that is not there', run([ringtap, 'read', directory + '/none.pcap']), 1, 'No such file')
    expect(check, 'read a directory', run([ringtap, 'read', directory]), 1, 'is a directory')


def unprivileged(argv):
    """The same command without any privilege."""
    return ['setpriv', '--reuid', str(NOBODY), '--regid', str(NOBODY), '--clear-groups'] + argv


def runtime_folders():
    """Where DPDK keeps files of probes; those of a probe killed earlier stay there."""
    return {n for n in os.listdir('/run/dpdk') if n.startswith('ringtap-')} if os.path.isdir('/run/dpdk') else set()


def probe(check, directory):
    path = netns.program('ringtap-probe')
    config = netns.write_config(directory)
    before = runtime_folders()

    def with_port(port):
        # of the configuration as it is by then
        return [path, '-c', config, '--port', port]

    expect(check, 'no configuration', run([path]), 2, 'give the configuration')
    expect(check, 'an unknown option', run([path, '--nonsense']), 2, 'nonsense')
    expect(check, 'a word too many', run([path, '-c', config, 'eth1']), 2, "'eth1' is not expected here")
    expect(check, 'a configuration that is not there', run([path, '-c', directory + '/none.yaml']), 1, 'none.yaml')
    expect(check, 'no port', run([path, '-c', config]), 1, 'no port to capture on')
    expect(check, 'an interface that is not there', run(with_port('nosuch0')), 1, 'port nosuch0: no network interface')
    expect(check, 'the same behind a driver', run(with_port('net_af_packet0,iface=nosuch0')), 1, 'no network interface nosuch0')
    expect(check, 'a driver that is not there', run(with_port('net_nosuch0,a=1')), 1, 'no driver net_nosuch')
    expect(check, 'a NIC that is not there', run(with_port('0000:ff:1f.7')), 1, 'DPDK sees no such NIC')
    for key, value, sentence in (('cores', '99999', 'cores'), ('nonsense', '1', 'nonsense'), ('mtu', 'many', 'mtu')):
        broken = netns.write_config(directory, **{key: value})
        result = run([path, '-c', broken])
        expect(check, 'probe.%s: %s' % (key, value), result, 1, sentence)
        check.true('  names file and line', 'ringtap.yaml:' in result.stderr)
    config = netns.write_config(directory)
    result = run([path, '-c', config, '--check'])
    check.equal('--check', result.returncode, 0)
    if os.geteuid() == 0 and shutil.which('setpriv'):
        own = os.path.join(directory, 'nobody')
        os.mkdir(own)
        os.chmod(directory, 0o755)
        config = netns.write_config(own)
        run(['chown', '-R', str(NOBODY), own])
        if run(unprivileged([path, '--version'])).returncode == 0:
            expect(check, 'no permission', run(unprivileged(with_port('lo'))), 1, 'needs CAP_NET_RAW')
    check.equal('files left behind', runtime_folders() - before, set())


def main():
    check = netns.Check()
    directory = netns.temporary()
    try:
        captures(check, directory)
        if os.access(os.path.join(netns.BUILD, 'probe', 'app', 'ringtap-probe'), os.X_OK):
            probe(check, directory)
        else:
            print('without ringtap-probe: not built')
        return check.status()
    finally:
        shutil.rmtree(directory)


if __name__ == '__main__':
    sys.exit(main())
