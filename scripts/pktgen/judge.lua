-- judge: what the probe's ledger says of the frames sent to it, by a command that prints `ringtap stats --format json`: on the
-- same machine, or `ssh probe ringtap stats -f json -g FILE`.
local judge = {}

judge.losses = {'nic_missed', 'nic_errors', 'nic_no_mbuf', 'shard_full', 'records_dropped'}

-- Sums of a key over the cores; the keys are the ledger's own, each once a core.
local function sum(text, key)
	local total = 0

	for value in text:gmatch('"' .. key .. '":(%-?%d+)') do
		total = total + math.tointeger(tonumber(value))
	end
	return total
end

-- frames, verdicts and losses of all cores since the probe's segment was made.
function judge.read(command)
	local pipe = assert(io.popen(command, 'r'))
	local text = pipe:read('a')
	pipe:close()
	if not text:find('"verdicts_sum"', 1, true) then
		error('no ledger from: ' .. command)
	end
	-- The ledger and the counters both have the frames.
	local now = {verdicts = sum(text, 'verdicts_sum'), frames = sum(text, 'verdicts_sum') - sum(text, 'difference')}
	for _, key in ipairs(judge.losses) do
		now[key] = sum(text, key)
	end
	return now
end

-- Reads until two readings more than a second apart are the same (the NIC's counters are read once a second), five at most.
function judge.settled(command, sleep)
	local before = judge.read(command)

	for _ = 1, 5 do
		sleep(1.2)
		local now, same = judge.read(command), true
		for key, value in pairs(now) do
			same = same and before[key] == value
		end
		if same then
			break
		end
		before = now
	end
	return before
end

-- What became of sent frames between two readings.  exact: every frame that reached a worker has one verdict.
function judge.verdict(before, after, sent)
	local v = {sent = sent, received = after.frames - before.frames, reasons = {}}

	v.lost = sent - v.received
	v.exact = after.verdicts - before.verdicts == v.received
	for _, key in ipairs(judge.losses) do
		v.reasons[key] = after[key] - before[key]
	end
	return v
end

return judge
