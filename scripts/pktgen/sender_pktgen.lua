-- sender_pktgen: Pktgen itself, in whose Lua this runs (22.07): rates are percent of the port's line rate.
return function(port)
	local sender = {unit = '% of line rate'}
	local index = tonumber(port:match('%d+'))

	function sender.sleep(seconds)
		pktgen.delay(math.floor(seconds * 1000))
	end

	-- A peer in shared memory comes by and by; 20 s.
	for _ = 1, 100 do
		if pktgen.linkState(port)[index]:find('UP', 1, true) then
			break
		end
		sender.sleep(0.2)
	end

	local function sent()
		return pktgen.portStats(port, 'port')[index].opackets
	end

	function sender.send(rate, seconds)
		local before = sent()
		pktgen.set(port, 'count', 0)
		pktgen.set(port, 'rate', rate)
		pktgen.start(port)
		sender.sleep(seconds)
		pktgen.stop(port)
		sender.sleep(1) -- its counters are read once a second
		return sent() - before, seconds, true
	end

	return sender
end
