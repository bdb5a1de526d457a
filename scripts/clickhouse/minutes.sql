-- The minutes, of one server or of all shards.
CREATE VIEW IF NOT EXISTS @database@.@prefix@call_minutes@all@ AS
SELECT
	minute, trunk, trunk_to, prefix,
	count() AS attempts,
	sum(answered) AS answers,
	answers / attempts AS asr,
	sum(if(answered, duration_ms, 0)) / 1000 / answers AS acd_s,
	avg(pdd_ms) AS pdd_ms_mean,
	quantile(0.95)(pdd_ms) AS pdd_ms_p95,
	avg(mos) AS mos_mean,
	min(mos) AS mos_min
FROM @database@.@prefix@call_facts@all@ FINAL
GROUP BY minute, trunk, trunk_to, prefix;
