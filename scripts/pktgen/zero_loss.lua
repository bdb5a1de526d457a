-- zero_loss: the search, with Pktgen as the sender (pktgen -f zero_loss.lua, after rtp_range.lua or a capture has set up what is
-- sent) or with a command in its place (lua5.4 zero_loss.lua).  scripts/pktgen/run starts either.  What it needs comes in the environment:
--   RINGTAP_STATS    command that prints the probe's ledger as JSON
--   RINGTAP_PORT     Pktgen: the port that sends (0)
--   RINGTAP_SEND     else: command that sends, see sender_command.lua
--   RINGTAP_TRAFFIC  Pktgen: a Lua file that sets up what is sent (rtp_range.lua, capture.lua); none: as it is
--   RINGTAP_MAX, RINGTAP_RESOLUTION   of the rate;  RINGTAP_SECONDS  of a trial (10)
--   RINGTAP_RESULT   a file for what was found, a JSON object a line; else standard output
local here = (debug.getinfo(1, 'S').source:match('^@(.*)/') or '.') .. '/'
package.path = here .. '?.lua;' .. package.path

local search, judge = require('search'), require('judge')

local function setting(name, default)
	local value = os.getenv('RINGTAP_' .. name)

	if not value and default == nil then
		error('RINGTAP_' .. name .. ' is not set')
	end
	return value or default
end

local result = os.getenv('RINGTAP_RESULT') and assert(io.open(os.getenv('RINGTAP_RESULT'), 'w')) or io.stdout
local function say(format, ...)
	result:write(string.format(format, ...), '\n')
	result:flush()
end

local sender
if pktgen then
	sender = require('sender_pktgen')(setting('PORT', '0'))
	if os.getenv('RINGTAP_TRAFFIC') then
		dofile(setting('TRAFFIC'))
	end
else
	sender = require('sender_command')(setting('SEND'))
end
local stats, seconds = setting('STATS'), tonumber(setting('SECONDS', '10'))

local function trial(rate)
	local before = judge.settled(stats, sender.sleep)
	local sent, took, kept = sender.send(rate, seconds)
	local v = judge.verdict(before, judge.settled(stats, sender.sleep), sent)

	v.seconds, v.kept = took, kept
	v.good = v.lost == 0 and v.exact and kept and sent > 0
	return v
end

local function said(rate, v)
	local reasons = {}

	for _, key in ipairs(judge.losses) do
		reasons[#reasons + 1] = string.format('"%s":%d', key, v.reasons[key])
	end
	say('{"rate":%.3f,"sent":%d,"seconds":%.3f,"received":%d,"lost":%d,"exact":%s,"kept":%s,"good":%s,%s}', rate, v.sent, v.seconds,
		v.received, v.lost, tostring(v.exact), tostring(v.kept), tostring(v.good), table.concat(reasons, ','))
end

local max = tonumber(setting('MAX', pktgen and '100' or nil))
local found, best, trials = search.zero_loss({max = max, resolution = tonumber(setting('RESOLUTION', tostring(max / 64))),
	trial = trial, said = said})
say('{"found":%s,"unit":"%s","frames_per_second":%s,"trials":%d}', found and string.format('%.3f', found) or 'null', sender.unit,
	best and string.format('%.0f', best.sent / best.seconds) or 'null', trials)
if result ~= io.stdout then
	result:close()
end
if pktgen then
	pktgen.quit()
end
