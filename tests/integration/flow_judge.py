"""The law by which test_flows.py judges what ringtap says of a scenario that was changed: no wrong final claim, and what is not known is left empty.

A judge knows the scenario's truth and which of its messages are there, nothing of ringtap.  Where all messages are there (swapped neighbours,
repeated messages), the record says the truth.  Where some are missing, each field says the truth as the messages that are left tell it, or nothing; and what they
tell plainly must be told.  Exceptions are listed with their reasons."""
import datetime

OPEN_CAUSES, OPEN_BASES = {'timeout', 'capture_end'}, {'timer', 'capture_end', 'last_rtp'}
COUNTS = ('invites', 'forks', 'hops', 'holds', 'updates', 'prack', 'auth_challenges', 'retransmissions', 'capture_duplicates', 'attempts')
TEXTS = ('transfer_to', 'replaces', 'forwarded_to', 'diversion', 'session_expires', 'q850', 'action', 'aor', 'requested_expires', 'granted_expires',
         'event', 'method', 'cseq', 'caller_ua', 'transport', 'call_id', 'in_dialog', 'contacts')
TIMES = ('invite_time', 'trying_time', 'ringing_time', 'early_media_time', 'answer_time', 'ack_time', 'request_time', 'response_time')
PARTIES = ('from_tag', 'to_tag', 'from_user', 'to_user', 'src_ip', 'dst_ip')
DISPOSITIONS = {302: 'redirected', 401: 'rejected', 407: 'rejected', 422: 'failed', 423: 'failed', 486: 'busy', 487: 'cancelled', 491: 'failed',
                500: 'failed', 503: 'failed'}
# Messages that tell who called whom.
TELL_CALLER = {'invite', 'trying', 'ringing', 'progress', 'cancel'}
# Requests that only a call has: without one of them, and without a response to one, the rest of a call is transactions like any other.
OF_A_CALL = ('INVITE', 'ACK', 'BYE', 'CANCEL', 'PRACK')


def microseconds(text):
    if text is None:
        return None
    moment = datetime.datetime.strptime(text[:19], '%Y-%m-%dT%H:%M:%S').replace(tzinfo=datetime.timezone.utc)
    return int(moment.timestamp()) * 10 ** 6 + int(text[20:26])


def value(record, field):
    got = record.get(field)
    if got is not None and field.endswith('_time'):
        return microseconds(got)
    return None if got is False or got in ([], '') else got


def span(start, end):
    return (end - start) / 1000 if start and end else 'neither'


def same(field, got, wanted):
    if isinstance(wanted, float) and isinstance(got, (int, float)):
        return abs(got - wanted) < 0.0015
    return got == wanted


def method_of(message):
    """The CSeq method: of a request or of what a response answers."""
    head = message.data.split(b'\r\nCSeq: ', 1)[1]
    return head.split(b'\r\n', 1)[0].split()[1].decode()


class Judge:
    """Complaints about the records of one variant.  less: messages are missing; again: (record, count) of the message that was repeated."""
    def __init__(self, flow, messages, media_packets, records, less, skip=(), again=None):
        self.flow, self.messages, self.records, self.less, self.skip, self.again = flow, messages, records, less, set(skip), again
        self.complaints = []
        self.expected = [c for c in flow.calls if c.stated is not None]
        self.left = {c: [m for m in messages if m.record is c] for c in self.expected}
        self.match()
        self.conserve(media_packets)

    def complain(self, subject, field, got, wanted):
        if field not in self.skip:
            self.complaints.append('%s: %s is %r, not %r' % (subject, field, got, wanted))

    # ---- which record is meant ----

    def candidates(self, r):
        return [c for c in self.expected if c.id == r.get('call_id') and c.kind == r['kind'] and self.left[c]]

    def find(self, r):
        some = self.candidates(r)
        if r['kind'] == 'transaction':
            some = [c for c in some if (c.stated['method'], c.stated['cseq']) == (r.get('method'), r.get('cseq'))]
        elif len(some) > 1 and r['kind'] == 'call':
            tags = {r.get('from_tag'), r.get('to_tag')}
            some = [c for c in some if c.tags[c.a] in tags or c.tags[c.b] in tags] or some
        elif len(some) > 1:
            when = value(r, 'request_time') or value(r, 'response_time') or 0
            some = [c for c in some if min(m.at for m in self.left[c]) <= when <= max(m.at for m in self.left[c])]
        return some[0] if some else None

    def match(self):
        seen = {}
        for r in self.records:
            if r['kind'] == 'stream':
                continue
            c = self.find(r)
            if c is None:
                if not self.rest_of_a_call(r):
                    self.complain(r.get('call_id'), 'record', r['kind'], 'one of the scenario')
            elif c in seen:
                self.complain(c.name, 'records', 2, 1)
            else:
                seen[c] = r
                self.judge(c, r)
        for c in self.expected:
            if self.left[c] and c not in seen and not all(method_of(m) not in OF_A_CALL for m in self.left[c]):
                self.complain(c.name, 'records', 0, 1)

    def rest_of_a_call(self, r):
        return self.less and r['kind'] == 'transaction' and r.get('method') not in OF_A_CALL and any(
            c.id == r['call_id'] and c.kind == 'call' and any(method_of(m) == r['method'] for m in self.left[c]) for c in self.expected)

    def conserve(self, media_packets):
        """Every message is in one record, every media packet in one stream."""
        for call_id in {c.id for c in self.expected}:
            got = sum(r['messages'] for r in self.records if r.get('call_id') == call_id and r['kind'] != 'stream')
            wanted = sum(len(self.left[c]) for c in self.expected if c.id == call_id)
            if got != wanted:
                self.complain(call_id, 'messages of all records', got, wanted)
        streams = [s for r in self.records for s in (r.get('streams') or [] if r['kind'] == 'call' else [r] if r['kind'] == 'stream' else [])]
        if sum(s['packets'] for s in streams) != media_packets:
            self.complain('media', 'packets of all streams', sum(s['packets'] for s in streams), media_packets)

    # ---- what it says ----

    def judge(self, c, r):
        truth = c.truth(self.messages)
        if self.again and self.again[0] is c:
            truth[self.again[1]] += 1
        marks = set().union(*(m.marks for m in self.left[c]))
        for field in truth:
            if field == 'streams':
                self.streams(c, r, truth)
            elif field not in ('kind', 'messages') and not self.allowed(c, r, field, truth, marks):
                self.complain(c.name, field, value(r, field), truth[field])
        for field, start, end in (('setup_ms', 'invite_time', 'answer_time'), ('duration_ms', 'answer_time', 'end_time')):
            if r.get(field) is not None and not same(field, r[field], span(value(r, start), value(r, end))):
                self.complain(c.name, field, r[field], 'what %s and %s say' % (start, end))

    def allowed(self, c, r, field, truth, marks):
        got, wanted = value(r, field), truth[field]
        is_open = c.stated.get('end_cause') in OPEN_CAUSES
        if same(field, got, wanted):
            return True
        if is_open and field in ('end_cause', 'duration_basis', 'end_time', 'duration_ms'):
            return got is None or field.endswith(('time', 'ms')) or got in OPEN_CAUSES | OPEN_BASES
        if not self.less:
            return False
        if self.refused_for_all(c, marks):
            return self.refusal(c, field, got)
        if field in TEXTS:
            return got is None
        if field in COUNTS:
            return 0 <= (got or 0) <= (wanted or 0)
        if field == 'warnings':
            return set(got or ()) <= set(wanted or ())
        if field in TIMES:
            # A 200 alone may be a re-INVITE's; an ACK tells of an answer only where the INVITE or the answer is there.
            return got is None and (field == 'answer_time' and not marks & TELL_CALLER or field == 'ack_time' and not (
                marks & TELL_CALLER and 'answer' in marks))
        if field in PARTIES:
            return self.party(c, r, field, got, marks)
        if c.kind != 'call':
            return field == 'sip_code' and got is None and 'response' not in marks
        return self.outcome(c, r, field, got, marks)

    def refused_for_all(self, c, marks):
        """Of all that would tell how the call went on after an attempt was refused, nothing is left: the refusal is its outcome, but not where it
        went to a host that had sent the request on."""
        if marks & {'answer', 'refusal', 'bye', 'bye_answer', 'response'}:
            return None
        refused = [m for m in self.left[c] if 'refused' in m.marks]
        asked = [m for m in self.left[c] if m.marks & {'invite', 'request'}]
        self.refusals = [m for m in refused if not asked or m.dst[0] == asked[0].src[0]]
        return self.refusals and all(m.at <= self.refusals[-1].at for m in self.left[c] if m.marks & {'invite', 'request', 'ringing', 'progress', 'trying'})

    def refusal(self, c, field, got):
        codes = {int(m.data[8:11]) for m in self.refusals}
        if field in ('end_time', 'response_time'):
            return got is None or got in {m.at for m in self.refusals}
        if field == 'sip_code':
            return got is None or got in codes
        if field == 'disposition':
            return got in {DISPOSITIONS[code] for code in codes} | {'incomplete'}
        if field in PARTIES and field != 'to_tag':
            return self.party(c, None, field, got, set().union(*(m.marks for m in self.left[c])))
        return got is None or field in ('ended_by', 'end_cause', 'pdd_ms', 'to_tag') or field in COUNTS

    def party(self, c, r, field, got, marks):
        if got is None:
            return True
        if field in ('src_ip', 'dst_ip'):
            # Of the first hop while its INVITE is there, else of a hop that is.
            first = [m for m in self.left[c] if m.marks & {'invite', 'request'} and m.src[0] == c.first_path[0].ip]
            return got == first[0].dst[0] if first and field == 'dst_ip' else not first and got in {ip for m in self.left[c] for ip in (m.src[0], m.dst[0])}
        if c.kind == 'call' and not marks & TELL_CALLER:
            return got in (c.tags[c.a], c.tags[c.b], c.a.user, c.b.user)
        return field == 'to_tag' and any(b'tag=' + got.encode() in m.data for m in self.left[c])

    def outcome(self, c, r, field, got, marks):
        """Fields of a call's end where some of its messages are missing."""
        settled = marks & {'answer', 'refusal'}
        ended = marks & {'bye', 'refusal'} or marks & {'cancel'} and c.stated['disposition'] == 'cancelled'
        if field == 'disposition':
            return got == 'incomplete' and not settled or got == 'cancelled' and c.stated['disposition'] == 'answered' and 'cancel' in marks and not settled
        if field == 'sip_code':
            return got is None and not settled
        if field == 'ended_by':
            return got == 'none' and (not ended or not marks & TELL_CALLER) or got == 'caller' and r.get('disposition') == 'cancelled'
        if field == 'end_cause':
            return got in OPEN_CAUSES and not ended and 'bye_answer' not in marks or got == 'bye' and 'bye_answer' in marks or (
                got == 'cancel' and r.get('disposition') == 'cancelled')
        if field == 'duration_basis':
            return got is None if 'answer' not in marks or not marks & TELL_CALLER else got in OPEN_BASES and not marks & {'bye', 'bye_answer'}
        if field in ('end_time', 'duration_ms', 'pdd_ms', 'setup_ms'):
            return self.derived(c, r, field, got, marks)
        return False

    def derived(self, c, r, field, got, marks):
        if field == 'end_time' and got is not None:
            answers = [m.at for m in self.left[c] if 'bye_answer' in m.marks]
            cancels = [m.at for m in self.left[c] if 'cancel' in m.marks]
            # The answer of a BYE that was not seen ends the call at the latest; else its end is open, and the basis says so.
            return (got == min(answers) if answers and 'bye' not in marks else r.get('duration_basis') in OPEN_BASES and 'bye' not in marks or got in cancels)
        return got is None and field != 'pdd_ms' or field == 'duration_ms' and got is not None

    def streams(self, c, r, truth):
        mine = {(s['src_ip'], s['src_port'], s['dst_ip'], s['dst_port'], s['ssrc']): s['packets'] for s in truth['streams']}
        got = {(s['src_ip'], s['src_port'], s['dst_ip'], s['dst_port'], s['ssrc']): s['packets'] for s in r.get('streams') or []}
        if not (got.items() <= mine.items() if self.less else got == mine):
            self.complain(c.name, 'streams', sorted(got.items()), sorted(mine.items()))
