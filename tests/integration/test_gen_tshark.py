#!/usr/bin/python3
"""A second opinion on what `ringtap gen` writes: tshark finds nothing malformed, each SIP message, and the same streams, packets and losses."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import corpus_tools as tools
import netns

OPTIONS = ('--cps 6 --duration 4s --hold 4s --ring 1s --rtcp 1s --codecs PCMA,PCMU,G729 --fates answered=6,busy=1,cancelled=1,redirected=1 --auth 20% '
           '--holds 20% --info 20% --dtmf 30% --ipv6 40% --tcp 20% --large 30% --registrations 10% --loss 2% --jitter 5ms --seed 4')


def tshark(capture, *more):
    return subprocess.run(['tshark', '-n', '-r', capture, '--enable-heuristic', 'rtp_udp', *more], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=True, text=True).stdout


def streams_of(text):
    """{(source port, destination port, SSRC): (packets, lost)} of rtp,streams."""
    found = {}
    for line in text.splitlines():
        m = re.match(r'\s*[\d.]+\s+[\d.]+\s+(\S+)\s+(\d+)\s+(\S+)\s+(\d+)\s+(0x[0-9a-fA-F]+)\s+(.*?)\s+(\d+)\s+(-?\d+)\s+\(', line)
        if m:
            found[int(m[2]), int(m[4]), int(m[5], 16)] = (int(m[7]), int(m[8]))
    return found


def main():
    if not shutil.which('tshark'):
        tools.skip('tshark is not installed')
    check = netns.Check()
    with tempfile.TemporaryDirectory(prefix='ringtap-gen-') as folder:
        for link in ('', ' --vlan 9 --tunnel vxlan'):
            capture, truth = os.path.join(folder, 'a.pcap'), os.path.join(folder, 'a.jsonl')
            subprocess.run([tools.program(), 'gen'] + (OPTIONS + link).split() + ['-w', capture, '-t', truth], check=True)
            records = [json.loads(line) for line in open(truth)]
            wanted = {(s['src_port'], s['dst_port'], int(s['ssrc'], 16)): (s['packets'], s['lost']) for r in records for s in r.get('streams', [])}
            print('gen' + link)
            check.equal('malformed', tshark(capture, '-Y', '_ws.malformed'), '')
            check.equal('SIP messages', len(tshark(capture, '-Y', 'sip').splitlines()), sum(r['messages'] for r in records))
            found = streams_of(tshark(capture, '-q', '-z', 'rtp,streams'))
            check.equal('streams', len(found), len(wanted))
            check.equal('packets and losses that differ', {k: (found.get(k), v) for k, v in wanted.items() if found.get(k) != v}, {})
            checksums = ['-o', 'ip.check_checksum:TRUE', '-o', 'udp.check_checksum:TRUE', '-o', 'tcp.check_checksum:TRUE']
            bad = 'ip.checksum.status == 0 || udp.checksum.status == 0 || tcp.checksum.status == 0'
            check.equal('wrong checksums', len(tshark(capture, *checksums, '-Y', bad).splitlines()), 0)
    return check.status()


if __name__ == '__main__':
    sys.exit(main())
