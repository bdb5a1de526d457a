-- sender_command: a generator that is a command: COMMAND RATE SECONDS sends, and prints one line 'sent N seconds S kept 0|1'; kept:
-- it held the rate.  For lua5.4 without Pktgen.
return function(command)
	local sender = {unit = 'frames/s'}

	function sender.sleep(seconds)
		os.execute('sleep ' .. seconds)
	end

	function sender.send(rate, seconds)
		local pipe = assert(io.popen(string.format('%s %.0f %s', command, rate, seconds), 'r'))
		local text = pipe:read('a')
		pipe:close()
		local sent, took, kept = text:match('sent (%d+) seconds ([%d.]+) kept ([01])')
		if not sent then
			error('the sender said: ' .. text)
		end
		return math.tointeger(tonumber(sent)), tonumber(took), kept == '1'
	end

	return sender
end
