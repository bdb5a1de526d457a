-- capture: sends the frames of the capture that pktgen was given (-s 0:FILE), over and over; RINGTAP_COUNT: so many frames, once
-- around where that is the number of frames in it.
local port = os.getenv('RINGTAP_PORT') or '0'

pktgen.stop(port)
pktgen.pcap(port, 'on')
pktgen.set(port, 'count', tonumber(os.getenv('RINGTAP_COUNT') or '0'))
