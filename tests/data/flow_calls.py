"""Scenarios of one call between two parties and what lies between them: answered, refused, changed, ended."""
from flow_maker import Flow, Side, chain, sdp

ALICE_IP, BOB_IP, CAROL_IP, DAVE_IP, PROXY_IP, EDGE_IP = '192.0.2.11', '192.0.2.22', '192.0.2.33', '192.0.2.44', '198.51.100.5', '198.51.100.6'
A = Side('alice', ALICE_IP, 'Flow Phone 1.0', rtp=20000, name='Alice')
B = Side('bob', BOB_IP, 'Flow Phone 2.0', rtp=30000)
C = Side('carol', CAROL_IP, 'Flow Phone 3.0', rtp=40000)
D = Side('dave', DAVE_IP, 'Flow Phone 4.0', rtp=50000)
P = Side('proxy', PROXY_IP, 'Flow Proxy 1.0', rtp=10000)
E = Side('edge', EDGE_IP, 'Flow Edge 1.0', rtp=12000)
ANSWERED = dict(disposition='answered', sip_code=200, end_cause='bye', duration_basis='bye', to_tag=None)


def scene(title):
    def mark(function):
        function.title = title
        return function
    return mark


def answered(call, ended_by, **more):
    call.expect(**dict(ANSWERED, to_tag=call.tags[call.b] or None, ended_by=ended_by, **more))


def refused(call, code, disposition, **more):
    call.expect(**dict(dict(sip_code=code, disposition=disposition, end_cause='failure', ended_by='callee', duration_basis=None, to_tag=call.tags[call.b]), **more))


def open_call(call, **more):
    call.expect(**dict(dict(ANSWERED, to_tag=call.tags[call.b], ended_by='none', end_cause='capture_end', duration_basis='capture_end'), **more))


# ---- answered and ended ----

@scene('basic call with provisional responses, ended by the caller')
def basic_call(flow):
    c = flow.call('basic', A, B)
    c.basic()
    streams = [flow.rtp(1030, A, B, 0x11), flow.rtp(1025, B, A, 0x12)]
    c.bye(3000)
    answered(c, 'caller', streams=streams)


@scene('BYE from the callee')
def bye_from_callee(flow):
    c = flow.call('byecallee', A, B)
    c.basic()
    c.bye(3000, B)
    answered(c, 'callee')


@scene('BYEs that cross: the first one seen ended the call')
def bye_crossing(flow):
    c = flow.call('byecross', A, B)
    c.basic()
    one = c.request(3000, 'BYE', A, marks=('bye',))
    two = c.request(3004, 'BYE', B, marks=('bye',))
    c.response(3010, one, 200, 'OK', marks=('bye_answer',))
    c.response(3015, two, 200, 'OK', marks=('bye_answer',))
    answered(c, 'caller')


@scene('BYE lost: sent again and never answered')
def bye_lost(flow):
    c = flow.call('byelost', A, B)
    c.basic()
    bye = c.bye(3000, code=None)
    for ms in (3500, 4500, 6500):
        c.again(ms, bye)
    answered(c, 'caller', retransmissions=3)


@scene('BYE answered with 481')
def bye_481(flow):
    c = flow.call('bye481', A, B)
    c.basic()
    c.bye(3000, code=481, reason='Call/Transaction Does Not Exist')
    answered(c, 'caller')


@scene('BYE with Reason: Q.850')
def bye_reason(flow):
    c = flow.call('byereason', A, B)
    c.basic()
    c.bye(3000, B, extra=('Reason: Q.850;cause=16;text="Normal call clearing"',))
    answered(c, 'callee', q850=16)


@scene('early media: 183 with SDP, ring-back tone')
def early_media(flow):
    c = flow.call('early', A, B)
    to = c.invite(0)
    c.trying(10, to)
    c.progress(300, to, c.sdp(B))
    streams = [flow.rtp(320, B, A, 0x21)]
    c.answer(2000, to)
    streams += [flow.rtp(2050, A, B, 0x22)]
    c.bye(4000)
    answered(c, 'caller', streams=streams)


@scene('early media of a tone server that gives way to the answer of another address')
def early_media_change(flow):
    tone = Side('tone', EDGE_IP, 'Flow Tones 1.0', rtp=12000)
    c = flow.call('earlychange', A, B)
    to = c.invite(0)
    c.trying(10, to)
    c.progress(300, to, sdp(tone))
    streams = [flow.rtp(320, tone, A, 0x31)]
    c.ringing(800, to)
    c.answer(2000, to)
    streams += [flow.rtp(2050, B, A, 0x32), flow.rtp(2052, A, B, 0x33)]
    c.bye(4000)
    answered(c, 'caller', streams=streams)


@scene('delayed offer: the offer in the 200, the answer in the ACK')
def delayed_offer(flow):
    c = flow.call('delayed', A, B)
    to = c.invite(0, body='')
    c.trying(10, to)
    c.ringing(200, to)
    c.answer(1000, to, ack_body=c.sdp())
    streams = [flow.rtp(1030, A, B, 0x41), flow.rtp(1032, B, A, 0x42)]
    c.bye(3000)
    answered(c, 'caller', streams=streams)


@scene('PRACK of a reliable 183 (100rel)')
def prack(flow):
    c = flow.call('prack', A, B)
    to = c.invite(0, extra=('Supported: 100rel',))
    c.trying(10, to)
    c.progress(200, to, c.sdp(B), extra=('Require: 100rel', 'RSeq: 1'))
    c.within(220, 'PRACK', extra=('RAck: 1 %d INVITE' % to.cseq,))
    c.ringing(400, to, extra=('Require: 100rel', 'RSeq: 2'))
    c.within(420, 'PRACK', extra=('RAck: 2 %d INVITE' % to.cseq,))
    c.answer(1000, to, body='')
    c.bye(3000)
    answered(c, 'caller', prack=2)


@scene('INVITE authenticated by a proxy (407)')
def invite_407(flow):
    c = flow.call('auth', A, B)
    to = c.invite(0)
    c.refuse(10, to, 407, 'Proxy Authentication Required', final=False, tag='p-auth', extra=('Proxy-Authenticate: Digest realm="example.com", nonce="a1"',))
    to = c.invite(30, extra=('Proxy-Authorization: Digest username="alice", realm="example.com", nonce="a1", uri="sip:bob@example.com", response="00"',))
    c.trying(40, to)
    c.ringing(300, to)
    c.answer(1000, to)
    c.bye(3000)
    answered(c, 'caller', invites=2, auth_challenges=1)


@scene('messages sent again over UDP')
def retransmissions(flow):
    c = flow.call('resent', A, B)
    to = c.invite(0)
    c.again(500, to)
    c.trying(700, to)
    c.ringing(900, to)
    ok = c.answer(2000, to, ack=False)
    c.again(2500, ok)
    c.ack(2520, ok)
    bye = c.bye(4000, code=None)
    c.again(4500, bye)
    c.response(4510, bye, 200, 'OK', marks=('bye_answer',))
    answered(c, 'caller', retransmissions=3)


@scene('every frame captured twice by a mirror port')
def mirrored(flow):
    c = flow.call('mirrored', A, B)
    c.basic()
    c.bye(3000)
    flow.messages += [m.mirrored(30) for m in flow.messages]
    answered(c, 'caller', capture_duplicates=7)


@scene('a client of RFC 2543: no tags, no branches with the magic cookie')
def rfc2543(flow):
    c = flow.call('old', A, B, tags=('', ''))
    c.magic = ''
    c.basic()
    c.bye(3000)
    answered(c, 'caller', forks=0)


# ---- changed while it lasts ----

@scene('re-INVITE that changes the codec')
def reinvite(flow):
    c = flow.call('reinvite', A, B)
    c.basic()
    c.within(2000, 'INVITE', body=c.sdp(codec=18, version=2), reply=sdp(B, 18, version=2))
    c.bye(4000)
    answered(c, 'caller', invites=2)


def hold(flow, name, offer, reply):
    c = flow.call(name, A, B)
    c.basic()
    c.within(2000, 'INVITE', body=offer, reply=reply)
    c.within(4000, 'INVITE', body=c.sdp(version=3), reply=sdp(B, version=3))
    c.bye(6000)
    answered(c, 'caller', invites=3, holds=1)


@scene('hold with sendonly, and resume')
def hold_sendonly(flow):
    hold(flow, 'holdsend', sdp(A, direction='sendonly', version=2), sdp(B, direction='recvonly', version=2))


@scene('hold with inactive, and resume')
def hold_inactive(flow):
    hold(flow, 'holdinactive', sdp(A, direction='inactive', version=2), sdp(B, direction='inactive', version=2))


@scene('hold with 0.0.0.0, and resume')
def hold_zero(flow):
    hold(flow, 'holdzero', sdp(A, version=2).replace('c=IN IP4 ' + ALICE_IP, 'c=IN IP4 0.0.0.0'), sdp(B, version=2))


@scene('UPDATE of the early and of the confirmed dialog')
def update(flow):
    c = flow.call('update', A, B)
    to = c.invite(0)
    c.ringing(200, to)
    c.within(400, 'UPDATE', body=c.sdp(version=2), reply=sdp(B, version=2))
    c.answer(1000, to, body='')
    c.within(2000, 'UPDATE', B, body=sdp(B, direction='sendonly', version=3), reply=sdp(A, direction='recvonly', version=3))
    c.within(2500, 'UPDATE', B, body=sdp(B, version=4), reply=sdp(A, version=4))
    c.bye(4000)
    answered(c, 'caller', updates=3, holds=1)


@scene('session timer: 422, then refreshes')
def session_timer(flow):
    c = flow.call('timer', A, B)
    to = c.invite(0, extra=('Session-Expires: 60',))
    c.refuse(10, to, 422, 'Session Interval Too Small', final=False, extra=('Min-SE: 90',))
    to = c.invite(30, extra=('Session-Expires: 90', 'Min-SE: 90'))
    c.ringing(300, to)
    ok = c.answer(1000, to, extra=('Session-Expires: 90;refresher=uac',))
    c.within(46000, 'INVITE', body=c.sdp(), reply=sdp(B), extra=('Session-Expires: 90;refresher=uac',), reply_extra=('Session-Expires: 90;refresher=uac',))
    c.within(91000, 'UPDATE', extra=('Session-Expires: 90;refresher=uac',), reply_extra=('Session-Expires: 90;refresher=uac',))
    c.bye(100000)
    answered(c, 'caller', invites=3, auth_challenges=1, updates=1, session_expires=90)


@scene('re-INVITEs of both sides at once: 491, and one tries again')
def pending_491(flow):
    c = flow.call('glare', A, B)
    c.basic()
    one = c.request(2000, 'INVITE', A, c.sdp(version=2))
    two = c.request(2001, 'INVITE', B, sdp(B, version=2))
    c.refuse(2010, one, 491, 'Request Pending', final=False)
    c.refuse(2012, two, 491, 'Request Pending', final=False)
    c.within(4500, 'INVITE', body=c.sdp(version=3), reply=sdp(B, version=3))
    c.bye(6000, B)
    answered(c, 'callee', invites=4)


@scene('re-INVITE while the previous one is not completed: 500 with a Warning')
def overlap_500(flow):
    c = flow.call('overlap', A, B)
    c.basic()
    one = c.request(2000, 'INVITE', A, c.sdp(version=2))
    c.response(2005, one, 100, 'Trying')
    two = c.request(2010, 'INVITE', A, c.sdp(version=3))
    c.refuse(2015, two, 500, 'Server Internal Error', final=False, extra=('Retry-After: 3', 'Warning: 399 192.0.2.22 "The previous INVITE is not completed"'))
    ok = c.response(2500, one, 200, 'OK', sdp(B, version=2))
    c.ack(2520, ok)
    c.bye(4000)
    answered(c, 'caller', invites=3, warnings=['399 192.0.2.22 "The previous INVITE is not completed"'])


@scene('DTMF in INFO')
def dtmf_info(flow):
    c = flow.call('dtmf', A, B)
    c.basic()
    for i, digit in enumerate('12#'):
        c.within(2000 + 300 * i, 'INFO', body='Signal=%s\r\nDuration=160\r\n' % digit)
    c.bye(4000)
    answered(c, 'caller')


@scene('re-INVITE to T.38')
def t38(flow):
    c = flow.call('fax', A, B)
    c.basic()
    fax = lambda s: '\r\n'.join(('v=0', 'o=- 1 2 IN IP4 ' + s.ip, 's=-', 'c=IN IP4 ' + s.ip, 't=0 0', 'm=image %d udptl t38' % (s.rtp[1] + 2),
                                 'a=T38FaxVersion:0', 'a=T38MaxBitRate:14400', 'a=T38FaxUdpEC:t38UDPRedundancy', ''))
    c.within(3000, 'INVITE', B, body=fax(B), reply=fax(A))
    c.bye(9000, B)
    answered(c, 'callee', invites=2)


# ---- not answered ----

def refusal(flow, name, code, reason, disposition, ring=True, extra=()):
    c = flow.call(name, A, B)
    to = c.invite(0)
    c.trying(10, to)
    if ring:
        c.ringing(200, to)
    c.refuse(1500, to, code, reason, extra=extra)
    return c, refused(c, code, disposition, forks=int(ring))


@scene('busy: 486')
def busy_486(flow):
    refusal(flow, 'busy', 486, 'Busy Here', 'busy', ring=False)


@scene('busy everywhere: 600')
def busy_600(flow):
    refusal(flow, 'busyall', 600, 'Busy Everywhere', 'busy', ring=False)


@scene('no answer, ended by the network: 408')
def no_answer_408(flow):
    refusal(flow, 'noanswer408', 408, 'Request Timeout', 'no_answer')


@scene('no answer, ended by the network: 480')
def no_answer_480(flow):
    refusal(flow, 'noanswer480', 480, 'Temporarily Unavailable', 'no_answer')


@scene('no answer, ended by the network: 504')
def no_answer_504(flow):
    refusal(flow, 'noanswer504', 504, 'Server Time-out', 'no_answer', ring=False)


@scene('declined with a cause: 603 and Q.850')
def declined_603(flow):
    c, _ = refusal(flow, 'declined', 603, 'Decline', 'rejected', extra=('Reason: Q.850;cause=21',))
    c.stated['q850'] = 21


@scene('no answer, ended by the caller: CANCEL and 487')
def cancel_487(flow):
    c = flow.call('cancel', A, B)
    to = c.invite(0)
    c.trying(10, to)
    c.ringing(200, to)
    c.cancel(5000, to)
    c.refuse(5020, to, 487, 'Request Terminated')
    refused(c, 487, 'cancelled', end_cause='cancel', ended_by='caller')


@scene('CANCEL that crosses the 200: the call is answered, and ended by BYE')
def cancel_crosses_200(flow):
    c = flow.call('cross', A, B)
    to = c.invite(0)
    c.trying(10, to)
    c.ringing(200, to)
    cancel = c.cancel(3000, to, answered=False)
    ok = c.answer(3002, to, ack=False)
    c.response(3010, cancel, 481, 'Call/Transaction Does Not Exist')
    c.ack(3020, ok)
    c.bye(3030)
    answered(c, 'caller')


# ---- forwarded ----

# The same users at other hosts: a proxy or edge that speaks for Bob, Carol who takes Bob's calls.
BOB_AT_PROXY = Side('bob', PROXY_IP, 'Flow Proxy 1.0')
BOB_AT_CAROL = Side('bob', CAROL_IP, 'Flow Phone 3.0', rtp=40000)


@scene('forwarded unconditionally: 302, and the caller does not follow')
def redirect_302(flow):
    c = flow.call('redirect', A, BOB_AT_PROXY)
    to = c.invite(0)
    c.refuse(20, to, 302, 'Moved Temporarily', extra=('Contact: <sip:carol@192.0.2.33>',))
    refused(c, 302, 'redirected', end_cause='redirect', forwarded_to='<sip:carol@192.0.2.33>', forks=0)


@scene('forwarded unconditionally: 302, and the caller follows it to the answer')
def forward_unconditional(flow):
    c = flow.call('unconditional', A, BOB_AT_PROXY)
    to = c.invite(0)
    c.refuse(20, to, 302, 'Moved Temporarily', final=False, extra=('Contact: <sip:carol@192.0.2.33>',))
    c.move((A, BOB_AT_CAROL), 'c-unconditional')
    to = c.invite(40, uri='sip:carol@192.0.2.33', extra=('History-Info: <sip:bob@example.com>;index=1, <sip:carol@192.0.2.33;cause=302>;index=1.1',))
    c.ringing(300, to)
    c.answer(1000, to)
    c.bye(3000)
    answered(c, 'caller', invites=2, forwarded_to='<sip:carol@192.0.2.33>')


def forwarded(flow, name, first_ms, drop, cause):
    """Through a proxy that record-routes: Bob's leg comes to nothing, Carol answers."""
    c = flow.call(name, A, P, B, record_route=True)
    c.tags[B] = 'b-' + name
    up = c.invite(0, path=(A, P), to=B)
    c.trying(5, up, tag='', by=P)
    leg = c.request(8, 'INVITE', body=c.sdp(), inside=False, path=(P, B), under=up.hops[0][1], cseq=up.cseq, marks=('invite',), to=B)
    drop(c, up, leg)
    c.response(first_ms, up, 181, 'Call Is Being Forwarded', tag='', marks=('progress',), by=P)
    c.tags[B] = 'c-' + name
    over = c.request(first_ms + 5, 'INVITE', body=c.sdp(), inside=False, path=(P, C), under=up.hops[0][1], cseq=up.cseq, marks=('invite',), to=B,
                     uri='sip:carol@192.0.2.33', extra=('Diversion: <sip:bob@example.com>;reason=' + cause,
                     'History-Info: <sip:bob@example.com?Reason=SIP%%3Bcause%%3D486>;index=1, <sip:carol@192.0.2.33>;index=2'.replace('%%', '%')))
    whole = chain(up, over)
    c.ringing(first_ms + 200, whole)
    c.answer(first_ms + 1000, whole, body=sdp(C))
    c.path = (A, P, C)
    c.bye(first_ms + 3000)
    return c


@scene('forwarded on busy by a proxy: 486, 181, Diversion, History-Info')
def forward_busy(flow):
    c = forwarded(flow, 'onbusy', 60, lambda c, up, leg: c.refuse(40, leg, 486, 'Busy Here', final=False), 'user-busy')
    answered(c, 'caller', hops=3, diversion='<sip:bob@example.com>;reason=user-busy')


@scene('forwarded on no answer by a proxy: its own CANCEL and 487, 181, Diversion')
def forward_no_answer(flow):
    def drop(c, up, leg):
        c.ringing(200, chain(up, leg))
        cancel = c.request(10000, 'CANCEL', leg.sender, cseq=leg.cseq, inside=False, same_branch=leg, path=leg.path, to=leg.receiver)
        c.response(10005, cancel, 200, 'OK')
        c.refuse(10010, leg, 487, 'Request Terminated', final=False)
    c = forwarded(flow, 'onnoanswer', 10020, drop, 'no-answer')
    answered(c, 'caller', hops=3, forks=2, diversion='<sip:bob@example.com>;reason=no-answer')


SCENES = (basic_call, bye_from_callee, bye_crossing, bye_lost, bye_481, bye_reason, early_media, early_media_change, delayed_offer, prack, invite_407,
          retransmissions, mirrored, rfc2543, reinvite, hold_sendonly, hold_inactive, hold_zero, update, session_timer, pending_491, overlap_500, dtmf_info,
          t38, busy_486, busy_600, no_answer_408, no_answer_480, no_answer_504, declined_603, cancel_487, cancel_crosses_200, redirect_302,
          forward_unconditional, forward_busy, forward_no_answer)
