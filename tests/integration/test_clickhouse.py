#!/usr/bin/python3
"""The ClickHouse sink against a real clickhouse-server: killed and started again in mid-batch, stopped for some seconds, answering
errors, dropping the connection after the insert was done; the collector killed with -9.

usage: test_clickhouse.py [--full]     --full: stopped for a minute

Law: in the end every record is there once (FINAL, and without it after OPTIMIZE), and what the views add up is exact.
Exit 0 fine, 1 failed, 77 no clickhouse-server here."""
import base64
import hashlib
import http.client
import http.server
import itertools
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from sink_tools import RINGTAP, SOURCE, Place, check, free_port, run, wait_for

RATE = 1000
TURN = ['fine', 'refused', 'fine', 'dropped after', 'fine', 'error after', 'fine', 'dropped before']
CONFIG = '''<?xml version="1.0"?>
<yandex>
<logger><level>warning</level><log>%(root)s/ch.log</log><errorlog>%(root)s/ch.err</errorlog></logger>
<http_port>%(port)d</http_port><tcp_port>%(tcp)d</tcp_port><listen_host>127.0.0.1</listen_host>
<path>%(root)s/data/</path><tmp_path>%(root)s/data/tmp/</tmp_path><mark_cache_size>67108864</mark_cache_size>
<users_config>%(root)s/users.xml</users_config><default_profile>default</default_profile><default_database>default</default_database>
</yandex>
'''
USERS = '''<?xml version="1.0"?>
<yandex><profiles><default></default></profiles><quotas><default></default></quotas><users>
<default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default>
<writer><password>se:cret</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></writer>
</users></yandex>
'''


class Server:
    def __init__(self, root):
        self.root, self.port, self.tcp, self.process = root, free_port(), free_port(), None
        os.makedirs(f'{root}/data/tmp')
        for name, text in (('config.xml', CONFIG), ('users.xml', USERS)):
            with open(f'{root}/{name}', 'w') as f:
                f.write(text % vars(self) if name == 'config.xml' else text)

    def start(self):
        self.process = subprocess.Popen(['clickhouse-server', f'--config-file={self.root}/config.xml'],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        check('clickhouse-server answers', wait_for(30, self.alive))

    def kill(self):
        self.process.kill()
        self.process.wait()

    def alive(self):
        try:
            return self.ask('SELECT 1') == '1'
        except (OSError, http.client.HTTPException):
            return False

    def has(self, query, answer):
        """False too where a server that was stopped for long does not answer yet."""
        try:
            return self.ask(query) == answer
        except (OSError, http.client.HTTPException):
            return False

    def ask(self, query):
        with urllib.request.urlopen(f'http://127.0.0.1:{self.port}/', query.encode(), timeout=20) as answer:
            return answer.read().decode().strip()

    def run(self, sql):
        sql = re.sub(r'--[^\n]*', '', sql)
        for statement in sql.split(';'):
            if statement.strip():
                self.ask(statement)


class Proxy(http.server.ThreadingHTTPServer):
    """Before the server; spoils some of the inserts, in turn."""
    daemon_threads = True

    def handle_error(self, *_):
        """A collector that was killed hangs up."""

    def __init__(self, server):
        super().__init__(('127.0.0.1', 0), Handler)
        self.to, self.turn, self.spoil, self.users = server, itertools.cycle(TURN), True, set()
        self.bodies = []  # (hash, what became of it)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *_):
        pass

    def answer(self, status, body):
        self.send_response(status)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def forward(self, body):
        link = http.client.HTTPConnection('127.0.0.1', self.server.to.port, timeout=20)
        link.request(self.command, self.path, body, {k: v for k, v in self.headers.items() if k != 'Host'})
        answer = link.getresponse()
        return answer.status, answer.read()

    def do_GET(self):
        self.serve(None)

    def do_POST(self):
        self.serve(self.rfile.read(int(self.headers['Content-Length'])))

    def serve(self, body):
        auth = self.headers.get('Authorization', '')
        self.server.users.add(base64.b64decode(auth.split()[-1]).decode() if auth else '')
        kind = next(self.server.turn) if body and self.server.spoil else 'fine'
        if body:
            self.server.bodies.append((hashlib.sha256(body).digest(), kind))
        try:
            if kind == 'refused':
                return self.answer(500, b'Code: 252, e.displayText() = DB::Exception: Too many parts\n')
            status, answer = self.forward(body) if kind != 'dropped before' else (0, b'')
        except OSError:
            kind = 'dropped before'
        if kind == 'error after':
            return self.answer(500, b'Code: 209, e.displayText() = DB::NetException: Timeout exceeded\n')
        if kind.startswith('dropped'):
            self.close_connection = True
            return self.connection.shutdown(socket.SHUT_RDWR)
        return self.answer(status, answer)


def optimize(server, table):
    """OPTIMIZE does nothing, and says so to nobody, while a merge of the server's own holds one of the parts."""
    parts = f"SELECT count() - uniqExact(partition) FROM system.parts WHERE active AND database = 'ringtap' AND table = '{table}'"
    for _ in range(100):
        server.ask(f'OPTIMIZE TABLE ringtap.{table} FINAL')
        if server.ask(parts).strip() == '0':
            return
        time.sleep(0.1)
    check(f'{table} is merged within ten seconds', False, server.ask(parts))


def check_counts(server, prefix, records):
    def one(query):
        return server.ask(query.replace('T.', f'ringtap.{prefix}'))
    expected = [str(records)] * 2
    check(f'{records} calls under FINAL, each once', one('SELECT count(), uniqExact(uid) FROM T.calls FINAL').split() == expected)
    check('the facts are exact before any merge', one('SELECT count(), uniqExact(uid) FROM T.call_facts FINAL').split() == expected)
    rows = int(one('SELECT count() FROM T.calls'))
    minutes = one('SELECT sum(attempts), sum(answers), min(asr), max(acd_s) FROM T.call_minutes').split()
    check('the minutes add up', minutes == [str(records)] * 2 + ['1', '25'], minutes)
    optimize(server, prefix + 'calls')
    left = one('SELECT count(), uniqExact(uid), min(seq), max(seq) FROM T.calls').split()
    check(f'{records} calls after OPTIMIZE ({rows} rows before)', left == expected + ['1', str(records // 2)], left)


def tables(server, prefix):
    sql = subprocess.run([f'{SOURCE}/scripts/clickhouse/print', 'local', '--prefix', prefix], check=True, stdout=subprocess.PIPE, text=True,
                         env={**os.environ, 'RINGTAP': RINGTAP}).stdout
    server.run(sql)


def part_fields(server):
    for kind in ('call', 'registration', 'transaction', 'message', 'stream'):
        manual = subprocess.run([RINGTAP, 'fields', kind], check=True, stdout=subprocess.PIPE, text=True).stdout
        fields = re.findall(r'^\| `(\w+)` \|', manual, re.M)
        columns = server.ask(f"SELECT name FROM system.columns WHERE database = 'ringtap' AND table = '{kind}s'").split()
        times = [f for f in fields if f + '_us' in columns]
        check(f'{kind}s has a column for each of {len(fields)} fields and no other',
              sorted(columns) == sorted(fields + [f + '_us' for f in times] + ['record_time']), set(columns) ^ set(fields))
    upgrade = subprocess.run([f'{SOURCE}/scripts/clickhouse/print', 'upgrade'], check=True, stdout=subprocess.PIPE, text=True,
                             env={**os.environ, 'RINGTAP': RINGTAP}).stdout
    server.ask('ALTER TABLE ringtap.calls DROP COLUMN sip_reason')
    server.ask(next(line for line in upgrade.splitlines() if 'calls ADD COLUMN `sip_reason`' in line).rstrip(';'))
    check('a column that a newer ringtap has is added', 'sip_reason' in server.ask('DESCRIBE TABLE ringtap.calls'))
    for what in (['replicated'], ['replicated', '--no-path'], ['distributed', '--cluster', 'c'], ['local', '--current']):
        text = subprocess.run([f'{SOURCE}/scripts/clickhouse/print', *what], check=True, stdout=subprocess.PIPE, text=True,
                              env={**os.environ, 'RINGTAP': RINGTAP}).stdout
        # Releases from 22.7 on refuse the old form, in which the engine has the keys: allow_deprecated_syntax_for_merge_tree.
        engines = re.findall(r'ENGINE = \w*MergeTree\b(.*)\nPARTITION BY [^\n]*\nORDER BY', text)
        check(f'print {" ".join(what)}: every table in the form that all releases take', len(engines) == text.count('MergeTree')
              and all(re.fullmatch(r"(\(('/[^']*', '\{replica\}')?\))?", e) for e in engines), engines)
        check(f'print {" ".join(what)} leaves nothing open', '@' not in text and text.count('CREATE TABLE') >= 5)


def part_server(server, root, away_s):
    """The server dies in mid-batch, and stands still for some time."""
    tables(server, 'a_')
    place = Place(root, f'clickhouse: {{url: "http://127.0.0.1:{server.port}", table_prefix: a_, batch_records: 300, flush_ms: 50, timeout_s: 2}}\n')
    try:
        records = RATE * 10
        collector, publisher = place.collector(), place.publish(records, RATE)
        for _ in range(2):
            time.sleep(1.2)
            server.kill()
            time.sleep(0.3)
            server.start()
        server.process.send_signal(signal.SIGSTOP)
        time.sleep(away_s)
        server.process.send_signal(signal.SIGCONT)
        check('the publisher was never held up', publisher.wait(60) == 0)
        check('all is there', wait_for(30, lambda: server.has('SELECT uniqExact(uid) FROM ringtap.a_calls', str(records))))
        collector.send_signal(signal.SIGTERM)
        check('the collector stops', collector.wait(20) == 0)
        check_counts(server, 'a_', records)
        log = place.log()
        check('the log says what failed, once an outage', 'clickhouse waits, trying again' in log and 'clickhouse goes on' in log
              and log.count('trying again') < 12, log)
    finally:
        place.close()


def part_errors(server, root):
    """Errors, connections dropped after the insert, and the collector killed."""
    tables(server, 'b_')
    proxy = Proxy(server)
    with open(f'{root}/password', 'w') as f:
        f.write('se:cret\n')
    place = Place(root, f'clickhouse: {{url: "http://127.0.0.1:{proxy.server_address[1]}", table_prefix: b_, batch_records: 200, flush_ms: 50, '
                        f'user: writer, password_file: {root}/password, compress: true}}\n')
    chance = random.Random(7)
    try:
        records = RATE * 6
        publisher = place.publish(records, RATE)
        for _ in range(5):
            collector = place.collector()
            time.sleep(chance.uniform(0.3, 1.6))
            collector.kill()
            collector.wait()
        collector = place.collector()
        check('the publisher ends', publisher.wait(60) == 0)
        wait_for(30, lambda: {kind for _, kind in proxy.bodies} == set(TURN))
        proxy.spoil = False
        check('all is there', wait_for(30, lambda: server.has('SELECT uniqExact(uid) FROM ringtap.b_calls', str(records))), place.log())
        collector.send_signal(signal.SIGTERM)
        collector.wait(20)
        check_counts(server, 'b_', records)
        kinds = [kind for _, kind in proxy.bodies]
        check('each way to fail was met', set(kinds) == set(TURN), kinds)
        late = {h for h, kind in proxy.bodies if kind != 'fine'} - {h for h, kind in proxy.bodies if kind == 'fine'}
        check(f'{len(kinds) - kinds.count("fine")} failed batches came again byte for byte', not late, len(late))
        check('as the user, with the password of the file', proxy.users == {'writer:se:cret'}, proxy.users)
    finally:
        place.close()
        proxy.shutdown()


def part_down(server, root):
    """Nobody there: the collector works and stops all the same, what waits comes with the next start."""
    tables(server, 'c_')
    port = free_port()
    place = Place(root, f'clickhouse: {{url: "http://127.0.0.1:{port}", table_prefix: c_}}\n')
    try:
        check('published', place.publish(500, 0).wait(20) == 0)
        start = time.monotonic()
        check('a collector without its server takes and stops', place.once() == 0 and time.monotonic() - start < 5, place.log())
        check('it says how many wait', '500 records wait for the next start' in place.log(), place.log())
        with open(place.config) as f:
            text = f.read().replace(str(port), str(server.port))
        with open(place.config, 'w') as f:
            f.write(text)
        check('the next start sends them', place.once() == 0 and server.ask('SELECT count() FROM ringtap.c_calls') == '500', place.log())
    finally:
        place.close()


def main():
    if not shutil.which('clickhouse-server'):
        print('skip: no clickhouse-server (scripts/setup --test)')
        return 77
    with tempfile.TemporaryDirectory(prefix='ringtap-clickhouse-') as root:
        server = Server(root)
        try:
            server.start()
            print('     release', server.ask('SELECT version()'))
            tables(server, '')
            part_fields(server)
            for name, part in (('a', lambda r: part_server(server, r, 60 if '--full' in sys.argv else 4)), ('b', lambda r: part_errors(server, r)),
                               ('c', lambda r: part_down(server, r))):
                os.mkdir(f'{root}/{name}')
                part(f'{root}/{name}')
        finally:
            if server.process:
                server.kill()
    return 0


if __name__ == '__main__':
    sys.exit(run('clickhouse', main))
