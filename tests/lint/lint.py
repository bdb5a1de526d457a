#!/usr/bin/python3
"""lint.py [BUILD] [--root ROOT] [--rule NAME] - the laws of the tree that no compiler keeps.  One line per violation, exit 1 when there is one.

BUILD (a meson build folder without sanitizers) gives the object files; without it they are compiled here.
test_lint.py plants a violation of every rule and sees it found."""
import argparse
import ast
import functools
import os
import re
import subprocess
import sys
import tempfile

# Bytes in, structs out: no allocation, no stdio, no system call, no state of their own.
PURE = ['base', 'packet', 'sip', 'rtp', 'record', 'metrics', 'shm', 'media', 'dialog', 'shard', 'gen']
# What a pure room may ask of libc and libm: functions of their arguments; and __cpu_model, which instructions the machine has.
PURE_SYMBOLS = set('''memcpy memset memcmp memmove memchr memrchr memmem mempcpy strlen strnlen strcmp strncmp strncasecmp
    exp log log2 log10 pow sqrt sin floor ceil round lround llround fabs isnan fmod fmin fmax __stack_chk_fail
    __memcpy_chk __memset_chk __memmove_chk _GLOBAL_OFFSET_TABLE_ __cpu_model'''.split())
# Where state of a file's own is what the thing is: a signal handler has no other way to speak, a process has one log.
WRITABLE_OK = {'sys': {'sys_signals.c', 'sys_log.c'}}
VENDORS = [
    ('rx', r'(rte_\w+|pcap(/\w+)?)\.h'),
    ('classify', r'(hs/)?hs\w*\.h'),
    ('store', r'sqlite3\w*\.h'),
    ('config', r'(cyaml/cyaml|yaml)\.h'),
    ('sinks', r'(nettle/\w+|openssl/\w+|curl/\w+|librdkafka/\w+|zlib)\.h'),
    ('http', r'microhttpd\.h'),
    ('tones', r'spandsp(/\w+)?\.h'),
    ('steer', r'(bpf/\w+|xdp/\w+)\.h'),
]
VENDOR_PACKAGES = {'rx': 'libdpdk libpcap', 'classify': 'libhs', 'store': 'sqlite3', 'config': 'libcyaml yaml-0.1', 'sinks': 'nettle libcurl zlib rdkafka', 'steer': 'libbpf', 'http': 'libmicrohttpd', 'tones': 'spandsp'}
BANNED = 'sprintf vsprintf strcpy strcat strtok atoi atol gets alloca setjmp longjmp'.split()
LIBC_HEADERS = set('''assert ctype errno fcntl fenv float inttypes limits locale math poll sched setjmp signal stdarg stdbool stddef stdint
    stdio stdlib string strings syslog termios threads time unistd wchar'''.split())
FILE_LINES_MAX, FUNCTION_LINES_MAX, COLUMNS_MAX = 700, 100, 100


class Tree:
    def __init__(self, root, build=None):
        self.root, self.build = root, build
        self.probe = os.path.join(root, 'probe')
        text = open(os.path.join(self.probe, 'meson.build')).read()
        table = re.search(r'^room_table = (\[.*?^\])', text, re.S | re.M)
        if not table:
            sys.exit('lint: probe/meson.build has no room_table')
        self.needs = {name: needs for name, needs in ast.literal_eval(re.sub(r'#.*', '', table.group(1)))}
        self.rooms = [r for r in self.needs if os.path.isdir(os.path.join(self.probe, r))]
        self.temp = tempfile.TemporaryDirectory(prefix='ringtap-lint-')

    def files(self, *endings, rooms=None):
        """(room, path) of each source file; 'app' is a room that sees everything."""
        for room in rooms or self.rooms + ['app']:
            folder = os.path.join(self.probe, room)
            for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
                if name.endswith(endings):
                    yield room, os.path.join(folder, name)

    def sees(self, room):
        return [room] + (self.rooms if room == 'app' else self.needs[room])

    def short(self, path):
        return os.path.relpath(path, self.root)

    def flags(self, room):
        flags = ['-std=gnu11', '-D_GNU_SOURCE', '-DRINGTAP_VERSION="lint"'] + ['-I' + os.path.join(self.probe, r) for r in self.sees(room)]
        for package in VENDOR_PACKAGES.get(room, '').split():
            flags += package_flags(package)
        return flags + (['-DRINGTAP_HYPERSCAN'] if room == 'classify' and package_flags('libhs') else [])

    def objects(self, room):
        """(source name, object file) of a room: from the build's archive, else compiled now."""
        sources = [path for _, path in self.files('.c', rooms=[room])]
        archive = os.path.join(self.build, 'probe', 'libroom_%s.a' % room) if self.build else ''
        built = {}
        if archive and os.path.exists(archive):
            for member in run(['ar', 't', archive])[1].split():
                built[os.path.basename(member)] = member if os.path.isabs(member) else os.path.join(self.build, 'probe', member)
                if not os.path.exists(built[os.path.basename(member)]):
                    built[os.path.basename(member)] = os.path.join(self.build, member)
        for source in sources:
            name = os.path.basename(source)
            made = built.get('%s_%s.o' % (room, name))
            if not made or not os.path.exists(made):
                made = os.path.join(self.temp.name, room + '_' + name + '.o')
                if not os.path.exists(made):
                    status, out = run(['cc', '-O1', '-fPIC', '-w', '-c', source, '-o', made] + self.flags(room))
                    if status:
                        print('%s: does not compile:\n%s' % (self.short(source), out))
                        continue
            yield name, made


def run(command):
    p = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace')
    return p.returncode, p.stdout


@functools.lru_cache(None)
def package_flags(package):
    status, out = run(['pkg-config', '--cflags', package])
    return out.split() if status == 0 else []


@functools.lru_cache(None)
def text_of(path):
    return open(path, encoding='utf8', errors='replace').read()


@functools.lru_cache(None)
def code_of(path):
    """The text without comments and the insides of strings; lines stay where they are."""
    def blank(match):
        found = match.group(0)
        return found[0] + '\n' * found.count('\n') + found[0] if found[0] in '"\'' else ' ' + '\n' * found.count('\n')
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text_of(path), flags=re.S)


def line_of(text, at):
    return text.count('\n', 0, at) + 1


def includes(path):
    for m in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', text_of(path), re.M):
        yield line_of(text_of(path), m.start()), m.group(1), m.group(2)


def rule_no_dotdot(tree):
    for _, path in tree.files('.c', '.h', '.def'):
        for line, _, name in includes(path):
            if '..' in name.split('/'):
                yield '%s:%d: include of %s: no ../ in includes' % (tree.short(path), line, name)


def rule_room_table(tree):
    for room, path in tree.files('.c', '.h', '.def'):
        for line, quote, name in includes(path):
            where = [r for r in tree.sees(room) if os.path.exists(os.path.join(tree.probe, r, name))]
            if quote == '"' and not where:
                yield '%s:%d: %s is in no room that %s may see (%s)' % (tree.short(path), line, name, room, ' '.join(tree.sees(room)))
            elif where and room not in where and name.endswith('_private.h'):
                yield '%s:%d: %s is private to %s' % (tree.short(path), line, name, where[0])


def rule_floor_order(tree):
    seen = []
    for room, needs in tree.needs.items():
        for need in needs:
            if need not in seen:
                yield 'probe/meson.build: %s needs %s, which does not stand above it' % (room, need)
        seen.append(room)


def rule_vendors(tree):
    for room, path in tree.files('.c', '.h', '.def'):
        for line, _, name in includes(path):
            for owner, pattern in VENDORS:
                if room != owner and re.fullmatch(pattern, name):
                    yield '%s:%d: %s belongs to room %s' % (tree.short(path), line, name, owner)


def rule_pure_symbols(tree):
    for room in (r for r in tree.rooms if r in PURE):
        defined = set()
        for r in tree.sees(room):
            for _, made in tree.objects(r):
                defined.update(line.split()[-1] for line in run(['nm', '--defined-only', made])[1].splitlines() if line)
        for name, made in tree.objects(room):
            wanted = {line.split()[-1] for line in run(['nm', '-u', made])[1].splitlines() if line}
            for symbol in sorted(wanted - defined - PURE_SYMBOLS):
                yield 'probe/%s/%s: pure room asks for %s' % (room, name, symbol)


def rule_no_writable(tree):
    """By section: .data.rel.ro holds constants that -fPIC relocates and is fine."""
    for room in tree.rooms:
        for name, made in tree.objects(room):
            if name in WRITABLE_OK.get(room, ()):
                continue
            # .[ 5] .bss NOBITS address offset size es flags
            for m in re.finditer(r'\]\s+(\.t?(?:data|bss)\S*)\s+\S+\s+\S+\s+\S+\s+([0-9a-f]+)\s', run(['readelf', '-SW', made])[1]):
                if int(m.group(2), 16) and not m.group(1).startswith('.data.rel.ro'):
                    yield 'probe/%s/%s: %d writable bytes in %s (file-scope or static variable)' % (room, name, int(m.group(2), 16), m.group(1))


def rule_headers_alone(tree):
    for room, path in tree.files('.h'):
        if room == 'app':
            continue
        status, out = run(['cc', '-fsyntax-only', '-x', 'c', path, '-Wno-pragma-once-outside-header'] + tree.flags(room))
        if status:
            yield '%s: does not compile alone: %s' % (tree.short(path), next((l for l in out.splitlines() if 'error' in l), out.strip()[:200]))


def rule_headers_once(tree):
    for _, path in tree.files('.h'):
        if not re.search(r'^\s*#\s*pragma\s+once', code_of(path), re.M):
            yield '%s: no #pragma once' % tree.short(path)
        if os.path.basename(path)[:-2] in LIBC_HEADERS:
            yield '%s: a header named like one of libc' % tree.short(path)


def rule_banned(tree):
    pattern = re.compile(r'(?<![\w.>])(%s)\s*\(' % '|'.join(BANNED))
    for _, path in tree.files('.c', '.h'):
        for m in pattern.finditer(code_of(path)):
            yield '%s:%d: %s is not used here' % (tree.short(path), line_of(code_of(path), m.start()), m.group(1))


def rule_no_extern(tree):
    for _, path in tree.files('.c'):
        for m in re.finditer(r'^\s*extern\b', code_of(path), re.M):
            yield '%s:%d: extern in a .c file' % (tree.short(path), line_of(code_of(path), m.end()))


def rule_no_typedef(tree):
    for _, path in tree.files('.c', '.h'):
        for m in re.finditer(r'\btypedef\s+(?:struct|union)\b', code_of(path)):
            yield '%s:%d: typedef of a struct' % (tree.short(path), line_of(code_of(path), m.start()))


def functions(path):
    """(name, first line, last line) by braces: a '{' at depth 0 behind a ')' opens a function."""
    code = re.sub(r'^[ \t]*#(?:[^\n]*\\\n)*[^\n]*', lambda m: '\n' * m.group(0).count('\n'), code_of(path), flags=re.M)
    depth, start, name = 0, 0, ''
    for m in re.finditer(r'[{}]', code):
        if m.group(0) == '{':
            head = code[:m.start()].rstrip()
            if depth == 0:
                head = head[max(head.rfind('}'), head.rfind(';')) + 1:]
                found = re.search(r'(\w+)\s*\(', head) if head.endswith(')') else None
                name, start = (found.group(1), line_of(code, m.start()) - head.lstrip().count('\n') - 1) if found else ('', 0)
            depth += 1
        else:
            depth = max(0, depth - 1)
            if depth == 0 and name:
                yield name, start, line_of(code, m.start())
                name = ''


def rule_sizes(tree):
    for _, path in tree.files('.c', '.h', '.def'):
        lines = text_of(path).count('\n')
        if lines > FILE_LINES_MAX:
            yield '%s: %d lines, at most %d' % (tree.short(path), lines, FILE_LINES_MAX)
        for number, line in enumerate(text_of(path).splitlines(), 1):
            if len(line.expandtabs(8)) > COLUMNS_MAX:
                yield '%s:%d: %d columns, at most %d' % (tree.short(path), number, len(line.expandtabs(8)), COLUMNS_MAX)
        for name, first, last in functions(path) if not path.endswith('.def') else ():
            if last - first + 1 > FUNCTION_LINES_MAX:
                yield '%s:%d: %s has %d lines, at most %d' % (tree.short(path), first, name, last - first + 1, FUNCTION_LINES_MAX)


def rule_doors(tree):
    for room in tree.needs:
        if not os.path.exists(os.path.join(tree.probe, room, room + '.h')):
            yield 'probe/%s: no door header %s.h' % (room, room)
    for room in sorted(os.listdir(tree.probe)):
        if os.path.isdir(os.path.join(tree.probe, room)) and room not in tree.needs and room != 'app':
            yield 'probe/%s: not in the room table' % room


def rule_built(tree):
    for room, path in tree.files('.c'):
        listed = os.path.join(tree.probe, room, 'meson.build')
        if os.path.basename(path) not in (re.findall(r"'([^']+\.c)'", text_of(listed)) if os.path.exists(listed) else ()):
            yield '%s: not named in probe/%s/meson.build' % (tree.short(path), room)


RULES = {name[5:]: rule for name, rule in sorted(globals().items()) if name.startswith('rule_')}


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument('build', nargs='?')
    ap.add_argument('--root', default=os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
    ap.add_argument('--rule', action='append', choices=sorted(RULES))
    a = ap.parse_args()
    build = a.build
    if build and sanitized(build):
        build = None
    tree, bad = Tree(os.path.realpath(a.root), build), 0
    for name in a.rule or RULES:
        found = list(RULES[name](tree))
        bad += len(found)
        for violation in found:
            print('%s: %s' % (name, violation))
    print('%d rules, %d violations' % (len(a.rule or RULES), bad))
    return 1 if bad else 0


def sanitized(build):
    status, out = run(['meson', 'introspect', '--buildoptions', build])
    return status != 0 or not re.search(r'"name": "b_sanitize"[^}]*"value": "none"|"value": "none"[^}]*"name": "b_sanitize"', out)


if __name__ == '__main__':
    sys.exit(main())
