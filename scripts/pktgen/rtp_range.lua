-- rtp_range: RTP of many flows made by Pktgen's ranges: 240 senders x 250 ports = 60 000 streams to one media gateway, G.711 of
-- 20 ms (214 bytes).  Ranges make the addresses; random bit fields with nothing random in them make the first word of RTP.
-- The sequence number has one random bit: two packets in sequence, which RTP that no SDP announced needs to be taken for a stream,
-- come soon, and all others repeat one of the two and count as duplicates.  For numbers that go on send by `ringtap gen --port`.
local port = os.getenv('RINGTAP_PORT') or '0'

pktgen.stop(port)
pktgen.set_range(port, 'off')
pktgen.range.set_type(port, 'ipv4')
pktgen.range.ip_proto(port, 'udp')
local function range(set, start, min, max, inc)
	set(port, 'start', start)
	set(port, 'min', min)
	set(port, 'max', max)
	set(port, 'inc', inc)
end
range(pktgen.range.src_ip, '10.8.0.1', '10.8.0.1', '10.8.0.240', '0.0.0.1')
range(pktgen.range.dst_ip, '10.9.0.1', '10.9.0.1', '10.9.0.1', '0.0.0.0')
range(pktgen.range.src_port, 20000, 20000, 20498, 2)
range(pktgen.range.dst_port, 30000, 30000, 30000, 0)
range(pktgen.range.pkt_size, 218, 218, 218, 0) -- with the checksum of Ethernet
-- 42: behind Ethernet, IPv4 and UDP.  Version 2, PCMA, sequence 0 or 1; timestamp 0; an SSRC.
pktgen.rnd(port, 0, 42, '10000000_00001000_00000000_0000000X')
pktgen.rnd(port, 1, 46, '00000000_00000000_00000000_00000000')
pktgen.rnd(port, 2, 50, '01010010_01010100_01010000_00000001')
pktgen.set(port, 'count', 0)
pktgen.set_range(port, 'on')
