-- replay: a capture of signalling once around, at RINGTAP_RATE percent of the line rate, and what the probe says of it.  Needs
-- RINGTAP_STATS, RINGTAP_COUNT (frames of the capture); RINGTAP_RESULT as in zero_loss.lua.
local here = (debug.getinfo(1, 'S').source:match('^@(.*)/') or '.') .. '/'
package.path = here .. '?.lua;' .. package.path
dofile(here .. 'capture.lua')

local judge = require('judge')
local port, stats = os.getenv('RINGTAP_PORT') or '0', assert(os.getenv('RINGTAP_STATS'), 'RINGTAP_STATS is not set')
local index = tonumber(port:match('%d+'))
local result = os.getenv('RINGTAP_RESULT') and assert(io.open(os.getenv('RINGTAP_RESULT'), 'w')) or io.stdout

local function sleep(seconds)
	pktgen.delay(math.floor(seconds * 1000))
end

local before, sent = judge.settled(stats, sleep), pktgen.portStats(port, 'port')[index].opackets
pktgen.set(port, 'rate', tonumber(os.getenv('RINGTAP_RATE') or '1'))
pktgen.start(port)
repeat
	sleep(0.5)
until pktgen.isSending(port)[index] ~= 'y'
sleep(1)
local v = judge.verdict(before, judge.settled(stats, sleep), pktgen.portStats(port, 'port')[index].opackets - sent)
result:write(string.format('{"sent":%d,"received":%d,"lost":%d,"exact":%s}\n', v.sent, v.received, v.lost, tostring(v.exact)))
if result ~= io.stdout then
	result:close()
end
pktgen.quit()
