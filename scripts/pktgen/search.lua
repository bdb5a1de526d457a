-- search: the highest rate that loses nothing, by halving (RFC 2544, 26.1).
-- Knows: rates.  Does not know: who sends, who counts, what a rate is measured in.
local search = {}

-- o.max        the rate to begin with
-- o.resolution how close to the limit is close enough
-- o.trial      function(rate) -> a table whose field good says whether everything came through
-- o.said       function(rate, trial), after each trial; optional
-- Returns the highest good rate and its trial (nil where none was good), and how many trials it took: at most
-- 2 + log2(max / resolution), for each one halves what is left.
function search.zero_loss(o)
	local low, high, rate = 0, o.max, o.max
	local best, n = nil, 0

	while true do
		local trial = o.trial(rate)
		n = n + 1
		if o.said then
			o.said(rate, trial)
		end
		if trial.good then
			low, best = rate, trial
		else
			high = rate
		end
		if low == o.max or high - low <= o.resolution then
			return best and low or nil, best, n
		end
		rate = (low + high) / 2
	end
end

return search
