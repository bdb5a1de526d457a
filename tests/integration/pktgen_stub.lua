-- Pktgen's Lua of release 22.07, as far as scripts/pktgen uses it, over a port that is not there: `lua5.4 pktgen_stub.lua ... -f FILE`.
-- A function that Pktgen has not, or a wrong number of arguments, is an error, as there.  Time is what pktgen.delay says.
-- STUB_LINE: frames/s at 100 percent; STUB_CAPACITY: what the probe takes; STUB_SETTINGS: a file for what was set up.
local line, capacity = tonumber(os.getenv('STUB_LINE') or '1000000'), tonumber(os.getenv('STUB_CAPACITY') or '400000')
local port = {sent = 0, received = 0, lost = 0, rate = 100, count = 0, left = nil, sending = false, settings = {}}

local function advance(ms)
	if not port.sending then
		return
	end
	local n = math.floor(line * port.rate / 100 * ms / 1000)
	if port.left then
		n = math.min(n, port.left)
		port.left = port.left - n
		port.sending = port.left > 0
	end
	local taken = math.min(n, math.floor(capacity * ms / 1000))
	port.sent, port.received, port.lost = port.sent + n, port.received + taken, port.lost + n - taken
end

local function remember(name, ...)
	port.settings[#port.settings + 1] = table.concat({name, ...}, ' ')
end

-- name -> number of arguments, function
local known = {
	stop = {1, function() port.sending = false end},
	start = {1, function()
		port.left = port.count > 0 and port.count or nil
		port.sending = true
	end},
	set = {3, function(_, what, value)
		assert(what == 'count' or what == 'rate', 'set does not support ' .. what)
		assert(what ~= 'count' or math.type(value) == 'integer', 'a count')
		port[what] = value
		remember('set', what, value)
	end},
	delay = {1, function(ms)
		assert(math.type(ms) == 'integer', 'delay takes whole milliseconds')
		advance(ms)
	end},
	portStats = {2, function(_, kind)
		assert(kind == 'port' or kind == 'rate', kind)
		return {n = 1, [0] = {opackets = port.sent, ipackets = 0}}
	end},
	linkState = {1, function()
		port.looked = (port.looked or 0) + 1
		return {n = 1, [0] = port.looked > 2 and '<UP-10000-FD>' or '<--Down-->'}
	end},
	isSending = {1, function() return {n = 1, [0] = port.sending and 'y' or 'n'} end},
	set_range = {2, function(_, state) remember('range', state) end},
	pcap = {2, function(_, state) remember('pcap', state) end},
	rnd = {4, function(_, index, offset, mask)
		assert(offset <= 255 and index < 32, 'a bit field')
		remember('rnd', index, offset, mask)
	end},
	quit = {0, function() port.quit = true end},
}
local ranges = {set_type = 2, ip_proto = 2, src_ip = 3, dst_ip = 3, src_port = 3, dst_port = 3, pkt_size = 3}

local function strict(what, names)
	return setmetatable({}, {__index = function(_, name)
		local f = names[name]
		if not f then
			error(what .. ' has no ' .. name, 2)
		end
		return function(...)
			assert(select('#', ...) == f[1], what .. '.' .. name .. ', wrong number of arguments')
			assert(f[1] == 0 or name == 'delay' or select(1, ...) == '0', 'a port list')
			return f[2](...)
		end
	end})
end

local range = {}
for name, n in pairs(ranges) do
	range[name] = {n, function(_, ...) remember('range', name, ...) end}
end
known.range = nil
pktgen = strict('pktgen', known)
rawset(pktgen, 'range', strict('pktgen.range', range))

-- The probe's ledger, as `ringtap stats` prints it: one core's.
function io.popen(command)
	assert(command == os.getenv('RINGTAP_STATS'), 'another command: ' .. command)
	local text = string.format('{"cores":[{"core":0,"ledger":{"frames":%d,"verdicts":{"rtp":%d},"verdicts_sum":%d,"difference":0},'
		.. '"metrics":{"frames":%d,"nic_missed":%d,"nic_errors":0,"nic_no_mbuf":0,"shard_full":0,"records_dropped":0}}]}\n',
		port.received, port.received, port.received, port.received, port.lost)
	return {read = function() return text end, close = function() end}
end

local script
for i = 1, #arg - 1 do
	script = arg[i] == '-f' and arg[i + 1] or script
end
dofile(assert(script, 'no -f FILE'))
if os.getenv('STUB_SETTINGS') then
	local f = assert(io.open(os.getenv('STUB_SETTINGS'), 'w'))
	f:write(table.concat(port.settings, '\n'), '\n')
	f:close()
end
os.exit(port.quit or os.getenv('STUB_SETTINGS') and true or false)
