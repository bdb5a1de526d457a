#!/usr/bin/python3
"""/metrics and /healthz of the collector: the exposition format word for word, the counts against what was published, who is behind
and why, and that every metric of the dashboard and the alert rules exists.

Exit 0 fine, 1 failed, 77 built without libmicrohttpd."""
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from sink_tools import PUBLISH, SOURCE, Place, check, free_port, wait_for

NAME = r'[a-zA-Z_:][a-zA-Z0-9_:]*'
SAMPLE = re.compile(rf'({NAME})(?:\{{((?:{NAME}="(?:[^"\\\n]|\\[\\"n])*",?)*)\}})? (-?[0-9.]+(?:e[+-]?[0-9]+)?|NaN|[+-]Inf)$')


def parse(text):
    """{family: (type, {(sample name, labels): value})}, or the sentence that says what is wrong with the text."""
    families, family = {}, None
    if not text.endswith('\n'):
        return 'no line feed at the end'
    for line in text[:-1].split('\n'):
        help_line = re.fullmatch(rf'# HELP ({NAME}) [^\n]+', line)
        type_line = re.fullmatch(rf'# TYPE ({NAME}) (counter|gauge|histogram)', line)
        sample = SAMPLE.match(line)
        if help_line:
            family = help_line.group(1)
            if family in families:
                return f'{family} begins twice'
            families[family] = (None, {})
        elif type_line:
            if type_line.group(1) != family or families[family][0]:
                return f'TYPE without its HELP: {line}'
            families[family] = (type_line.group(2), {})
        elif sample:
            kind, samples = families.get(family, (None, {}))
            suffix = sample.group(1)[len(family):] if family and sample.group(1).startswith(family) else None
            if kind is None or suffix not in (('_bucket', '_sum', '_count') if kind == 'histogram' else ('',)):
                return f'not in the group of its name: {line}'
            if kind == 'counter' and not family.endswith('_total'):
                return f'a counter without _total: {family}'
            key = (sample.group(1), sample.group(2) or '')
            if key in samples:
                return f'twice: {line}'
            samples[key] = float(sample.group(3))
        else:
            return f'neither comment nor sample: {line}'
    return families


def check_histograms(families):
    n = 0
    for family, (kind, samples) in families.items():
        if kind != 'histogram':
            continue
        for probe in {re.search(r'probe="([^"]*)"', labels).group(1) for _, labels in samples}:
            bounds = [(float(re.search(r'le="([^"]*)"', labels).group(1).replace('+Inf', 'inf')), v) for (name, labels), v in samples.items()
                      if name == family + '_bucket' and f'probe="{probe}"' in labels]
            count = samples[(family + '_count', f'probe="{probe}"')]
            n += bounds == sorted(bounds) and bounds[-1] == (float('inf'), count) and [v for _, v in bounds] == sorted(v for _, v in bounds)
    return n


class Page:
    def __init__(self, port):
        self.port = port

    def get(self, path, method='GET'):
        link = http.client.HTTPConnection('127.0.0.1', self.port, timeout=5)
        link.request(method, path)
        answer = link.getresponse()
        return answer.status, answer.read().decode(), answer.headers

    def up(self):
        try:
            return self.get('/healthz')[0] > 0
        except OSError:
            return False


def names_of(text):
    return {re.sub(r'_(bucket|sum|count)$', '', name) for name in re.findall(r'\bringtap_[a-z0-9_]+', text)}


def check_named(families):
    known = set(families)
    with open(f'{SOURCE}/scripts/metrics/grafana.json') as f:
        dashboard = json.load(f)
    expressions = [target['expr'] for panel in dashboard['panels'] for target in panel.get('targets', [])]
    ids = [panel['id'] for panel in dashboard['panels']]
    check(f'{len(expressions)} expressions of the dashboard name metrics that exist', expressions and len(set(ids)) == len(ids)
          and all(names_of(e) for e in expressions) and names_of(' '.join(expressions)) <= known, names_of(' '.join(expressions)) - known)
    with open(f'{SOURCE}/scripts/metrics/alerts.yml') as f:
        rules = re.findall(r'^ +expr: (.*)$', f.read(), re.M)
    check(f'{len(rules)} alert rules name metrics that exist', len(rules) > 10 and names_of(' '.join(rules)) <= known,
          names_of(' '.join(rules)) - known)


def run(root):
    port, dead = free_port(), free_port()
    place = Place(root, f'clickhouse: {{url: "http://127.0.0.1:{dead}", flush_ms: 10}}\nmetrics: {{listen: "127.0.0.1:{port}"}}\n')
    page = Page(port)
    with open(place.config) as f:
        text = f.read().replace('collector:\n', f'collector:\n  segments: ["{place.segment}", "{root}/other", "{root}/absent"]\n')
    with open(place.config, 'w') as f:
        f.write(text)
    try:
        check('published', place.publish(300, 0).wait(20) == 0
              and subprocess.run([PUBLISH, f'{root}/other', 'other', '50', '0', '1', '1048576'], stdout=subprocess.DEVNULL).returncode == 0)
        collector = place.collector()
        if not wait_for(5, page.up) and 'built without' in place.log():
            return 77
        def counted():
            return 'ringtap_calls_ended_total{probe="it",disposition="answered"} 300' in page.get('/metrics')[1]
        check('the calls are counted', wait_for(10, counted), place.log())
        wait_for(5, lambda: 'ringtap_sink_failing{sink="clickhouse"} 1' in page.get('/metrics')[1])
        status, text, headers = page.get('/metrics')
        families = parse(text)
        check('the exposition format is kept', isinstance(families, dict) and status == 200 and headers['Content-Type'] == 'text/plain; version=0.0.4',
              families)
        check('histograms are cumulative', check_histograms(families) == 4)
        if shutil.which('promtool'):
            check('promtool agrees', subprocess.run(['promtool', 'check', 'metrics'], input=text, text=True).returncode == 0)
            check('promtool takes the rules', subprocess.run(['promtool', 'check', 'rules', f'{SOURCE}/scripts/metrics/alerts.yml'],
                                                             stdout=subprocess.DEVNULL).returncode == 0)
        def value(name, labels=''):
            return families[f'ringtap_{name}'][1][(f'ringtap_{name}', labels)]
        got = [value('records_taken_total', 'probe="other",kind="call"'), value('store_position'), value('answer_seizure_ratio', 'probe="it"'),
               value('segment_attached', f'segment="{root}/absent"'), value('sink_lag', 'sink="clickhouse"'), value('sink_failing', 'sink="clickhouse"')]
        check('two probes, the store and the sink on one page', got == [50, 350, 1, 0, 350, 1], got)
        check('each core has its block', ('ringtap_frames_total', 'probe="it",core="1"') in families['ringtap_frames_total'][1]
              and ('ringtap_frames_total', 'probe="other",core="0"') in families['ringtap_frames_total'][1])
        check_named(families)
        status, text, _ = page.get('/healthz')
        why = json.loads(text)['why']
        check('health says who is behind and why', status == 503 and any(w.startswith('clickhouse: 350 records wait') and str(dead) in w for w in why)
              and any('absent' in w for w in why), text)
        check('no other page, no other method', page.get('/')[0] == 404 and page.get('/metrics', 'POST')[0] == 405
              and page.get('/metrics', 'HEAD')[:2] == (200, ''))
        second = Place(tempfile.mkdtemp(dir=root), f'metrics: {{listen: "127.0.0.1:{port}"}}\n')
        check('a port that is taken keeps nobody from collecting', second.publish(10, 0).wait(20) == 0 and second.once() == 0
              and 'metrics.listen: cannot listen' in second.log(), second.log())
        collector.send_signal(signal.SIGTERM)
        check('the collector stops', collector.wait(20) == 0)
    finally:
        place.close()
    return 0


def main():
    with tempfile.TemporaryDirectory(prefix='ringtap-prometheus-') as root:
        if run(root) == 77:
            print('skip: ringtap-collector was built without libmicrohttpd')
            return 77
    print('prometheus: passed')
    return 0


if __name__ == '__main__':
    sys.exit(main())
