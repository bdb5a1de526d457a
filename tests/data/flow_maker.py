"""The words in which make_flows.py writes its scenarios: calls between sides over a path of hosts, message by message, and what an
expert who reads the capture would say of each.

A message that settles something carries a mark, set by the verb that the scenario uses for it: invite, trying, ringing, progress,
early (18x with SDP), answer, ack, bye, bye_answer, cancel, refusal (of the call) and refused (of an attempt or a leg of it); request and response of other transactions.  The times of the truth are those of the
first message marked so; everything else in the truth is written in the scenario.  Nothing here reads a capture."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import make_demo
from make_demo import BEGAN_US, MS, Capture, Side, rtp, sdp

TOKEN = b'v0000.flows.test'  # stands in every Call-ID and branch: a variant of a scenario puts another one of the same length there
DOMAIN = TOKEN.decode()
HOP_US = 3 * MS
# What an expert would say of a call in which nothing special happens.
PLAIN = {'call': dict(invites=1, forks=1, hops=1, holds=0, updates=0, prack=0, auth_challenges=0, retransmissions=0, capture_duplicates=0,
                      transfer_to=None, replaces=None, forwarded_to=None, diversion=None, session_expires=None, q850=None, warnings=None),
         'registration': dict(attempts=1, auth_challenges=0, hops=1, retransmissions=0, capture_duplicates=0),
         'transaction': dict(retransmissions=0, capture_duplicates=0, in_dialog=None)}
# Field of a time: the marks of the messages that give it, the better one first.
TIMES = {'call': {'invite_time': ('invite',), 'trying_time': ('trying',), 'ringing_time': ('ringing', 'progress'), 'early_media_time': ('early',),
                  'answer_time': ('answer',), 'ack_time': ('ack',), 'end_time': ('bye', 'refusal', 'cancel')},
         'registration': {'request_time': ('request',), 'response_time': ('response',)},
         'transaction': {'request_time': ('request',), 'response_time': ('response',)}}


class Message:
    """One SIP message on one hop.  record: the Call whose record it counts in."""
    def __init__(self, at, src, dst, transport, data, marks, record, mtu):
        self.at, self.src, self.dst, self.transport, self.data = at, src, dst, transport, data
        self.marks, self.record, self.mtu, self.copy_of = frozenset(marks), record, mtu, None

    def moved(self, at):
        twin = Message(at, self.src, self.dst, self.transport, self.data, self.marks, self.record, self.mtu)
        return twin

    def mirrored(self, after_us):
        """The same frames captured again."""
        twin = self.moved(self.at + after_us)
        twin.copy_of = self
        return twin


class Sent:
    """A request or response on all its hops, for what answers it or sends it again."""
    def __init__(self, method, cseq, sender, receiver, to_tag):
        self.method, self.cseq, self.sender, self.receiver, self.to_tag = method, cseq, sender, receiver, to_tag
        self.hops, self.messages, self.request = [], [], None


class Flow:
    def __init__(self, name, title):
        self.name, self.title, self.calls, self.messages, self.media = name, title, [], [], []

    def call(self, name, *path, **more):
        return Call(self, name, path, **more)

    def rtp(self, ms, sender, receiver, ssrc, count=6, codec=8):
        """count packets, one each 20 ms; of the sender's socket to the receiver's."""
        for i in range(count):
            self.media.append((BEGAN_US + ms * MS + 20 * i * MS, sender.rtp, receiver.rtp, rtp(codec, i == 0, 100 + i, ms * 8 + 160 * i, ssrc)))
        return {'src_ip': sender.ip, 'src_port': sender.rtp[1], 'dst_ip': receiver.ip, 'dst_port': receiver.rtp[1], 'ssrc': '0x%08x' % ssrc, 'packets': count}

    def truth(self):
        return [c.truth() for c in self.calls if c.stated is not None]


class Call:
    """One Call-ID between two sides, seen on a path of hosts from the caller (or client) to the callee (or server)."""
    def __init__(self, flow, name, path, kind='call', transport='UDP', tags=None, call_id=None, cseq=1, record_route=False):
        self.flow, self.name, self.kind, self.transport, self.path = flow, name, kind, transport, path
        self.a, self.b = path[0], path[-1]
        self.id = '%s@%s' % (call_id or name, DOMAIN)
        self.tags = {self.a: 'a-' + name, self.b: 'b-' + name} if tags is None else {self.a: tags[0], self.b: tags[1]}
        self.next_cseq, self.branches, self.record_route, self.stated, self.mtu = {self.a: cseq, self.b: 1}, 0, record_route, None, 0
        self.first_path, self.magic = path, 'z9hG4bK'
        flow.calls.append(self)

    def move(self, path, tag):
        """From here on another host answers for the callee."""
        self.path, self.b = path, path[-1]
        self.tags[self.b] = tag
        self.next_cseq[self.b] = 1

    # ---- messages ----

    def put(self, ms, sent, lines_of, hops, body, marks):
        """The message on each hop; lines_of(i) are its lines there."""
        for i, (src, dst) in enumerate(hops):
            lines = list(lines_of(i))
            if body:
                kind = ('message/sipfrag;version=2.0' if body.startswith('SIP/') else 'application/sdp' if body.startswith('v=0') else
                        'application/dtmf-relay' if body.startswith('Signal=') else 'application/simple-message-summary' if body.startswith('Messages-') else
                        'application/xml' if body.startswith('<') else 'text/plain')
                lines.append('Content-Type: ' + kind)
            data = '\r\n'.join(lines + ['Content-Length: %d' % len(body), '', body]).encode()
            m = Message(BEGAN_US + round(ms * MS) + i * HOP_US, src.sip, dst.sip, self.transport, data, marks, self, self.mtu)
            sent.messages.append(m)
            self.flow.messages.append(m)
        return sent

    def party(self, header, side, tag):
        uri = '<sip:%s@example.com>' % side.user
        return '%s: %s%s%s' % (header, side.name if header == 'From' else '', uri, ';tag=' + tag if tag else '')

    def via(self, host):
        self.branches += 1
        return (host, 'Via: SIP/2.0/%s %s:%d;branch=%s%s.%d.%s' % (self.transport, host.host, host.sip[1], self.magic, self.name, self.branches, DOMAIN))

    def request(self, ms, method, sender=None, body='', extra=(), marks=(), cseq=None, inside=True, path=None, under=(), same_branch=None, uri=None, to=None, to_tag=None):
        """inside: within the dialog, with the To tag.  path: the hosts of these hops where they are not the call's own.
        under: Via lines beneath (of a request that is sent on).  same_branch: the request on whose branches this one travels."""
        sender = sender or self.a
        receiver = to or (self.b if sender is self.a else self.a)
        path = path or (self.path if sender is self.a else self.path[::-1])
        if cseq is None:
            cseq = self.next_cseq[sender]
            self.next_cseq[sender] += 1
        sent = Sent(method, cseq, sender, receiver, (to_tag or self.tags[receiver]) if inside else None)
        sent.path, stack = path, list(under)
        for i, (src, dst) in enumerate(zip(path, path[1:])):
            stack = [same_branch.hops[i][0] if same_branch else self.via(src)] + stack
            sent.hops.append((stack[0], list(stack), src, dst))

        def lines(i):
            routes = ['Record-Route: <sip:%s;lr>' % host.host for host in path[i:0:-1]] if self.record_route and not inside and method == 'INVITE' else []
            first = '%s %s SIP/2.0' % (method, uri or 'sip:%s@%s' % (receiver.user, receiver.host))
            contact = ['Contact: <sip:%s@%s:%d>' % (sender.user, sender.host, sender.sip[1])] if method in ('INVITE', 'REFER', 'SUBSCRIBE', 'UPDATE') else []
            return ([first] + [text for _, text in sent.hops[i][1]] + ['Max-Forwards: %d' % (70 - i)] + routes + [self.party('From', sender, self.tags[sender]),
                    self.party('To', receiver, sent.to_tag), 'Call-ID: ' + self.id, 'CSeq: %d %s' % (cseq, method), 'User-Agent: ' + sender.agent] + contact + list(extra))
        return self.put(ms, sent, lines, [(src, dst) for _, _, src, dst in sent.hops], body, marks)

    def response(self, ms, to, code, reason, body='', extra=(), marks=(), tag=None, hops=None, by=None):
        """Of request to, over its hops backwards; hops: only so many of them, counted from the client.  tag: '' is none."""
        answerer = by or to.receiver
        tag = (to.to_tag or (self.tags[to.receiver] if code > 100 else '')) if tag is None else tag
        back = to.hops[:hops][::-1]
        sent = Sent(to.method, to.cseq, to.sender, to.receiver, tag)
        sent.request, sent.code = to, code

        def lines(i):
            contact = ['Contact: <sip:%s@%s:%d>' % (answerer.user, answerer.host, answerer.sip[1])] if to.method == 'INVITE' and 180 <= code < 300 else []
            return (['SIP/2.0 %d %s' % (code, reason)] + [text for _, text in back[i][1]] + [self.party('From', to.sender, self.tags[to.sender]),
                    self.party('To', to.receiver, tag), 'Call-ID: ' + self.id, 'CSeq: %d %s' % (to.cseq, to.method), 'Server: ' + answerer.agent] + contact + list(extra))
        return self.put(ms, sent, lines, [(dst, src) for _, _, src, dst in back], body, marks)

    def again(self, ms, sent):
        """Sent again by its sender, hop by hop."""
        for i, m in enumerate(sent.messages[:]):
            self.flow.messages.append(m.moved(BEGAN_US + round(ms * MS) + i * HOP_US))

    # ---- verbs of a call ----

    def sdp(self, side=None, **more):
        return sdp(side or self.a, **more)

    def invite(self, ms, body=None, **more):
        """The first INVITE or its next attempt."""
        return self.request(ms, 'INVITE', body=self.sdp() if body is None else body, inside=False, marks=('invite',), **more)

    def trying(self, ms, to, **more):
        return self.response(ms, to, 100, 'Trying', marks=('trying',), **more)

    def ringing(self, ms, to, body='', **more):
        return self.response(ms, to, 180, 'Ringing', body, marks=('ringing', 'early') if body else ('ringing',), **more)

    def progress(self, ms, to, body='', code=183, reason='Session Progress', **more):
        return self.response(ms, to, code, reason, body, marks=('progress', 'early') if body else ('progress',), **more)

    def answer(self, ms, to, body=None, ack=True, ack_body='', **more):
        """200 to the INVITE, and its ACK 20 ms later."""
        ok = self.response(ms, to, 200, 'OK', self.sdp(to.receiver) if body is None else body, marks=('answer',), **more)
        if ack:
            self.ack(ms + 20, ok, ack_body)
        return ok

    def ack(self, ms, ok, body='', **more):
        marks = () if ok.request.to_tag else ('ack',)
        return self.request(ms, 'ACK', ok.sender, body, cseq=ok.cseq, to_tag=ok.to_tag, path=more.pop('path', ok.request.path), marks=marks, to=ok.receiver, **more)

    def refuse(self, ms, to, code, reason, final=True, ack=True, **more):
        """A final response that is no 2xx, and the ACK of each hop 4 ms later; final: it is the end of the call."""
        no = self.response(ms, to, code, reason, marks=('refusal',) if final else ('refused',), **more)
        if ack:
            self.request(ms + 4, 'ACK', to.sender, cseq=to.cseq, to_tag=no.to_tag, same_branch=to, path=to.path, to=to.receiver)
        return no

    def cancel(self, ms, invite, answered=True):
        """CANCEL and its 200 (5 ms later): the INVITE's branch, no To tag."""
        cancel = self.request(ms, 'CANCEL', invite.sender, cseq=invite.cseq, inside=False, same_branch=invite, path=invite.path, to=invite.receiver, marks=('cancel',))
        if answered:
            self.response(ms + 5, cancel, 200, 'OK')
        return cancel

    def within(self, ms, method, sender=None, body='', code=200, reason='OK', reply='', extra=(), reply_extra=(), **more):
        """A transaction inside the dialog, answered 10 ms later; a re-INVITE has its ACK too."""
        to = self.request(ms, method, sender, body, extra, **more)
        answer = self.response(ms + 10, to, code, reason, reply, reply_extra)
        if method == 'INVITE':
            self.request(ms + 15, 'ACK', to.sender, cseq=to.cseq, to_tag=answer.to_tag, same_branch=None if code < 300 else to, path=to.path)
        return to

    def bye(self, ms, sender=None, code=200, reason='OK', extra=(), **more):
        """BYE, and its answer 10 ms later; code None: none."""
        bye = self.request(ms, 'BYE', sender, extra=extra, marks=('bye',), **more)
        if code:
            self.response(ms + 10, bye, code, reason, marks=('bye_answer',))
        return bye

    def basic(self, ring_ms=200, answer_ms=1000, **more):
        """INVITE, 100, 180, 200, ACK."""
        to = self.invite(0 if 'at' not in more else more['at'])
        at = more.get('at', 0)
        self.trying(at + 10, to)
        self.ringing(at + ring_ms, to)
        return self.answer(at + answer_ms, to)

    # ---- truth ----

    def expect(self, **stated):
        self.stated = dict(PLAIN[self.kind], **stated)

    def truth(self, messages=None):
        """The fields of its record, None: it has none.  messages: those that are there, else all."""
        mine = [m for m in (self.flow.messages if messages is None else messages) if m.record is self]
        fields = {'kind': self.kind, 'call_id': self.id, 'from_tag': self.tags[self.a] or None, 'from_user': self.a.user, 'to_user': self.b.user,
                  'transport': self.transport.lower(), 'src_ip': self.first_path[0].ip, 'dst_ip': self.first_path[1].ip, 'messages': len(mine)}
        fields.update((field, moment(mine, marks)) for field, marks in TIMES[self.kind].items())
        if self.kind == 'call':
            first = moment(mine, ('ringing', 'progress'), earliest=True)
            fields['pdd_ms'] = between(fields['invite_time'], first or moment(mine, ('refusal', 'answer'), earliest=True))
            fields['setup_ms'] = between(fields['invite_time'], fields['answer_time'])
            fields['duration_ms'] = between(fields['answer_time'], moment(mine, ('bye',)))
        fields.update(self.stated)
        return fields


def chain(first, *more):
    """A request and those that a proxy made of it, as one request whose responses go back over all hops."""
    whole = Sent(first.method, first.cseq, first.sender, first.receiver, first.to_tag)
    whole.hops, whole.path = list(first.hops), list(first.path)
    for sent in more:
        whole.hops += sent.hops
        whole.path += sent.path[1:]
    return whole


def moment(messages, marks, earliest=False):
    """When the first message with one of the marks was, the first mark first; earliest: whichever mark it has."""
    for mark in [marks] if earliest else [(m,) for m in marks]:
        times = [m.at for m in messages if set(mark) & m.marks]
        if times:
            return min(times)
    return None


def between(start, end):
    return (end - start) / 1000 if start and end and end >= start else None


def frames(messages, media):
    """A Capture of these; a copy has its original's very frames."""
    capture = Capture()
    order = sorted([(m.at, 0, i, m) for i, m in enumerate(messages)] + [(at, 1, i, (src, dst, data)) for i, (at, src, dst, data) in enumerate(media)], key=lambda e: e[:3])
    made = {}
    for at, is_media, _, m in order:
        first = len(capture.frames)
        if is_media:
            capture.udp(at, *m)
        elif m.copy_of is not None:
            lag = at - m.copy_of.at
            capture.frames += [(when + lag, first + k, frame) for k, (when, _, frame) in enumerate(made[m.copy_of])]
        elif m.transport == 'TCP':
            # A message is there when its last segment is.
            capture.tcp(at - (40 if len(m.data) > 400 else 0), m.src, m.dst, m.data)
        else:
            capture.udp(at, m.src, m.dst, m.data, m.mtu)
        if not is_media:
            made[m] = capture.frames[first:]
    return capture
