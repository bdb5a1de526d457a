-- Laws of search.lua, over many limits: what is found came through, the next step would not have, and it ends in time.
local search = require('search')
local seed = 12345

for _ = 1, 2000 do
	seed = (seed * 1103515245 + 12345) % 2147483648
	local max = 1 + seed % 1000000
	local limit = (seed // 7) % (max + max // 4 + 1)
	local resolution = max / (2 + seed % 200)
	local said = 0
	local found, trial, n = search.zero_loss({max = max, resolution = resolution,
		trial = function(rate) return {rate = rate, good = rate <= limit} end, said = function() said = said + 1 end})
	assert(said == n and n <= 2 + math.log(max / resolution, 2), 'as many trials as said, and no more than it takes')
	if found then
		assert(found <= limit and trial.rate == found and trial.good)
		assert(found == max or found + resolution >= limit)
	else
		assert(limit < resolution)
	end
end
print('2000 searches')
