"""Scenarios of several calls, of several hops, of what is not a call, of other transports, and of captures that lack something."""
from flow_maker import Side, chain, sdp
from flow_calls import A, ALICE_IP, B, BOB_AT_PROXY, BOB_IP, C, D, E, P, answered, open_call, refused, scene

REGISTRAR = Side('alice', P.ip, 'Flow Registrar 1.0')
CHALLENGE = ('WWW-Authenticate: Digest realm="example.com", nonce="a1"',)
CREDENTIALS = 'Authorization: Digest username="alice", realm="example.com", nonce="a1", uri="sip:example.com", response="00"'


# ---- registrations ----

def register(flow, name, contact='<sip:alice@192.0.2.11:5060>', **more):
    call = flow.call(name, A, REGISTRAR, kind='registration', **more)
    call.contact = contact
    return call


def attempt(call, ms, code, reason, expires, extra=(), reply=(), last=True):
    more = (('Contact: ' + call.contact,) if call.contact else ()) + (('Expires: %d' % expires,) if expires is not None else ()) + tuple(extra)
    to = call.request(ms, 'REGISTER', extra=more, inside=False, uri='sip:example.com', marks=('request',))
    call.response(ms + 10, to, code, reason, extra=reply, marks=('response',) if last else ('refused',))


def registered(call, **more):
    call.expect(**dict(dict(aor='alice@example.com', action='register', sip_code=200, contacts=['sip:alice@192.0.2.11:5060'], requested_expires=3600,
                            granted_expires=3600, to_tag=call.tags[call.b]), **more))


@scene('registration: 401, then with credentials')
def register_401(flow):
    r = register(flow, 'register')
    attempt(r, 0, 401, 'Unauthorized', 3600, reply=CHALLENGE, last=False)
    attempt(r, 30, 200, 'OK', 3600, extra=(CREDENTIALS,), reply=('Contact: <sip:alice@192.0.2.11:5060>;expires=1800',))
    registered(r, attempts=2, auth_challenges=1, granted_expires=1800)


@scene('registration and its refresh: the same Call-ID, the next CSeq')
def register_refresh(flow):
    r = register(flow, 'refresh')
    attempt(r, 0, 200, 'OK', 60, extra=(CREDENTIALS,), reply=('Contact: <sip:alice@192.0.2.11:5060>;expires=60',))
    registered(r, requested_expires=60, granted_expires=60)
    again = register(flow, 'refresh2', call_id='refresh', cseq=2, tags=('a-refresh', 'b-refresh2'))
    attempt(again, 55000, 200, 'OK', 60, extra=(CREDENTIALS,), reply=('Contact: <sip:alice@192.0.2.11:5060>;expires=60',))
    registered(again, requested_expires=60, granted_expires=60)


@scene('deregistration: Expires 0')
def deregister_expires(flow):
    r = register(flow, 'dereg')
    attempt(r, 0, 401, 'Unauthorized', 0, reply=CHALLENGE, last=False)
    attempt(r, 30, 200, 'OK', 0, extra=(CREDENTIALS,))
    registered(r, action='deregister', attempts=2, auth_challenges=1, requested_expires=0, granted_expires=None)


@scene('deregistration of all bindings: Contact *')
def deregister_all(flow):
    r = register(flow, 'deregall', contact='*')
    attempt(r, 0, 200, 'OK', 0, extra=(CREDENTIALS,))
    registered(r, action='deregister', contacts=['*'], requested_expires=0, granted_expires=None)


@scene('registration failure: 403 after credentials')
def register_403(flow):
    r = register(flow, 'regfail')
    attempt(r, 0, 401, 'Unauthorized', 3600, reply=CHALLENGE, last=False)
    attempt(r, 30, 403, 'Forbidden', 3600, extra=(CREDENTIALS,))
    registered(r, sip_code=403, attempts=2, auth_challenges=1, granted_expires=None)


@scene('registration: interval too brief (423), then with Min-Expires')
def register_423(flow):
    r = register(flow, 'brief')
    attempt(r, 0, 423, 'Interval Too Brief', 30, reply=('Min-Expires: 600',), last=False)
    attempt(r, 30, 200, 'OK', 600, reply=('Contact: <sip:alice@192.0.2.11:5060>;expires=600',))
    registered(r, attempts=2, auth_challenges=1, requested_expires=600, granted_expires=600)


# ---- several calls ----

@scene('call waiting: a second call is answered while the first is held')
def call_waiting(flow):
    one, two = flow.call('waiting1', A, B), flow.call('waiting2', C, B)
    one.basic()
    to = two.invite(3000, body=sdp(C))
    two.trying(3010, to)
    two.ringing(3020, to, extra=('Alert-Info: <urn:alert:service:call-waiting>',))
    one.within(5000, 'INVITE', B, body=sdp(B, direction='sendonly', version=2), reply=sdp(A, direction='recvonly', version=2))
    two.answer(5100, to)
    two.bye(8000)
    one.within(8100, 'INVITE', B, body=sdp(B, version=3), reply=sdp(A, version=3))
    one.bye(9000)
    answered(one, 'caller', invites=3, holds=1)
    answered(two, 'caller')


def notify(call, ms, sender, line, state):
    call.within(ms, 'NOTIFY', sender, body=line + '\r\n', extra=('Event: refer', 'Subscription-State: ' + state))


@scene('blind transfer: REFER, NOTIFY with sipfrag, the new call')
def transfer_blind(flow):
    c, new = flow.call('blind', A, B), flow.call('blindnew', A, C)
    c.basic()
    c.within(3000, 'REFER', B, code=202, reason='Accepted', extra=('Refer-To: <sip:carol@example.com>', 'Referred-By: <sip:bob@example.com>'))
    notify(c, 3020, A, 'SIP/2.0 100 Trying', 'active;expires=60')
    to = new.invite(3050, extra=('Referred-By: <sip:bob@example.com>',))
    new.ringing(3200, to)
    new.answer(4000, to)
    notify(c, 4050, A, 'SIP/2.0 200 OK', 'terminated;reason=noresource')
    c.bye(4100, B)
    new.bye(7000, C)
    answered(c, 'callee', transfer_to='<sip:carol@example.com>')
    answered(new, 'callee')


@scene('attended transfer: consultation, REFER with Replaces, INVITE with Replaces')
def transfer_attended(flow):
    one, two = flow.call('attended1', A, B), flow.call('attended2', A, C)
    three = flow.call('attended3', B, C)
    one.basic()
    one.within(2000, 'INVITE', body=sdp(A, direction='sendonly', version=2), reply=sdp(B, direction='recvonly', version=2))
    to = two.invite(2500)
    two.ringing(2700, to)
    two.answer(3500, to)
    value = '%s;to-tag=%s;from-tag=%s' % (two.id, two.tags[C], two.tags[A])
    refer_to = '<sip:carol@192.0.2.33?Replaces=%s>' % value.replace('@', '%40').replace(';', '%3B').replace('=', '%3D')
    one.within(5000, 'REFER', code=202, reason='Accepted', extra=('Refer-To: ' + refer_to, 'Referred-By: <sip:alice@example.com>'))
    notify(one, 5020, B, 'SIP/2.0 100 Trying', 'active;expires=60')
    to = three.invite(5100, body=sdp(B, version=3), extra=('Replaces: ' + value, 'Require: replaces'))
    three.answer(5200, to)
    two.bye(5250, C)
    notify(one, 5300, B, 'SIP/2.0 200 OK', 'terminated;reason=noresource')
    one.bye(5400)
    three.bye(9000, C)
    answered(one, 'caller', invites=2, holds=1, transfer_to=refer_to)
    answered(two, 'callee')
    answered(three, 'callee', replaces=value)


@scene('transfer that fails: the target is busy, the first call goes on')
def transfer_failed(flow):
    c, new = flow.call('failed', A, B), flow.call('failednew', A, C)
    c.basic()
    c.within(3000, 'REFER', B, code=202, reason='Accepted', extra=('Refer-To: <sip:carol@example.com>', 'Referred-By: <sip:bob@example.com>'))
    notify(c, 3020, A, 'SIP/2.0 100 Trying', 'active;expires=60')
    to = new.invite(3050, extra=('Referred-By: <sip:bob@example.com>',))
    new.refuse(3100, to, 486, 'Busy Here')
    notify(c, 3120, A, 'SIP/2.0 486 Busy Here', 'terminated;reason=noresource')
    c.bye(9000)
    answered(c, 'caller', transfer_to='<sip:carol@example.com>')
    refused(new, 486, 'busy', forks=0)


@scene('three-way call: two calls of one focus')
def three_way(flow):
    one, two = flow.call('three1', A, B), flow.call('three2', A, C)
    one.basic()
    one.within(2000, 'INVITE', body=sdp(A, direction='inactive', version=2), reply=sdp(B, direction='inactive', version=2))
    to = two.invite(2500)
    two.ringing(2600, to)
    two.answer(3500, to)
    one.within(4000, 'INVITE', body=sdp(A, version=3), reply=sdp(B, version=3), extra=('Contact: <sip:alice@192.0.2.11:5060>;isfocus',))
    one.bye(8000, B)
    two.bye(9000)
    answered(one, 'callee', invites=3, holds=1)
    answered(two, 'caller')


@scene('Call-ID used again by a new call with new tags')
def call_id_reuse(flow):
    one, two = flow.call('reuse1', A, B, call_id='reuse'), flow.call('reuse2', A, B, call_id='reuse')
    one.basic()
    one.bye(3000)
    to = two.invite(20000)
    two.ringing(20200, to)
    two.refuse(21000, to, 486, 'Busy Here')
    answered(one, 'caller')
    refused(two, 486, 'busy')


# ---- proxies, forks, legs ----

@scene('forking: several early dialogs, one answer')
def fork_one_answer(flow):
    c = flow.call('fork', A, P, B, record_route=True)
    to = c.invite(0, path=(A, P), to=B)
    legs = [c.request(5, 'INVITE', body=c.sdp(), inside=False, path=(P, side), under=to.hops[0][1], cseq=to.cseq, marks=('invite',), to=B,
                      uri='sip:bob@' + side.host) for side in (B, C)]
    c.ringing(200, chain(to, legs[0]), tag='b-fork')
    c.ringing(250, chain(to, legs[1]), tag='c-fork')
    c.answer(1000, chain(to, legs[0]), ack=False, tag='b-fork')
    cancel = c.request(1010, 'CANCEL', cseq=to.cseq, inside=False, same_branch=legs[1], path=(P, C), to=B)
    c.response(1015, cancel, 200, 'OK', tag='c-fork')
    c.refuse(1020, legs[1], 487, 'Request Terminated', final=False, tag='c-fork')
    c.request(1040, 'ACK', cseq=to.cseq, marks=('ack',))
    c.bye(3000)
    answered(c, 'caller', forks=2, hops=3)


@scene('forking: two answers, the second one is given up with BYE')
def fork_two_answers(flow):
    c = flow.call('twice', A, P, B, record_route=True)
    to = c.invite(0, path=(A, P), to=B)
    legs = [c.request(5, 'INVITE', body=c.sdp(), inside=False, path=(P, side), under=to.hops[0][1], cseq=to.cseq, marks=('invite',), to=B,
                      uri='sip:bob@' + side.host) for side in (B, C)]
    c.ringing(200, chain(to, legs[0]), tag='b-twice')
    c.ringing(250, chain(to, legs[1]), tag='c-twice')
    c.answer(1000, chain(to, legs[0]), ack=False, tag='b-twice')
    c.response(1008, chain(to, legs[1]), 200, 'OK', sdp(C), tag='c-twice')
    c.request(1020, 'ACK', cseq=to.cseq, marks=('ack',))
    c.request(1030, 'ACK', cseq=to.cseq, path=(A, P, C), to_tag='c-twice')
    bye = c.request(1040, 'BYE', path=(A, P, C), to_tag='c-twice')
    c.response(1050, bye, 200, 'OK')
    c.bye(3000)
    answered(c, 'caller', forks=2, hops=3)


@scene('a proxy that record-routes: one dialog on two hops of one capture')
def proxy_two_hops(flow):
    c = flow.call('hops', A, P, B, record_route=True)
    to = c.invite(0)
    c.trying(4, to, hops=1, by=P)
    c.ringing(200, to)
    c.answer(1000, to)
    c.bye(3000, B)
    answered(c, 'callee', hops=2)


@scene('a proxy that tells its caller another failure than it was told')
def proxy_failure(flow):
    c = flow.call('other', A, P, B)
    up = c.invite(0, path=(A, P))
    leg = c.request(3, 'INVITE', body=c.sdp(), inside=False, path=(P, B), under=up.hops[0][1], cseq=up.cseq, marks=('invite',))
    c.refuse(50, leg, 503, 'Service Unavailable', final=False, tag='x-other')
    c.refuse(60, up, 500, 'Server Internal Error', by=P)
    refused(c, 500, 'failed', forks=0, hops=2)


@scene('spiral: the request passes the same proxy twice')
def spiral(flow):
    c = flow.call('spiral', A, P, E, P, B, record_route=True)
    to = c.invite(0)
    c.ringing(200, to)
    c.answer(1000, to)
    c.bye(3000)
    answered(c, 'caller', hops=4)


@scene('B2BUA: two legs with Call-IDs of their own')
def b2bua(flow):
    bob_at_edge, alice_at_edge = Side('bob', E.ip, E.agent, rtp=12000), Side('alice', E.ip, E.agent, rtp=12002)
    one, two = flow.call('leg1', A, bob_at_edge), flow.call('leg2', alice_at_edge, B)
    to = one.invite(0)
    one.trying(5, to)
    leg = two.invite(10, extra=('X-Call-ID: ' + one.id,))
    two.ringing(200, leg)
    one.ringing(205, to)
    two.answer(1000, leg)
    one.answer(1010, to)
    one.bye(3000)
    two.bye(3005)
    answered(one, 'caller')
    answered(two, 'caller')


# ---- what is not a call ----

def transaction(flow, name, ms, method, code, reason, frm=A, to=B, cseq=1, call_id=None, tags=None, inside=False, extra=(), reply_extra=(), body='', path=None, **stated):
    t = flow.call(name, frm, to, kind='transaction', cseq=cseq, call_id=call_id, tags=tags)
    request = t.request(ms, method, body=body, inside=inside, extra=extra, marks=('request',))
    if code:
        t.response(ms + 10, request, code, reason, extra=reply_extra, marks=('response',))
    t.expect(**dict(dict(method=method, cseq=cseq, sip_code=code, in_dialog=inside or None), **stated))
    return t


@scene('OPTIONS keep-alive')
def options(flow):
    transaction(flow, 'options', 0, 'OPTIONS', 200, 'OK')
    transaction(flow, 'options2', 30000, 'OPTIONS', 404, 'Not Found')


@scene('MESSAGE')
def message(flow):
    transaction(flow, 'message', 0, 'MESSAGE', 202, 'Accepted', body='Back at ten.')


def subscription(flow, name, event, body):
    tags = ('a-' + name, 'b-' + name)
    back = tags[::-1]
    event = ('Event: ' + event,)
    first = transaction(flow, name, 0, 'SUBSCRIBE', 200, 'OK', call_id=name, tags=tags, extra=event + ('Expires: 600',), event=event[0][7:])
    transaction(flow, name + 'n1', 20, 'NOTIFY', 200, 'OK', B, A, 50, name, back, True, event + ('Subscription-State: active;expires=600',), body=body, event=event[0][7:])
    transaction(flow, name + 'n2', 9000, 'NOTIFY', 200, 'OK', B, A, 51, name, back, True, event + ('Subscription-State: active;expires=590',), body=body, event=event[0][7:])
    transaction(flow, name + 'u', 60000, 'SUBSCRIBE', 200, 'OK', A, B, 2, name, tags, True, event + ('Expires: 0',), event=event[0][7:])
    transaction(flow, name + 'n3', 60020, 'NOTIFY', 481, 'Subscription Does Not Exist', B, A, 52, name, back, True,
                event + ('Subscription-State: terminated;reason=timeout',), event=event[0][7:])


@scene('SUBSCRIBE and NOTIFY of presence')
def subscribe_presence(flow):
    subscription(flow, 'presence', 'presence', '<presence/>')


@scene('SUBSCRIBE and NOTIFY of message-summary')
def subscribe_mwi(flow):
    subscription(flow, 'mwi', 'message-summary', 'Messages-Waiting: yes\r\n')


@scene('SUBSCRIBE and NOTIFY of dialog')
def subscribe_dialog(flow):
    subscription(flow, 'blf', 'dialog', '<dialog-info/>')


@scene('PUBLISH, and its refusal of a stale entity tag')
def publish(flow):
    transaction(flow, 'publish', 0, 'PUBLISH', 200, 'OK', extra=('Event: presence', 'Expires: 600'), reply_extra=('SIP-ETag: e1',), body='<presence/>', event='presence')
    transaction(flow, 'publish2', 30000, 'PUBLISH', 412, 'Conditional Request Failed', extra=('Event: presence', 'SIP-If-Match: e0'), event='presence')


@scene('a storm of 503 from a stateless server')
def storm_503(flow):
    for i in range(6):
        c = flow.call('storm%d' % i, A, BOB_AT_PROXY)
        to = c.invite(100 * i)
        c.refuse(100 * i + 2, to, 503, 'Service Unavailable', extra=('Retry-After: 30',))
        refused(c, 503, 'failed', forks=0)


@scene('scanner: friendly-scanner pings')
def scanner_friendly(flow):
    scanner = Side('100', '203.0.113.66', 'friendly-scanner', port=5061)
    for i in range(3):
        transaction(flow, 'scan%d' % i, 20 * i, 'OPTIONS', (None, 404, 200)[i], ('', 'Not Found', 'OK')[i], scanner, Side('100', ('192.0.2.50', BOB_IP, P.ip)[i], 'PBX'),
                    caller_ua='friendly-scanner')


@scene('scanner: sipvicious tries extensions, then to call')
def scanner_sipvicious(flow):
    for i, (user, code, reason) in enumerate((('100', 404, 'Not Found'), ('101', 403, 'Forbidden'))):
        r = flow.call('svwar%d' % i, Side(user, '203.0.113.66', 'sipvicious', port=5061), Side(user, P.ip, 'PBX'), kind='registration')
        r.contact = None
        attempt(r, 50 * i, code, reason, None)
        r.expect(aor=user + '@example.com', action='query', sip_code=code, contacts=None, requested_expires=None, granted_expires=None, caller_ua='sipvicious')
    scanner, pbx = Side('100', '203.0.113.66', 'sipvicious', port=5061, rtp=7000), Side('00441234', P.ip, 'PBX')
    c = flow.call('svcall', scanner, pbx)
    to = c.invite(400, body=sdp(scanner))
    c.refuse(420, to, 401, 'Unauthorized', extra=CHALLENGE)
    refused(c, 401, 'rejected', forks=0, caller_ua='sipvicious')


# ---- transports ----

@scene('SIP over TCP')
def over_tcp(flow):
    c = flow.call('tcp', Side('alice', ALICE_IP, 'Flow Phone 1.0', port=49152, rtp=20000), B, transport='TCP')
    c.basic()
    c.bye(3000, B)
    answered(c, 'callee')


@scene('SIP over IPv6')
def over_ipv6(flow):
    a, b = Side('alice', '2001:db8:1::11', 'Flow Phone 1.0', rtp=20000), Side('bob', '2001:db8:2::22', 'Flow Phone 2.0', rtp=30000)
    c = flow.call('ipv6', a, b)
    c.basic()
    streams = [flow.rtp(1030, a, b, 0x61), flow.rtp(1032, b, a, 0x62)]
    c.bye(3000)
    answered(c, 'caller', streams=streams)


@scene('INVITE in fragments')
def fragments(flow):
    c = flow.call('fragments', A, B)
    c.mtu = 320
    to = c.invite(0)
    c.mtu = 0
    c.trying(10, to)
    c.ringing(200, to)
    c.mtu = 320
    c.answer(1000, to)
    c.mtu = 0
    c.bye(3000)
    answered(c, 'caller')


# ---- what the capture lacks ----

@scene('a capture that begins when the call rings')
def lacks_invite(flow):
    c = flow.call('nobegin', A, B)
    c.basic()
    c.bye(3000)
    flow.messages = [m for m in flow.messages if not m.marks & {'invite', 'trying'}]
    answered(c, 'caller', invites=0, hops=0, pdd_ms=None)


@scene('a capture that begins in the middle of the call, before its BYE')
def lacks_beginning(flow):
    c = flow.call('middle', A, B)
    c.basic()
    c.bye(3000, B)
    flow.messages = [m for m in flow.messages if m.marks & {'bye', 'bye_answer'}]
    # Who had called is not told by a BYE: From and To are those of the message, and which of the two ended the call is left open.
    c.expect(disposition='incomplete', sip_code=None, ended_by='none', end_cause='bye', duration_basis=None, invites=0, forks=0, hops=0,
             from_tag=c.tags[B], to_tag=None, from_user='bob', to_user='alice', src_ip=BOB_IP, dst_ip=ALICE_IP)


@scene('a capture that ends while the call lasts')
def lacks_end(flow):
    c = flow.call('noend', A, B)
    c.basic()
    streams = [flow.rtp(1030, A, B, 0x71), flow.rtp(1032, B, A, 0x72)]
    open_call(c, streams=streams, end_time=None, duration_ms=None)


@scene('a capture that ends while the call rings')
def lacks_answer(flow):
    c = flow.call('ringing', A, B)
    to = c.invite(0)
    c.trying(10, to)
    c.ringing(200, to)
    open_call(c, disposition='incomplete', sip_code=None, duration_basis=None)


SCENES = (register_401, register_refresh, deregister_expires, deregister_all, register_403, register_423, call_waiting, transfer_blind, transfer_attended,
          transfer_failed, three_way, call_id_reuse, fork_one_answer, fork_two_answers, proxy_two_hops, proxy_failure, spiral, b2bua, options, message,
          subscribe_presence, subscribe_mwi, subscribe_dialog, publish, storm_503, scanner_friendly, scanner_sipvicious, over_tcp, over_ipv6, fragments,
          lacks_invite, lacks_beginning, lacks_end, lacks_answer)
