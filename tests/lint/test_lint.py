#!/usr/bin/python3
"""Every rule of lint.py finds the violation planted for it, and finds nothing in a clean tree: no rule is vacuous."""
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lint

CLEAN = {
    'probe/meson.build': "room_table = [\n  # floor 0\n  ['base', []],\n  ['sys', ['base']],\n  ['sip', ['base']],\n  ['cli', ['base', 'sys']],\n]\n",
    'probe/base/base.h': '#pragma once\nint base_sum(int a, int b);\n',
    'probe/base/base.c': '#include "base.h"\nconst char *const base_names[] = {"a", "b"};\n\nint\nbase_sum(int a, int b)\n{\n\treturn a + b;\n}\n',
    'probe/base/base_private.h': '#pragma once\n',
    'probe/base/meson.build': "room_sources = files('base.c')\n",
    'probe/sip/sip.h': '#pragma once\n#include "base.h"\n/* never strcpy(), never "../" */\nint sip_len(const char *s);\n',
    'probe/sip/sip.c': '#include <string.h>\n#include "sip.h"\n\nint\nsip_len(const char *s)\n{\n\treturn base_sum((int)strlen(s), 0); /* not malloc() */\n}\n',
    'probe/sip/meson.build': "room_sources = files('sip.c')\n",
    'probe/sys/sys.h': '#pragma once\nvoid sys_log(const char *s);\n',
    'probe/sys/sys.c': '#include <stdio.h>\n#include "sys.h"\n\nvoid\nsys_log(const char *s)\n{\n\tputs(s);\n}\n',
    'probe/sys/meson.build': "room_sources = files('sys.c')\n",
    'probe/cli/cli.h': '#pragma once\n',
    'probe/cli/meson.build': '',
    'probe/app/main.c': '#include "cli.h"\nstatic int count;\n\nint\nmain(void)\n{\n\treturn count++;\n}\n',
    'probe/app/meson.build': "executable('x', 'main.c')\n",
}
LONG = '#include "sip.h"\n\nint\nsip_len(const char *s)\n{\n' + '\ts++;\n' * 96 + '\treturn *s;\n}\n'
# rule, file, its content or text to add, what the violation says
PLANTED = [
    ('no_dotdot', 'probe/sip/sip.c', '+#include "../base/base.h"\n', 'no ../'),
    ('room_table', 'probe/sip/sip.c', '+#include "sys.h"\n', 'no room that sip may see'),
    ('room_table', 'probe/base/base.c', '+#include "cli.h"\n', 'no room that base may see'),
    ('room_table', 'probe/sip/sip.c', '+#include "base_private.h"\n', 'private to base'),
    ('sizes', 'probe/sip/sip.c', LONG.replace('\ts++;\n', '', 1), None),
    ('floor_order', 'probe/meson.build', "room_table = [\n  ['base', ['sys']],\n  ['sys', ['base']],\n]\n", 'base needs sys'),
    ('vendors', 'probe/cli/cli.h', '+#include <rte_mbuf.h>\n', 'belongs to room rx'),
    ('vendors', 'probe/cli/cli.h', '+#include <hs/hs.h>\n', 'belongs to room classify'),
    ('vendors', 'probe/cli/cli.h', '+#include <sqlite3.h>\n', 'belongs to room store'),
    ('vendors', 'probe/cli/cli.h', '+#include <cyaml/cyaml.h>\n', 'belongs to room config'),
    ('vendors', 'probe/cli/cli.h', '+#include <pcap/pcap.h>\n', 'belongs to room rx'),
    ('vendors', 'probe/cli/cli.h', '+#include <nettle/sha2.h>\n', 'belongs to room sinks'),
    ('vendors', 'probe/cli/cli.h', '+#include <microhttpd.h>\n', 'belongs to room http'),
    ('pure_symbols', 'probe/sip/sip.c', '+#include <stdlib.h>\nvoid *sip_new(void);\nvoid *\nsip_new(void)\n{\n\treturn malloc(5);\n}\n', 'asks for malloc'),
    ('pure_symbols', 'probe/sip/sip.c', '+#include <stdio.h>\nvoid sip_print(void);\nvoid\nsip_print(void)\n{\n\tputs("x");\n}\n', 'asks for puts'),
    ('pure_symbols', 'probe/sip/sip.c', '+#include <unistd.h>\nint sip_pid(void);\nint\nsip_pid(void)\n{\n\treturn getpid();\n}\n', 'asks for getpid'),
    ('pure_symbols', 'probe/base/base.c', '+int rte_lcore_id(void);\nint base_core(void);\nint\nbase_core(void)\n{\n\treturn rte_lcore_id();\n}\n', 'asks for rte_lcore_id'),
    ('no_writable', 'probe/sip/sip.c', '+int sip_count = 5;\n', 'in .data'),
    ('no_writable', 'probe/sys/sys.c', '+int sys_next(void);\nint\nsys_next(void)\n{\n\tstatic int next;\n\treturn next++;\n}\n', 'in .bss'),
    ('no_writable', 'probe/sys/sys.c', '+_Thread_local int sys_errors;\n', 'in .tbss'),
    ('headers_alone', 'probe/sip/sip.h', '+uint32_t sip_hash(void);\n', 'does not compile alone'),
    ('headers_once', 'probe/sip/sip.h', 'int sip_len(const char *s);\n', 'no #pragma once'),
    ('headers_once', 'probe/sip/time.h', '#pragma once\n', 'one of libc'),
    ('no_extern', 'probe/sip/sip.c', '+extern int sip_other;\n', 'extern in a .c'),
    ('no_typedef', 'probe/sip/sip.h', '+typedef struct sip sip_t;\n', 'typedef of a struct'),
    ('sizes', 'probe/sip/sip.h', '+' + '\n' * 700, 'at most 700'),
    ('sizes', 'probe/sip/sip.h', '+/* ' + 'x' * 100 + ' */\n', 'columns, at most 100'),
    ('sizes', 'probe/sip/sip.c', LONG, 'sip_len has 101 lines'),
    ('doors', 'probe/sip/sip.h', None, 'no door header sip.h'),
    ('doors', 'probe/extra/extra.h', '#pragma once\n', 'not in the room table'),
    ('built', 'probe/sip/sip_more.c', '\n', 'not named in'),
] + [('banned', 'probe/cli/cli.h', '+static inline int\ncli_x(void)\n{\n\treturn %s(0);\n}\n' % f, '%s is not used' % f) for f in lint.BANNED]


def plant(files):
    folder = tempfile.TemporaryDirectory(prefix='ringtap-lint-')
    for path, text in files.items():
        if text is not None:
            os.makedirs(os.path.dirname(os.path.join(folder.name, path)), exist_ok=True)
            open(os.path.join(folder.name, path), 'w').write(text)
    return folder


def violations(files, rules):
    with plant(files) as root:
        tree = lint.Tree(root)
        for cached in (lint.text_of, lint.code_of):
            cached.cache_clear()
        return [v for rule in rules for v in lint.RULES[rule](tree)]


def main():
    bad = ['clean tree: ' + v for v in violations(CLEAN, lint.RULES)]
    for rule, path, text, says in PLANTED:
        planted = dict(CLEAN)
        planted[path] = CLEAN[path] + text[1:] if text and text[0] == '+' else text
        found = violations(planted, [rule])
        if says is None and found or says is not None and not any(says in v for v in found):
            bad.append('%s in %s: wanted %r, found %r' % (rule, path, says, found))
    bad += ['rule %s has no planted violation' % rule for rule in lint.RULES if rule not in {p[0] for p in PLANTED}]
    with plant(dict(CLEAN, **{'probe/sip/sip.c': LONG})) as root:
        status = subprocess.run([sys.executable, lint.__file__, '--root', root, '--rule', 'sizes'], stdout=subprocess.DEVNULL).returncode
        bad += [] if status == 1 else ['the exit status of a violation is %d' % status]
    print('\n'.join(bad + ['%d planted, %d wrong' % (len(PLANTED), len(bad))]))
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
