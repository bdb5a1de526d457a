#!/usr/bin/python3
"""scripts/build: trained in two passes, plain again, and wrong.  Hardly optimized and without what training does not change, so that
it takes less than a minute; nobody is told of speed here (scripts/bench --trained measures it)."""
import glob
import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import corpus_tools as tools

SCRIPT = os.path.join(tools.SOURCE, 'scripts', 'build')
QUICK = ['-Doptimization=1', '-Ddebug=false', '-Dlto=false', '-Ddpdk=false'] + ['-D%s=disabled' % o for o in ('clickhouse', 'http', 'kafka', 'zstd', 'steer', 'tones')]
bad = []


def check(good, *words):
    if not good:
        bad.append(' '.join(str(w) for w in words))


def build(*arguments, **variables):
    run = tools.Run([SCRIPT, *arguments], seconds=400, env=dict(os.environ, **variables))
    return run.status, run.out.decode(errors='replace'), run.err.decode(errors='replace')


def training_of(folder):
    out = tools.Run(['meson', 'introspect', '--buildoptions', folder]).out.decode()
    return next(o['value'] for o in tools.json.loads(out) if o['name'] == 'training')


def counted(folder):
    return {os.path.relpath(path, folder): open(path, 'rb').read() for path in glob.glob(os.path.join(folder, '**', '*.gcda'), recursive=True)}


def reads_the_same(program, folder):
    """What a program compiled otherwise must not say otherwise: every record of these, with its messages."""
    made = os.path.join(folder, 'made.pcap')
    wrote = tools.Run([program, 'gen', '--seed', '99', '--cps', '50', '--duration', '4s', '--hold', '1s', '--loss', '2%', '--reorder', '1%', '--ipv6', '30%',
                       '--tcp', '20%', '--auth', '20%', '--fates', 'answered=4,busy=1,cancelled=1', '-w', made])
    check(wrote.status == 0, 'gen: exit', wrote.status, wrote.err)
    for capture in [tools.DEMO, made] + sorted(glob.glob(os.path.join(tools.SOURCE, 'tests', 'data', 'flows', '*.pcap'))):
        said = [tools.Run([p, 'read', '--format', 'jsonl', '--flow', capture]) for p in (tools.program(), program)]
        check(said[0].status == 0 and said[0].out, capture, 'plain: exit', said[0].status)
        check(said[0].out == said[1].out and said[1].status == 0, capture, 'is read otherwise by the trained program')


def trained(folder):
    there = os.path.join(folder, 'there')
    status, out, err = build('--trained', '--build', there, '--', *QUICK)
    check(status == 0, 'trained: exit', status, err)
    if bad:
        return
    check(training_of(there) == 'use', 'trained: training is', training_of(there))
    counts = counted(there)
    check(all(any(room + '.a.p' in path for path in counts) for room in ('packet', 'sip', 'media', 'dialog', 'record', 'worker')), 'nothing counted of a room:', *counts)
    check(not any('room_cli' in path for path in counts), 'a room that no packet goes through was counted')
    program = os.path.join(there, 'probe', 'app', 'ringtap')
    reads_the_same(program, folder)
    check(counted(there) == counts, 'the program still counts')


def wrong(folder):
    check(build('--wrong')[0] == 2, 'wrong option: not 2')
    check(build('--build')[0] == 2, 'no folder: not 2')
    if shutil.which('clang'):
        status, _, err = build('--trained', '--build', os.path.join(folder, 'clang'), '--', *QUICK, CC='clang')
        check(status == 1 and 'is for gcc' in err, 'clang: exit', status, err)
    else:
        print('no clang: that it is refused is left out')


def main():
    tools.program()
    for needed in ('meson', 'ninja'):
        if not shutil.which(needed):
            tools.skip('no ' + needed)
    version = subprocess.run([*os.environ.get('CC', 'cc').split(), '--version'], stdout=subprocess.PIPE, text=True).stdout
    if 'Free Software Foundation' not in version:
        tools.skip('training is for gcc; this is ' + version.split('\n')[0])
    with tempfile.TemporaryDirectory(prefix='ringtap-build-') as folder:
        trained(folder)
        wrong(folder)
    print('\n'.join(bad + ['%d wrong' % len(bad)]))
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
